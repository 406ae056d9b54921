"""The conformance runner: what it prints, writes, skips and fails for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance import __main__ as runner

OBJECT = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\nspec: %s\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three cases of a set, one of them with a wrong expectation; nothing recorded."""
    place = tmp_path / "corpora" / "istio-validation"
    place.mkdir(parents=True)
    (place / "good.yaml").write_text(OBJECT % "{}")
    (place / "bad.yaml").write_text(OBJECT % "{colour: blue}")
    cases = [("a", "good.yaml", "accept"), ("b", "bad.yaml", "reject"), ("c", "good.yaml", "reject")]
    index = [{"id": name, "file": file, "expectation": expected} for name, file, expected in cases]
    (place / "index.json").write_text(json.dumps({"cases": index}))
    monkeypatch.setenv("MESH_CORPORA", str(place.parent))
    monkeypatch.setattr(runner, "RECORDED", tmp_path / "recorded.json")
    (tmp_path / "recorded.json").write_text("{}")
    return tmp_path


def run(folder: Path, *arguments: str) -> int:
    return runner.main(["--folder", str(folder / "out"), *arguments])


def test_figures_and_disagreements(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 0
    out = capsys.readouterr().out
    assert "istio-validation: 2/3 (66.66%)" in out
    assert "samples: skipped" in out
    assert (folder / "out" / "istio-validation.txt").read_text().startswith("c\n    accept, not reject")


def test_a_fall_fails_and_other_cases_do_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--record") == 0
    assert run(folder) == 0
    place = folder / "corpora" / "istio-validation"
    (place / "bad.yaml").write_text(OBJECT % "{}")
    assert run(folder) == 1
    assert "fell from the 2" in capsys.readouterr().out
    index = json.loads((place / "index.json").read_text())
    (place / "index.json").write_text(json.dumps({"cases": index["cases"][1:]}))
    assert run(folder) == 0
    assert "not the recorded cases" in capsys.readouterr().out


def test_what_breaks_is_a_disagreement(folder: Path) -> None:
    (folder / "corpora" / "istio-validation" / "good.yaml").unlink()
    assert run(folder, "istio-validation") == 0
    assert "FileNotFoundError" in (folder / "out" / "istio-validation.txt").read_text()


def test_without_cases_it_is_skipped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MESH_CORPORA", str(folder / "none"))
    assert run(folder) == 0
    assert "skipped" in capsys.readouterr().out
