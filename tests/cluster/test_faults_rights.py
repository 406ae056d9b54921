"""A user who may only read previews all that an up would do, and an up without rights changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pulumi_mesh import deploy
from tests.cluster.tools.engine import Engine, kubeconfig
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.rights import READ, may
from tests.cluster.tools.shop import KINDS, keys, shop, stored
from tests.cluster.tools.steps import FailedError

NAMESPACE = "readable"
KEYS = keys(NAMESPACE)
CART = f"shop/VirtualService/{NAMESPACE}/cart"


def program(timeout: str) -> Callable[[], object]:
    return lambda: deploy.Mesh("shop", shop(NAMESPACE, timeout=timeout))


def test_a_reader_previews_and_an_up_without_rights_changes_nothing(engine: Engine, kubectl: Kubectl) -> None:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    reader, admin = kubeconfig(kubectl.as_user("reader")), kubeconfig(kubectl)
    stack = engine.stack("dev", program("5s"), kubeconfig=reader)
    with may(kubectl, "readers", READ):
        assert sorted(stack.preview().names("create")) == sorted(f"shop/{key}" for key in KEYS)
        with pytest.raises(FailedError, match='User "reader" cannot create resource "gateways"'):
            stack.up()
        assert stored(kubectl, NAMESPACE) == {}

        stack.configure(kubernetes__kubeconfig=admin)
        stack.up()
        before = kubectl.versions(KINDS)

        stack.configure(kubernetes__kubeconfig=reader)
        previewed = stack.running(program("9s")).preview(diff=True)
        assert previewed.changed == {CART: "update"}
        assert list(previewed.step(CART).differs) == ["spec.http[0].timeout"]
        with pytest.raises(FailedError, match='User "reader" cannot patch resource "virtualservices"'):
            stack.up()
        stack.refresh()
        assert kubectl.versions(KINDS) == before

    stack.configure(kubernetes__kubeconfig=admin)
    assert stack.up().changed == {CART: "update"}
    assert kubectl.get("virtualservice/cart", f"--namespace={NAMESPACE}")["spec"]["http"][0]["timeout"] == "9s"
