"""Somebody else changes what the mesh declares: a hand, which is undone, or a controller, which can be let be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_mesh import deploy
from tests.cluster.tools.engine import Engine, Stack
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.shop import shop
from tests.cluster.tools.steps import FailedError

NAMESPACE = "owned"
CART = f"VirtualService/{NAMESPACE}/cart"
LEFT = {CART: ["spec.http"]}
CONFLICT = r'(?s)field conflict.*conflict with "flagger".*\.spec\.http'


def program(timeout: str = "5s", host: str = "cart.example.com", **more: Any) -> Callable[[], object]:
    return lambda: deploy.Mesh("shop", shop(NAMESPACE, timeout=timeout, host=host), **more)


@pytest.fixture
def stack(engine: Engine, kubectl: Kubectl) -> Stack:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    return engine.stack("dev", program())


def cart(kubectl: Kubectl) -> Any:
    return kubectl.get("virtualservice/cart", f"--namespace={NAMESPACE}")["spec"]


def weights(kubectl: Kubectl) -> list[int]:
    return [each["weight"] for each in cart(kubectl)["http"][0]["route"]]


def shift(kubectl: Kubectl, weights: tuple[int, int], *, manager: str) -> None:
    """What a rollout controller does: it writes all of ``spec.http`` with other weights."""
    http = cart(kubectl)["http"]
    for route, weight in zip(http[0]["route"], weights, strict=True):
        route["weight"] = weight
    patch = json.dumps({"spec": {"http": http}})
    kubectl(
        "patch",
        "virtualservice/cart",
        f"--namespace={NAMESPACE}",
        "--type=merge",
        f"--patch={patch}",
        f"--field-manager={manager}",
    )


def test_a_hand_edit_is_undone_and_another_tools_field_is_kept(stack: Stack, kubectl: Kubectl) -> None:
    stack.up()
    shift(kubectl, (1, 99), manager="kubectl-edit")
    kubectl("label", "virtualservice/cart", f"--namespace={NAMESPACE}", "by=hand")
    kubectl("label", "virtualservice/cart", f"--namespace={NAMESPACE}", "team=shop", "--field-manager=catalogue")

    stack.refresh()
    assert stack.up().changed == {f"shop/{CART}": "update"}
    assert weights(kubectl) == [90, 10]
    # What kubectl wrote counts as the program's, so what is not declared goes with the next change.
    assert kubectl.get("virtualservice/cart", f"--namespace={NAMESPACE}")["metadata"]["labels"] == {"team": "shop"}


def test_weights_that_a_controller_shifts_are_not_taken_from_it(stack: Stack, kubectl: Kubectl) -> None:
    stack.up()
    shift(kubectl, (50, 50), manager="flagger")
    assert stack.up().changed == {}, "an unchanged program changes nothing"

    stack.refresh()
    with pytest.raises(FailedError, match=CONFLICT):
        stack.up()
    assert weights(kubectl) == [50, 50], "a conflict changes nothing"

    stack.configure(kubernetes__enablePatchForce="true")
    stack.up()
    assert weights(kubectl) == [90, 10]


def test_a_field_that_is_left_to_a_controller_is_its_own(stack: Stack, kubectl: Kubectl) -> None:
    stack.running(program(ignore_changes=LEFT)).up()
    assert weights(kubectl) == [90, 10], "what is declared is where the controller starts"
    shift(kubectl, (70, 30), manager="flagger")
    assert stack.up().changed == {}
    shift(kubectl, (40, 60), manager="flagger")
    stack.refresh()
    assert stack.up().changed == {}

    # Other fields of the same object stay the mesh's.
    changed = stack.running(program(host="basket.example.com", ignore_changes=LEFT)).up().changed
    assert changed == {f"shop/{CART}": "update"}
    assert cart(kubectl)["hosts"] == ["basket.example.com"]
    assert weights(kubectl) == [40, 60]

    with pytest.raises(FailedError, match=CONFLICT):
        stack.running(program(host="basket.example.com")).up()
