"""istiod's own validation, asked by the API server about each object before it is stored."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cluster.test_applied_files import CASES, EXAMPLES, declared, stored
from tests.cluster.tools.istiod import Istiod
from tests.cluster.tools.kubectl import Key, Kubectl, RefusedError
from tests.cluster.tools.pipeline import apply, render


@pytest.mark.parametrize(("example", "stages"), CASES)
def test_it_accepts_what_an_example_declares(
    example: str, stages: dict[str, int], istiod: Istiod, kubectl: Kubectl, istio_kinds: list[str], tmp_path: Path
) -> None:
    render(EXAMPLES / example / "mesh.py", tmp_path, stages=stages)
    apply(kubectl, tmp_path)
    assert stored(kubectl, istio_kinds) == declared(tmp_path)


def test_it_refuses_what_the_custom_resource_alone_would_take(istiod: Istiod, kubectl: Kubectl) -> None:
    # Shows that the webhook is asked: what would take the traffic of every host is well formed for the API server.
    wrong = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "wrong", "namespace": "default"},
        "spec": {"hosts": ["*"], "http": [{"route": [{"destination": {"host": "hello"}}]}]},
    }
    with pytest.raises(RefusedError, match=r'admission webhook "validation.istio.io" denied the request'):
        kubectl.apply(wrong)


def test_it_serves_what_was_applied(istiod: Istiod, kubectl: Kubectl, tmp_path: Path) -> None:
    render(EXAMPLES / "bookinfo" / "mesh.py", tmp_path)
    apply(kubectl, tmp_path)
    wanted = set(declared(tmp_path))
    until = time.monotonic() + 30
    while (known := known_to(istiod)) != wanted and time.monotonic() < until:
        time.sleep(0.1)
    assert known == wanted


def known_to(istiod: Istiod) -> set[Key]:
    """The Istio objects that istiod works with; what it was told about some milliseconds ago may be missing."""
    return {
        (each["kind"], each["metadata"]["namespace"], each["metadata"]["name"])
        for each in json.loads(istiod.get("/debug/configz"))
    }
