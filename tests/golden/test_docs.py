"""What the docs show is what the commands print; ``--refresh`` writes it anew."""

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
    r"(?P<output>(?:(?!```).*\n)*)```\n",
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

    def printed(command: str) -> str:
        with pytest.raises(SystemExit) as end:
            main(shlex.split(command)[1:])
        out, err = capsys.readouterr()
        # 1: something was found, which is what is shown.
        assert end.value.code in (0, 1) and err == ""
        return out

    files = {doc.parent / each["file"]: printed(each["said"]) for each in _FILE.finditer(text) if "." in each["file"]}
    assert _SHOWN.search(text) is not None
    files[doc] = _SHOWN.sub(lambda found: f"{found['head']}{printed(found['typed'] or found['said'])}```\n", text)
    for path, wanted in files.items():
        if request.config.getoption("--refresh"):
            path.write_text(wanted)
        assert path.read_text() == wanted, f"{path.name} is not what the commands print; refresh it if that is meant"
