"""The command line: output, exit codes, errors as one readable block."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from pulumi_mesh.cli import main
from pulumi_mesh.findings import Finding

EXAMPLES = Path(__file__).parents[3] / "examples"
BOOKINFO = str(EXAMPLES / "bookinfo" / "mesh.py")
SMALLEST = str(EXAMPLES / "smallest" / "mesh.py")
UNKNOWN_SUBSET = """
from pulumi_mesh import istio
x = "x.a.svc.cluster.local"
route = istio.VirtualService("r", namespace="a", spec={"hosts": [x], "http": [
    {"route": [{"destination": {"host": x, "subset": "v9"}}]}]})
mesh = pm.Mesh("m", services=[pm.Service("x", namespace="a", port=80, versions=["v1"])], objects=[route])
"""
UNKNOWN_HOST = UNKNOWN_SUBSET.replace('"host": x, "subset": "v9"', '"host": "far.example.com"')


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(list(args))
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(end.value.code or 0), out, err


def program(folder: Path, text: str) -> str:
    path = folder / "mesh.py"
    path.write_text("import pulumi_mesh as pm\n" + text)
    return str(path)


@pytest.mark.parametrize("args", [["--help"], ["check", "--help"], ["render", "--help"], ["run", "--help"]])
def test_help(capsys: pytest.CaptureFixture[str], args: list[str]) -> None:
    code, out, _ = run(capsys, *args)
    assert code == 0
    assert "Usage: pulumi-mesh" in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["no-such-command"], "No such command"),
        (["check"], "Missing argument 'PROGRAM'"),
        (["render", BOOKINFO, "--check"], "--output-dir"),
        (["render", BOOKINFO, "--proxy", "public"], "--to envoy"),
        (["render", BOOKINFO, "--to", "envoy", "--proxy", "nobody"], "istio-system/public"),
        (["check", BOOKINFO, "--stage", "reviews"], "NAME=N"),
        (["run", BOOKINFO, "--port", "80"], "DECLARED=LOCAL"),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], args: list[str], said: str) -> None:
    code, out, err = run(capsys, *args)
    assert code == 2
    assert out == ""
    assert said in err


@pytest.mark.parametrize("example", [BOOKINFO, SMALLEST])
def test_check_finds_nothing_in_examples(capsys: pytest.CaptureFixture[str], example: str) -> None:
    code, out, err = run(capsys, "check", example, "--strict")
    assert (code, err) == (0, "")
    assert "nothing found" in out


def test_check_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", BOOKINFO, "--output", "json")
    assert code == 0
    assert json.loads(out) == {"objects": 10, "findings": []}


def test_check_with_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "check", program(tmp_path, UNKNOWN_SUBSET))
    assert code == 1
    assert "unknown-subset" in out
    assert "VirtualService a/r" in out
    code, out, _ = run(capsys, "check", program(tmp_path, UNKNOWN_SUBSET), "--output", "json")
    assert code == 1
    assert [each["code"] for each in json.loads(out)["findings"]] == ["unknown-subset"]


@pytest.mark.parametrize(
    "args",
    [
        ["render"],
        ["render", "--to", "envoy"],
        ["render", "--output-dir", "DIR"],
        ["render", "--output-dir", "DIR", "--check"],
        ["run"],
    ],
    ids=" ".join,
)
def test_an_error_stops_every_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, mocker: MockerFixture, args: list[str]
) -> None:
    started = mocker.patch("pulumi_mesh.local.mesh.LocalMesh")
    folder = tmp_path / "manifests"
    command, *options = (str(folder) if each == "DIR" else each for each in args)
    target = program(tmp_path, UNKNOWN_SUBSET)
    code, out, err = run(capsys, command, target, *options)
    assert (code, out) == (1, "")
    assert err.startswith("error: one error found in the mesh, so nothing was done\n✗ error unknown-subset")
    assert "VirtualService a/r" in err
    code, out, err = run(capsys, command, target, *options, "--output", "json")
    assert (code, err) == (1, "")
    assert [each["code"] for each in json.loads(out)["errors"]] == ["unknown-subset"]
    assert not folder.exists()
    started.assert_not_called()


def test_a_warning_stops_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = program(tmp_path, UNKNOWN_HOST)
    code, out, err = run(capsys, "render", target)
    assert code == 0
    assert "kind: VirtualService" in out
    assert err.startswith("! warning unknown-host")
    code, out, err = run(capsys, "render", target, "--output", "json")
    assert code == 0
    assert "VirtualService" in [each["kind"] for each in json.loads(out)]
    assert err.startswith("! warning unknown-host")


def test_a_walk_looks_at_each_stage_first(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, mocker: MockerFixture
) -> None:
    started = mocker.patch("pulumi_mesh.local.mesh.LocalMesh")
    checked = mocker.patch("pulumi_mesh.checks.check")
    finding = Finding("some-code", "error", "only at the end")
    checked.side_effect = [(), (), (), (), (finding, finding)]
    code, out, err = run(capsys, "run", BOOKINFO, "--canary", "reviews")
    assert (code, out) == (1, "")
    assert err.count("only at the end") == 1
    started.assert_not_called()


def test_a_wrong_mesh_is_one_block(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = program(tmp_path, 'mesh = pm.Mesh("m", services=[pm.Service("x", namespace="a", port=0)])\n')
    code, out, err = run(capsys, "check", wrong)
    assert code == 1
    assert out == ""
    assert "port" in err
    assert "0 is not a port" in err
    assert "mesh.py" in err
    code, out, _ = run(capsys, "check", wrong, "--output", "json")
    assert code == 1
    assert "0 is not a port" in json.loads(out)["errors"][0]["message"]


def test_a_canary_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "render", BOOKINFO, "--stage", "ratings=1")
    assert code == 1
    assert "known: reviews" in err


def test_no_such_program(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "check", str(tmp_path / "nothing.py"))
    assert code != 0
    assert "nothing.py" in err


def test_folder_and_check_agree(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = str(tmp_path / "manifests")
    assert run(capsys, "render", BOOKINFO, "--output-dir", folder, "--check")[0] == 1
    assert run(capsys, "render", BOOKINFO, "--output-dir", folder)[0] == 0
    assert run(capsys, "render", BOOKINFO, "--output-dir", folder, "--check")[0] == 0
    code, out, _ = run(capsys, "render", BOOKINFO, "--output-dir", folder, "--check", "--stage", "reviews=2")
    assert code == 1
    assert "virtualservice" in out.lower()
    code, out, _ = run(capsys, "render", SMALLEST, "--output-dir", folder, "--output", "json")
    assert code == 0
    assert json.loads(out)["pruned"]
    assert run(capsys, "render", SMALLEST, "--output-dir", folder, "--check")[0] == 0


def test_envoy_folder_and_check_agree(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = str(tmp_path / "envoy")
    assert run(capsys, "render", BOOKINFO, "--to", "envoy", "--output-dir", folder)[0] == 0
    assert run(capsys, "render", BOOKINFO, "--to", "envoy", "--output-dir", folder, "--check")[0] == 0
    assert (tmp_path / "envoy" / "istio-system" / "public.json").is_file()


def test_istio_objects_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "render", BOOKINFO, "--output", "json")
    assert code == 0
    assert [each["kind"] for each in json.loads(out)][:2] == ["Namespace", "Gateway"]


@pytest.mark.parametrize("backend", ["istio", "envoy"])
def test_same_bytes_under_any_hash_seed(backend: str) -> None:
    def rendered(seed: str) -> bytes:
        command = [sys.executable, "-m", "pulumi_mesh.cli", "render", BOOKINFO, "--to", backend]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, env=environment, check=True, capture_output=True).stdout

    first = rendered("0")
    assert first
    assert all(rendered(seed) == first for seed in ("1", "2", "random"))


def test_a_mistake_of_our_own_is_told_without_a_traceback(
    capsys: pytest.CaptureFixture[str], mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    mocker.patch("pulumi_mesh.checks.check", side_effect=KeyError("lost"))
    code, out, err = run(capsys, "check", SMALLEST)
    assert (code, out) == (1, "")
    assert "a mistake in pulumi-mesh, not in the mesh (KeyError: 'lost')" in err
    monkeypatch.setenv("PULUMI_MESH_DEBUG", "1")
    with pytest.raises(KeyError):
        main(["check", SMALLEST])
