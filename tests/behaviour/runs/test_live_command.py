"""``pulumi-mesh run`` as a user starts it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-c", "from pulumi_mesh.cli import main; main()", "run"]
REQUESTS = 300


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """With a folder for temporary files that is empty after the test, and that no process still works in."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield {**os.environ, "TMPDIR": folder, "COLUMNS": "200"}
        assert list(Path(folder).iterdir()) == []
        listed = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True, check=True).stdout
        assert [line for line in listed.splitlines() if folder in line] == []


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_canary_walked_as_json(environment: dict[str, str]) -> None:
    done = run(environment, ".", "--canary", "reviews", f"--requests={REQUESTS}", "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    walked = json.loads(done.stdout)
    assert (walked["canary"], walked["passed"], walked["failed"], walked["reasons"]) == ("reviews", True, 0, [])
    assert walked["requests"] >= 4 * REQUESTS
    for each, (stage, weight) in zip(walked["stages"], [(1, 5), (2, 25), (3, 50), (4, 100)], strict=True):
        assert (each["stage"], each["weight_asked"], each["success_rate"], each["passed"]) == (stage, weight, 100, True)
        least, most = each["chance_allows"]
        assert least <= each["candidate"] <= most
        assert each["weight_seen"] == pytest.approx(100 * each["candidate"] / each["answers"], abs=0.001)
        assert 0 < each["latency_ms"]["p50"] <= each["latency_ms"]["p99"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "ended"])
def test_it_runs_until_it_is_stopped(environment: dict[str, str], how: signal.Signals) -> None:
    with subprocess.Popen(
        [*COMMAND, "examples/smallest/mesh.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        lines: list[str] = []
        for line in running.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        shown = [line for line in lines if line.strip().startswith("curl")]
        assert shown, lines
        answer = subprocess.run(
            [*shlex.split(shown[0]), "-s", "--max-time", "20"], capture_output=True, text=True, check=True
        )
        assert json.loads(answer.stdout)["calls"] == []
        running.send_signal(how)
        rest = running.stdout.read()
        assert running.wait(timeout=60) == 0, rest
    assert "Traceback" not in rest
    assert "stopping" in rest


def test_a_port_that_is_taken_is_one_readable_block(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run(environment, "examples/smallest/mesh.py", "--port", f"80={port}")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert f"port {port} on 127.0.0.1 is taken" in done.stderr


def test_an_envoy_that_dies_ends_the_run_with_its_words(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [*COMMAND, "examples/smallest/mesh.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert any("Ctrl-C" in line for line in iter(running.stdout.readline, ""))
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(running.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        os.kill(int(children[0]), signal.SIGKILL)
        said = running.stderr.read()
        assert running.wait(timeout=60) == 1, said
    assert "ended by itself (signal 9)" in said
    assert "Traceback" not in said
