"""What the cluster tests stand on: binaries are built once, processes are stopped, failures say why."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cluster.tools.binaries import BINARIES
from tests.cluster.tools.finding import GO, built_place
from tests.cluster.tools.process import NotReadyError, free_ports, running

ROOT = Path(__file__).parents[2]

# Notes each build; one is done when there is a file `done`.
FAKE_GO = """#!/bin/sh
[ "$1" = build ] || { echo one; exit 0; }
[ -z "$BROKEN" ] || { echo "cannot find package" >&2; exit 1; }
folder="$(dirname "$0")"
echo build >> "$folder/builds"
while [ ! -e "$folder/done" ]; do sleep 0.05; done
while [ "$1" != -o ]; do shift; done
echo built > "$2"
"""


def finding(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """``python -m tests.cluster.tools.finding etcd`` with ``folder`` for its PATH and its cache."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cluster.tools.finding", "etcd"],
        cwd=ROOT,
        env={
            "PATH": str(folder),
            "HOME": str(folder),
            "PULUMI_MESH_CACHE": str(folder / "cache"),
            "PYTHONPATH": str(ROOT),
            **environment,
        },
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """A folder with a ``go`` that only pretends to build."""
    (tmp_path / "go").write_text(FAKE_GO)
    (tmp_path / "go").chmod(0o755)
    for tool in ("sh", "sleep", "dirname"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def test_two_processes_build_once_and_a_third_not_at_all(go: Path) -> None:
    first = finding(go)
    while not (go / "builds").exists():
        time.sleep(0.02)
    second = finding(go)
    assert second.stderr is not None
    assert second.stderr.readline() == "another process builds binaries; waiting for it\n"
    (go / "done").touch()
    for process in (first, second, finding(go)):
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert (go / "builds").read_text() == "build\n"
    (built,) = (go / "cache").rglob("etcd")
    assert [path.name for path in built.parent.iterdir()] == ["etcd"]


@pytest.mark.parametrize(
    ("with_go", "said"),
    [
        pytest.param(False, "error: the cluster tests need Go, and there is no `go`: ", id="no Go"),
        pytest.param(True, "error: etcd: go build failed:\ncannot find package\n", id="a build that fails"),
    ],
)
def test_a_binary_that_cannot_be_had_is_one_message(go: Path, with_go: bool, said: str) -> None:
    if not with_go:
        (go / "go").unlink()
    process = finding(go, BROKEN="1")
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert said in error
    assert "Traceback" not in error
    assert [path for path in (go / "cache").rglob("*") if path.is_file() and path.name != "build.lock"] == []


def test_one_on_path_is_taken_if_it_is_of_the_tested_release(go: Path) -> None:
    (go / "etcd").write_text("#!/bin/sh\necho etcd Version: 3.6.1\n")
    (go / "etcd").chmod(0o755)
    (go / "done").touch()
    error = finding(go).communicate(timeout=60)[1]
    assert f"etcd: {go / 'etcd'}\n" in error
    (go / "etcd").write_text("#!/bin/sh\necho etcd Version: 3.4.0\n")
    error = finding(go).communicate(timeout=60)[1]
    assert f"{go / 'etcd'} is not of the release that is tested" in error
    assert (go / "builds").read_text() == "build\n"


@pytest.mark.parametrize("name", BINARIES)
def test_every_binary_is_pinned(name: str) -> None:
    binary = BINARIES[name]
    folder = GO / binary.module.name
    assert binary.package in (folder / "go.mod").read_text().split()
    assert (folder / "go.sum").is_file()
    assert binary.module.version in built_place(binary).parent.name


def test_a_process_is_stopped_and_its_port_is_its_own(tmp_path: Path) -> None:
    with free_ports(2) as (port, other):
        assert port != other
        command: list[str | Path] = [sys.executable, "-m", "http.server", "--bind=127.0.0.1", str(port)]
        with running("server", command, folder=tmp_path, ready=lambda: listens(port)) as server:
            assert os.getpgid(server.process.pid) == server.process.pid
        assert server.process.returncode == -signal.SIGTERM
        assert not listens(port)


def listens(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("program", "said"),
    [
        pytest.param("raise SystemExit('no such flag')", "ended with 1 before it was ready.*no such flag", id="ends"),
        pytest.param(
            "print('starting', flush=True); import time; time.sleep(60)", "not ready after 1 s.*starting", id="hangs"
        ),
    ],
)
def test_a_process_that_is_not_ready_says_why(tmp_path: Path, program: str, said: str) -> None:
    with (
        pytest.raises(NotReadyError, match=f"(?s){said}"),
        running("it", [sys.executable, "-c", program], folder=tmp_path, ready=lambda: False, within=1.0),
    ):
        raise AssertionError("it is not ready")


def test_a_process_that_ends_while_it_is_needed_fails_the_test(tmp_path: Path) -> None:
    program = "import os; os.write(1, b'up'); os.read(0, 1)"

    def up() -> bool:
        return "up" in (tmp_path / "it.log").read_text()

    with (
        pytest.raises(NotReadyError, match="ended with -9 while it was needed"),
        running("it", [sys.executable, "-c", program], folder=tmp_path, ready=up) as it,
    ):
        it.process.kill()
        while it.process.poll() is None:
            time.sleep(0.02)
