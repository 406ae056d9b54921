"""A namespace that is being deleted takes nothing new; once it is gone, it and all in it are made anew."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

import pulumi_mesh as pm
from pulumi_mesh import deploy
from tests.cluster.tools.engine import Engine
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.shop import keys, shop, stored
from tests.cluster.tools.steps import FailedError

GOING, OTHER = "going", "staying"
HOLDER = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "holder", "namespace": GOING, "finalizers": ["tests.example.com/hold"]},
}


def program(host: str) -> Callable[[], object]:
    def run() -> None:
        deploy.Mesh("going", shop(GOING, namespaces=[pm.Namespace(GOING)]))
        deploy.Mesh("staying", shop(OTHER, host=host, namespaces=[pm.Namespace(OTHER)]))

    return run


def test_nothing_is_made_in_it_until_it_is_gone_and_other_namespaces_are_kept(engine: Engine, kubectl: Kubectl) -> None:
    stack = engine.stack("dev", program("cart.example.com"))
    stack.up()
    others = stored(kubectl, OTHER)
    kubectl.apply(HOLDER)
    kubectl("delete", "namespace", GOING, "--wait=false")
    gone(kubectl, f"--namespace={GOING}", "virtualservice/cart")

    stack.refresh()
    with pytest.raises(
        FailedError, match=f"unable to create new content in namespace {GOING} because it is being term"
    ):
        stack.running(program("basket.example.com")).up()
    assert stored(kubectl, GOING) == {}

    release = '--patch={"metadata":{"finalizers":[]}}'
    kubectl("patch", "configmap/holder", f"--namespace={GOING}", "--type=merge", release)
    gone(kubectl, f"namespace/{GOING}")
    stack.refresh()
    stack.up()
    assert list(stored(kubectl, GOING)) == keys(GOING)
    assert stored(kubectl, OTHER) == others
    assert kubectl.get("virtualservice/cart", f"--namespace={OTHER}")["spec"]["hosts"] == ["basket.example.com"]
    assert stack.up().changed == {}


def gone(kubectl: Kubectl, *which: str) -> None:
    """Wait until it is gone."""
    until = time.monotonic() + 60
    while kubectl("get", "--ignore-not-found", "--output=name", *which):
        assert time.monotonic() < until
        time.sleep(0.1)
