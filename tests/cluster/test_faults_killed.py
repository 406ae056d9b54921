"""The engine is killed in the middle of an up: nothing is lost, nothing is made twice, and it can be taken up again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.cluster.tools.engine import Engine, Stack
from tests.cluster.tools.faulty_server import FaultyServer, Hold, Lose, creates, nth
from tests.cluster.tools.killing import up_until
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.shop import keys, stored
from tests.cluster.tools.steps import FailedError

NAMESPACE = "killed"
KEYS = keys(NAMESPACE)
PROGRAM = f"""
from pulumi_mesh import deploy
from tests.cluster.tools.shop import shop
deploy.Mesh("shop", shop({NAMESPACE!r}))
"""


@pytest.fixture
def stack(engine: Engine, kubectl: Kubectl, faulty: FaultyServer, program: Path) -> Stack:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    return engine.stack("dev", program, kubeconfig=faulty.kubeconfig)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def kill(engine: Engine, stack: Stack, program: Path, faulty: FaultyServer, number: int, left: list[str]) -> None:
    """Run ``up`` and kill it while it waits for the answer to this create and to those at the same time.

    left: what the server has then: with these creates, or without.
    """
    release = threading.Event()
    fault = Hold(release) if KEYS[number - 1] in left else Lose(release)
    # All objects of a phase, which is a kind here, are made at once.
    waiting = sum(key.split("/")[0] == KEYS[number - 1].split("/")[0] for key in KEYS[number - 1 :])
    with faulty.having(nth(range(number, len(KEYS) + 1), fault, creates())):
        up_until(
            engine,
            stack,
            program,
            lambda within: faulty.has_met(waiting, within) and is_written(stack, number, waiting),
        )
        release.set()


def is_written(stack: Stack, known: int, pending: int) -> bool:
    """Whether the engine has written all that it knows: its file backend does not survive a kill while it writes."""
    state = stack.state()
    return len(state.get("pending_operations", [])) == pending and len(stack.resources()) == known


def take_up(stack: Stack) -> None:
    """What a user does then."""
    stack.unlock()
    stack.refresh(clear_pending_creates=True)
    stack.configure(kubernetes__upsertExistingObjects="true")
    stack.up()
    stack.unset("kubernetes:upsertExistingObjects")


@pytest.mark.parametrize(
    ("number", "left"),
    [
        pytest.param(1, KEYS[:1], id="while the first object was made, which is there"),
        pytest.param(2, KEYS[:1], id="while two were made, which are not there"),
        pytest.param(5, KEYS, id="while the last was made, which is there"),
    ],
)
def test_what_a_killed_up_left_is_taken_up(
    number: int,
    left: list[str],
    engine: Engine,
    stack: Stack,
    program: Path,
    kubectl: Kubectl,
    faulty: FaultyServer,
) -> None:
    kill(engine, stack, program, faulty, number, left)
    before = stored(kubectl, NAMESPACE)
    assert list(before) == left

    take_up(stack)

    after = stored(kubectl, NAMESPACE)
    assert list(after) == KEYS
    assert {key: after[key] for key in before} == before, "what was there was kept, not made anew"
    assert stack.state().get("pending_operations", []) == []
    assert sorted(stack.resources()) == sorted(["shop", *(f"shop/{key}" for key in KEYS)])


def test_the_user_is_told_at_each_step_and_ends_with_what_is_declared(
    engine: Engine, stack: Stack, program: Path, kubectl: Kubectl, faulty: FaultyServer
) -> None:
    kill(engine, stack, program, faulty, 2, KEYS[:3])
    assert list(stored(kubectl, NAMESPACE)) == KEYS[:3]
    pending = [each["resource"]["urn"].rpartition("::shop/")[2] for each in stack.state()["pending_operations"]]
    assert sorted(pending) == KEYS[1:3]
    assert sorted(stack.resources()) == ["shop", f"shop/{KEYS[0]}"]

    with pytest.raises(FailedError, match=r"the stack is currently locked by 1 lock.*pulumi cancel"):
        stack.up()
    stack.unlock()
    with pytest.raises(FailedError, match=r'(?s)2 pending operations.*interrupted while creating.*" already exists'):
        stack.up()
    take_up(stack)

    assert list(stored(kubectl, NAMESPACE)) == KEYS
    assert stack.up().changed == {}
    assert stack.refresh().changed == {}
    stack.destroy()
    assert stored(kubectl, NAMESPACE) == {}
