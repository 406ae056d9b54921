"""The API server is busy, fails, or loses its answers: nothing is lost, and the user is told what to do about what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pulumi_mesh import deploy
from tests.cluster.tools.engine import Engine, Stack
from tests.cluster.tools.faulty_server import Asked, Drop, FaultyServer, Refuse, creates, first, writes
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.shop import keys, shop, stored
from tests.cluster.tools.steps import FailedError

NAMESPACE = "answers"
KEYS = keys(NAMESPACE)
CART = f"VirtualService/{NAMESPACE}/cart"


@pytest.fixture
def stack(engine: Engine, kubectl: Kubectl, faulty: FaultyServer) -> Stack:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    return engine.stack("dev", program("5s"), kubeconfig=faulty.kubeconfig)


def program(timeout: str) -> Callable[[], object]:
    return lambda: deploy.Mesh("shop", shop(NAMESPACE, timeout=timeout))


def timeout_of_cart(kubectl: Kubectl) -> str:
    found = kubectl.get("virtualservice/cart", f"--namespace={NAMESPACE}")
    return str(found["spec"]["http"][0]["timeout"])


def test_a_busy_server_is_asked_again_and_the_user_sees_nothing(
    stack: Stack, kubectl: Kubectl, faulty: FaultyServer
) -> None:
    with faulty.having(first(4, Refuse(429, retry_after=1), writes)):
        done = stack.up()
        assert len(faulty.met) == 4
        assert len([each for each in faulty.passed if each.writes]) == len(KEYS)
    assert done.diagnostics == ""
    assert list(stored(kubectl, NAMESPACE)) == KEYS
    assert stack.up().changed == {}


@pytest.mark.parametrize("status", [500, 503])
def test_what_a_failing_server_refused_is_made_by_the_next_up(
    status: int, stack: Stack, kubectl: Kubectl, faulty: FaultyServer
) -> None:
    with (
        faulty.having(first(1, Refuse(status), creates("destinationrules"))),
        pytest.raises(FailedError, match=f"the faulty server answers {status}") as failed,
    ):
        stack.up()
    (lost,) = failed.value.result.failed
    assert lost in {f"shop/{key}" for key in KEYS[1:3]}
    before = stored(kubectl, NAMESPACE)
    assert f"shop/{KEYS[0]}" in stack.resources()
    assert not {CART, f"VirtualService/{NAMESPACE}/stock"} & before.keys(), "no route came before its destinations"

    assert {name.removeprefix("shop/") for name in stack.up().changed} == set(KEYS) - before.keys()
    after = stored(kubectl, NAMESPACE)
    assert list(after) == KEYS
    assert {key: after[key] for key in before} == before


def test_an_object_whose_creation_was_stored_and_not_answered_is_taken_back(
    stack: Stack, kubectl: Kubectl, faulty: FaultyServer
) -> None:
    with (
        faulty.having(first(1, Drop(), creates("gateways"))),
        pytest.raises(FailedError, match=r"no answer from 127\.0\.0\.1|EOF"),
    ):
        stack.up()
    before = stored(kubectl, NAMESPACE)
    assert list(before) == KEYS[:1]
    assert f"shop/{KEYS[0]}" not in stack.resources()

    with pytest.raises(FailedError, match='"public" already exists'):
        stack.up()
    stack.configure(kubernetes__upsertExistingObjects="true")
    stack.up()
    stack.unset("kubernetes:upsertExistingObjects")

    after = stored(kubectl, NAMESPACE)
    assert list(after) == KEYS
    assert after[KEYS[0]] == before[KEYS[0]], "it was kept, not made anew"
    assert stack.up().changed == {}


def test_changes_and_deletions_that_were_not_answered_are_done_again(
    stack: Stack, kubectl: Kubectl, faulty: FaultyServer
) -> None:
    stack.up()
    before = stored(kubectl, NAMESPACE)

    def changes(asked: Asked) -> bool:
        return asked.writes and asked.method == "PATCH" and "fieldManager" in asked.query

    with faulty.having(first(1, Drop(), changes)), pytest.raises(FailedError):
        stack.running(program("9s")).up()
    stack.up()
    assert timeout_of_cart(kubectl) == "9s"
    assert stored(kubectl, NAMESPACE) == before
    assert stack.up().changed == {}

    with faulty.having(first(1, Drop(), lambda asked: asked.method == "DELETE")), pytest.raises(FailedError):
        stack.destroy()
    stack.destroy()
    assert stored(kubectl, NAMESPACE) == {}
    assert stack.resources() == {}
