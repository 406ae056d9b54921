"""``pulumi-mesh run``: options that do not fit a mesh are refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from pulumi_mesh.cli import main

PROGRAM = """
import pulumi_mesh as pm
services = [pm.Service(name, namespace="shop", port=80, versions=["v1", "v2"]) for name in ("cart", "stock")]
canaries = [
    pm.Canary(each, stable="v1", candidate="v2", stages=[pm.Stage(weight=weight) for weight in WEIGHTS])
    for each in services
]
mesh = pm.Mesh("shop", services=services, canaries=canaries)
"""


@pytest.fixture(autouse=True)
def _no_run(mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_MESH_DEBUG", "1")
    mocker.patch("pulumi_mesh.local.mesh.LocalMesh", side_effect=RuntimeError("it starts"))


@pytest.fixture
def shop(tmp_path: Path) -> str:
    path = tmp_path / "mesh.py"
    path.write_text(PROGRAM.replace("WEIGHTS", "(5, 25, 100)"))
    return str(path)


def refused(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    """What is said of a use that is not understood."""
    with pytest.raises(SystemExit) as end:
        main(["run", *args])
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    return err


def starts(*args: str) -> bool:
    with pytest.raises(RuntimeError, match="it starts"):
        main(["run", *args])
    return True


def test_a_walk_sets_the_stage_of_its_canary_itself(capsys: pytest.CaptureFixture[str], shop: str) -> None:
    walk = (shop, "--canary", "cart")
    assert "--canary cart sets the stage of cart itself" in refused(capsys, *walk, "--stage", "cart=2")
    assert "leave out --stage cart=" in refused(capsys, *walk, "--stage", "stock=1", "--stage", "cart=0")
    assert starts(*walk, "--stage", "stock=2")


def test_a_walk_needs_enough_requests_to_see_its_smallest_weight(capsys: pytest.CaptureFixture[str], shop: str) -> None:
    walk = (shop, "--canary", "cart", "--requests")
    said = refused(capsys, *walk, "282")
    assert "282 requests cannot tell 5 % from nothing" in said
    assert "cart needs --requests 283 or more" in said
    assert starts(*walk, "283")
    assert starts(shop, "--requests", "1")


def test_none_and_all_are_seen_with_one_request(tmp_path: Path) -> None:
    path = tmp_path / "mesh.py"
    path.write_text(PROGRAM.replace("WEIGHTS", "(0, 100)"))
    assert starts(str(path), "--canary", "cart", "--requests", "1")
