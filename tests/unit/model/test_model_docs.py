"""The examples of docs/model.md run as they are printed, one after another."""

import re
import runpy
from pathlib import Path

import yaml

import pulumi_mesh as pm
from pulumi_mesh.model.reading import mesh_from_data
from pulumi_mesh.render import render

DOCS = Path(__file__).parents[3] / "docs" / "model.md"
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def test_python(tmp_path: Path) -> None:
    blocks = PYTHON.findall(DOCS.read_text())
    program = tmp_path / "model.py"
    program.write_text("\n".join(blocks))
    known = runpy.run_path(str(program))
    assert len(blocks) >= 10
    assert isinstance(known["public"], pm.Gateway)


def test_yaml() -> None:
    (block,) = YAML.findall(DOCS.read_text())
    db = {"name": "db", "namespace": "shop", "ports": [{"number": 5432, "protocol": "TCP"}], "versions": ["v15", "v16"]}
    public = {"name": "public", "listeners": [{"name": "http", "port": 80}]}
    mesh = mesh_from_data({"name": "shop", "services": [db], "gateways": [public], **yaml.safe_load(block)})
    kinds = {each.identity.kind for each in render(mesh).entries}
    assert kinds == {"DestinationRule", "EnvoyFilter", "Gateway", "PeerAuthentication", "VirtualService"}
