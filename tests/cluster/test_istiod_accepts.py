"""istiod's own validation, asked by the API server about each object before it is stored."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cluster.tools.istiod import Istiod
from tests.cluster.tools.kubectl import Key, Kubectl, RefusedError, key_of
from tests.cluster.tools.pipeline import apply, declared, render, stored
from tests.cluster.tools.programs import BOOKINFO, CASES


@pytest.mark.parametrize("case", CASES)
def test_it_accepts_what_an_example_declares(
    case: str, istiod: Istiod, kubectl: Kubectl, istio_kinds: list[str], tmp_path: Path
) -> None:
    program, stages = CASES[case]
    render(program, tmp_path, stages=stages)
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
    assert istiod.refused()


def test_it_serves_what_was_applied(istiod: Istiod, kubectl: Kubectl, tmp_path: Path) -> None:
    render(BOOKINFO, tmp_path)
    apply(kubectl, tmp_path)
    wanted = set(declared(tmp_path))
    until = time.monotonic() + 30
    while (known := known_to(istiod)) != wanted and time.monotonic() < until:
        time.sleep(0.1)
    assert known == wanted


def known_to(istiod: Istiod) -> set[Key]:
    """The Istio objects that istiod works with; what it was told about some milliseconds ago may be missing."""
    return {key_of(each) for each in json.loads(istiod.get("/debug/configz"))}
