"""``pulumi-mesh diff``: its outputs and exit codes, and that what is rendered is the same mesh as its program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pulumi_mesh.cli import cli, main

ROOT = Path(__file__).parents[3]
SIDES = [str(ROOT / "docs/diff" / each) for each in ("old.yaml", "new.yaml")]
FACTS = ["--with", str(ROOT / "docs/diff/facts.yaml")]
BOOKINFO = str(ROOT / "examples/bookinfo/mesh.py")


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["diff", *arguments], standalone_mode=False)
    assert done.exception is None, done.output
    return done.return_value, done.output


def test_what_breaks_is_exit_code_1() -> None:
    code, output = run(*SIDES, *FACTS)
    assert code == 1
    assert output.startswith("No longer reachable:\n")
    assert output.endswith("6 classes of requests: 3 unreachable, 2 denied, 1 changed\n")


def test_what_comes_back_is_exit_code_0() -> None:
    code, output = run(*reversed(SIDES), *FACTS)
    assert code == 0
    assert output.endswith("6 classes of requests: 1 changed, 5 newly reachable\n")


def test_json() -> None:
    code, output = run(*SIDES, *FACTS, "--output", "json")
    told = json.loads(output)
    assert (code, told["breaks"], len(told["changes"])) == (1, True, 6)
    first = told["changes"][0]
    assert (first["severity"], first["side"], first["new"]["error"]) == ("unreachable", "client", "unknown cluster")
    assert (first["places"], first["oldPlaces"]) == ([f"{SIDES[1]}:15"], [f"{SIDES[0]}:15"])
    assert first["new"]["failingPercent"] == 100 and told["complete"] is True


def test_markdown() -> None:
    code, output = run(*SIDES, *FACTS, "--output", "markdown")
    assert code == 1 and output.startswith("### Requests: 6 classes of requests")
    assert output.count("| requests | who | what changes | such as |") == 3


def test_a_program_and_what_it_renders_are_the_same(tmp_path: Path) -> None:
    folder = str(tmp_path / "manifests")
    CliRunner().invoke(cli, ["render", BOOKINFO, "--output-dir", folder], standalone_mode=False)
    code, output = run(folder, BOOKINFO)
    assert (code, output.splitlines()[-1]) == (0, "no request goes elsewhere")
    assert "proxies" not in output


def test_a_side_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["diff", "nowhere.yaml", BOOKINFO])
    assert end.value.code in (1, 2)
    assert "nowhere.yaml" in capsys.readouterr().err
