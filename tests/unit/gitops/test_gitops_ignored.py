"""Fields that a pipeline leaves to others, in Argo CD's words."""

from __future__ import annotations

import pytest

import pulumi_mesh as pm
from pulumi_mesh import gitops, istio, kubernetes
from pulumi_mesh.errors import InvalidError
from pulumi_mesh.render import Rendered, render


def rendered() -> Rendered:
    route = istio.VirtualService(
        "cart", namespace="shop", spec={"hosts": ["cart"], "http": [{"route": [{"destination": {"host": "cart"}}]}]}
    )
    return render(pm.Mesh("m", objects=[route, kubernetes.Namespace("shop", labels={"team": "shop"})]))


def test_the_fields_of_each_object_in_the_order_of_phases() -> None:
    fields = {"VirtualService/shop/cart": ["spec.http", "spec.hosts"], "Namespace/shop": ["metadata.labels"]}
    assert gitops.ignore_differences(rendered(), fields) == [
        {"kind": "Namespace", "name": "shop", "jsonPointers": ["/metadata/labels"]},
        {
            "group": "networking.istio.io",
            "kind": "VirtualService",
            "name": "cart",
            "namespace": "shop",
            "jsonPointers": ["/spec/hosts", "/spec/http"],
        },
    ]
    assert gitops.ignore_differences(rendered(), {}) == []


def test_what_is_refused_when_deploying_is_refused_here() -> None:
    with pytest.raises(InvalidError, match="goes into a list"):
        gitops.ignore_differences(rendered(), {"VirtualService/shop/cart": ["spec.http[0].route"]})
