"""What the docs show is what the commands print; ``--refresh`` writes it anew.

A command ends with exit code 0, unless ``<!-- exit code: N -->`` stands under what it prints.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pulumi_mesh.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ["diff.md", "explain.md", "graph.md", "proxy-config.md", "route-tests.md"]
_SHOWN = re.compile(
    r"^(?P<head>```console\n\$ (?P<typed>pulumi-mesh .*)\n|<!-- output of: (?P<said>pulumi-mesh .*) -->\n```\w+\n)"
    r"(?P<output>(?:(?!```).*\n)*)```\n(?:<!-- exit code: \d+ -->\n)?",
    re.MULTILINE,
)
_FILE = re.compile(r"^<!-- (?P<file>\S+): (?P<said>pulumi-mesh .*) -->\n", re.MULTILINE)


@pytest.mark.parametrize("name", DOCS)
def test_examples_in_docs(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(ROOT)
    doc = ROOT / "docs" / name
    text = doc.read_text()

    def ended(command: str) -> tuple[str, object]:
        with pytest.raises(SystemExit) as end:
            main(shlex.split(command)[1:])
        out, err = capsys.readouterr()
        assert err == ""
        return out, end.value.code

    def shown(found: re.Match[str]) -> str:
        out, code = ended(found["typed"] or found["said"])
        return f"{found['head']}{out}```\n" + (f"<!-- exit code: {code} -->\n" if code else "")

    files: dict[Path, str] = {}
    for each in _FILE.finditer(text):
        if "." in each["file"]:
            files[doc.parent / each["file"]], code = ended(each["said"])
            assert code == 0
    assert _SHOWN.search(text) is not None
    files[doc] = _SHOWN.sub(shown, text)
    for path, wanted in files.items():
        if request.config.getoption("--refresh"):
            path.write_text(wanted)
        assert path.read_text() == wanted, f"{path.name} is not what the commands print; refresh it if that is meant"
