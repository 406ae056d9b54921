"""What commands leave unloaded: nearly all of a short command's time goes into what it imports and builds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MANIFESTS = "tests/golden/istio/bookinfo"
PROGRAM = "examples/bookinfo/mesh.py"
PAGE = "http://bookinfo.example.com/productpage"

_LIBRARIES = {"pulumi", "pulumi_kubernetes", "grpc", "aiohttp", "jinja2", "rich"}
_UNUSED = {
    "pulumi_mesh.gateway_api",
    "pulumi_mesh.gitops",
    "pulumi_mesh.local",
    "pulumi_mesh.model.charts",
    "pulumi_mesh.proxy.envoy.read",
    "pulumi_mesh.proxy.patching.apply",
    "pulumi_mesh.proxy.resolve.gateway_api.conversion",
}
_JUDGING = {"pulumi_mesh.checks", "pulumi_mesh.validation", "cel_expr_python", "google.protobuf"}
_MODEL = {"pulumi_mesh.model", "pulumi_mesh.render", "pulumi_mesh.deploy", "asyncio"}
_WRITING = {"pulumi_mesh.proxy.envoy.write"}
_RESOLVING = {"pulumi_mesh.proxy.resolve", "pulumi_mesh.proxy.view", "pulumi_mesh.proxy.simulate"}


def run(code: str, *args: str) -> list[str]:
    """What the code prints last, a list as JSON."""
    done = subprocess.run([sys.executable, "-c", code, *args], check=True, capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("args", "needed", "unloaded"),
    [
        (["explain", PAGE, MANIFESTS], "pulumi_mesh.istio", _JUDGING | _MODEL | _WRITING),
        (["explain", PAGE, PROGRAM], "pulumi_mesh.model", _JUDGING | _WRITING),
        (["proxy-config", "routes", "productpage-v1-1", MANIFESTS], "pulumi_mesh.proxy.resolve", _JUDGING | _MODEL),
        (["test", "examples/bookinfo"], "pulumi_mesh.expectations", _JUDGING | _WRITING),
        (["check", PROGRAM], "pulumi_mesh.checks", {"pulumi_mesh.proxy.simulate"}),
        (["validate", MANIFESTS], "pulumi_mesh.validation", _MODEL | _WRITING | _RESOLVING | {"pydantic"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands_leave_the_rest_unloaded(args: list[str], needed: str, unloaded: set[str]) -> None:
    code = """
import json, sys
from pulumi_mesh.cli import main
try:
    main()
except SystemExit as ended:
    assert ended.code == 0, ended.code
print()
print(json.dumps(sorted(sys.modules)))
"""
    loaded = set(run(code, *args))
    assert needed in loaded
    assert sorted(loaded & (_LIBRARIES | _UNUSED | unloaded)) == []


def test_no_schema_is_built_before_an_object() -> None:
    code = """
import json, pkgutil, pulumi_mesh
from importlib import import_module
from pulumi_mesh.typed import fields
built = []
names = [each.name for each in pkgutil.walk_packages(pulumi_mesh.__path__, "pulumi_mesh.")]
names.remove("pulumi_mesh.cli.__main__")
for name in names:
    before = fields.validator_of.cache_info().currsize
    import_module(name)
    if fields.validator_of.cache_info().currsize > before:
        built.append(name)
import_module("pulumi_mesh.istio").Gateway("g", spec={})
print(json.dumps([*built, str(len(names) > 400), str(fields.validator_of.cache_info().currsize)]))
"""
    assert run(code) == ["True", "1"]


def test_what_is_unloaded_is_there() -> None:
    """Of the package: a name that has gone would be unloaded for ever."""
    ours = {each for each in _UNUSED | _JUDGING | _MODEL | _WRITING | _RESOLVING if each.startswith("pulumi_mesh.")}
    root = Path(__file__).parents[3]
    gone = [each for each in ours if not _exists(root.joinpath(*each.split(".")))]
    assert gone == []


def _exists(path: Path) -> bool:
    return path.is_dir() or path.with_suffix(".py").is_file()
