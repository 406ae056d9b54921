"""The faulty server does what its plan says and nothing else, as a real client sees it."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.tools.faulty_server import Drop, FaultyServer, Hold, Refuse, creates, first, nth
from tests.cluster.tools.kubectl import Kubectl, RefusedError
from tests.cluster.tools.rights import READ, may

NAMESPACE = "faulty"


def config_map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAMESPACE}}


@pytest.fixture
def through(api_server: Kubectl, faulty: FaultyServer) -> Kubectl:
    """kubectl that goes through the faulty server."""
    api_server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    api_server("delete", "configmap", "--all", f"--namespace={NAMESPACE}")
    return Kubectl(api_server.binary, faulty.kubeconfig)


def create(kubectl: Kubectl, name: str) -> None:
    kubectl("create", "configmap", name, f"--namespace={NAMESPACE}")


def names(kubectl: Kubectl) -> list[str]:
    return [each["metadata"]["name"] for each in kubectl.get("configmap", f"--namespace={NAMESPACE}")["items"]]


def test_without_a_plan_it_is_the_real_server(api_server: Kubectl, through: Kubectl) -> None:
    create(through, "one")
    through("patch", "configmap/one", f"--namespace={NAMESPACE}", "--type=merge", '--patch={"data": {"a": "1"}}')
    assert through.get("configmap", f"--namespace={NAMESPACE}") == api_server.get(
        "configmap", f"--namespace={NAMESPACE}"
    )
    through("delete", "configmap/one", f"--namespace={NAMESPACE}")
    assert names(api_server) == []


def test_watches_stream(api_server: Kubectl, through: Kubectl) -> None:
    command = [str(through.binary), f"--kubeconfig={through.kubeconfig}", "get", "configmap", "--watch"]
    with subprocess.Popen(
        [*command, "--output=name", f"--namespace={NAMESPACE}"], stdout=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        for name in ("one", "two"):
            create(api_server, name)
            assert watching.stdout.readline() == f"configmap/{name}\n"
        watching.kill()


def test_a_429_is_asked_again_after_the_time_it_names(faulty: FaultyServer, through: Kubectl) -> None:
    with faulty.having(first(2, Refuse(429, retry_after=1), creates("configmaps"))):
        create(through, "one")
        assert [type(fault) for _, fault in faulty.met] == [Refuse, Refuse]
        assert [asked.path for asked in faulty.passed if asked.writes] == [f"/api/v1/namespaces/{NAMESPACE}/configmaps"]
    assert names(through) == ["one"]


@pytest.mark.parametrize("status", [500, 503])
def test_a_refusal_is_told_and_nothing_is_stored(status: int, faulty: FaultyServer, through: Kubectl) -> None:
    with (
        faulty.having(first(1, Refuse(status), creates())),
        pytest.raises(RefusedError, match=f"the faulty server answers {status}"),
    ):
        create(through, "one")
    assert names(through) == []


def test_what_was_committed_is_stored_though_the_answer_is_lost(faulty: FaultyServer, through: Kubectl) -> None:
    with faulty.having(nth(range(2, 3), Drop(), creates())):
        create(through, "one")
        with pytest.raises(RefusedError, match="EOF"):
            create(through, "two")
    assert names(through) == ["one", "two"]


def test_an_answer_is_held_back_until_it_is_released(
    api_server: Kubectl, faulty: FaultyServer, through: Kubectl
) -> None:
    release = threading.Event()
    with faulty.having(first(1, Hold(release), creates())):
        creating = threading.Thread(target=create, args=(through, "one"))
        creating.start()
        assert faulty.has_met(1, 60)
        assert names(api_server) == ["one"]
        assert creating.is_alive()
        release.set()
        creating.join(60)
        assert not creating.is_alive()


def test_a_user_may_do_what_it_was_given_and_no_longer(api_server: Kubectl, through: Kubectl) -> None:
    reader = through.as_user("reader")
    with may(api_server, "readers", READ):
        assert names(reader) == []
        with pytest.raises(RefusedError, match="forbidden"):
            create(reader, "one")
    with pytest.raises(RefusedError, match="forbidden"):
        names(reader)


def test_the_kubeconfig_is_for_nobody_else(faulty: FaultyServer) -> None:
    assert Path(faulty.kubeconfig).stat().st_mode & 0o077 == 0
