"""What the examples become, as golden files: Istio objects, and the Envoy config of every proxy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_mesh.loading import load_program
from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.proxy.envoy.write import write_static
from pulumi_mesh.render import render
from tests.support.golden import compare
from tests.support.views import views_of

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
CASES = [
    ("smallest", {}),
    ("features", {}),
    ("bookinfo", {}),
    ("bookinfo", {"reviews": 2}),
    ("bookinfo", {"reviews": 4}),
]


@pytest.mark.parametrize(("example", "stages"), CASES)
def test_istio(example: str, stages: dict[str, int], request: pytest.FixtureRequest) -> None:
    mesh = load_program(str(EXAMPLES / example / "mesh.py")).at(stages)
    files = {
        f"{entry.phase}-{'.'.join(part for part in (entry.identity.kind, entry.identity.namespace) if part)}"
        f".{entry.identity.name}.yaml": dump(entry.object)
        for entry in render(mesh).entries
    }
    compare(HERE / "istio" / _folder(example, stages), files, refresh=request.config.getoption("--refresh"))


@pytest.mark.parametrize(("example", "stages"), CASES)
def test_envoy(example: str, stages: dict[str, int], request: pytest.FixtureRequest) -> None:
    mesh = load_program(str(EXAMPLES / example / "mesh.py")).at(stages)
    files = {f"{name}.json": json.dumps(write_static(view), indent=1) + "\n" for name, view in views_of(mesh).items()}
    compare(HERE / "views" / _folder(example, stages), files, refresh=request.config.getoption("--refresh"))


def _folder(example: str, stages: dict[str, int]) -> str:
    return "-".join([example, *(f"{name}{stage}" for name, stage in stages.items())])
