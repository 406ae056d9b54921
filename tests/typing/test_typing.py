"""User code as type checkers see it: good programs pass, and mistakes are found on exactly their lines."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GOOD, BAD = HERE / "good.py", HERE / "bad.py"


def mypy() -> set[tuple[str, int, str]]:
    arguments = ["--strict", "--output", "json", "--config-file", str(ROOT / "pyproject.toml"), str(GOOD), str(BAD)]
    done = run("mypy", *arguments)
    found = [json.loads(line) for line in done.splitlines()]
    return {(Path(each["file"]).name, each["line"], each["message"]) for each in found if each["severity"] == "error"}


def pyright() -> set[tuple[str, int, str]]:
    found = json.loads(run("pyright", "--outputjson", "--pythonpath", sys.executable, str(GOOD), str(BAD)))
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1, each["message"])
        for each in found["generalDiagnostics"]
        if each["severity"] == "error"
    }


def run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr  # mistakes were found, and nothing else went wrong
    return done.stdout


@pytest.mark.parametrize("check", [mypy, pyright])
def test_mistakes_are_found_where_they_are_and_nowhere_else(check: Callable[[], set[tuple[str, int, str]]]) -> None:
    found = check()
    assert [each for each in sorted(found) if each[0] != BAD.name] == []
    marked = {number for number, line in enumerate(BAD.read_text().splitlines(), start=1) if "# E:" in line}
    wrong = {line for _, line, _ in found}
    assert marked, "no line is marked"
    assert marked - wrong == set(), "accepted, though marked as mistakes"
    assert [each for each in sorted(found) if each[1] not in marked] == [], "refused, though not marked"


def test_good_code_runs() -> None:
    subprocess.run([sys.executable, str(GOOD)], check=True)
