"""``pulumi-mesh run`` as a user starts it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_mesh.local.load import Target
from tests.behaviour.support import ask, nothing_left, processes

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-c", "from pulumi_mesh.cli import main; main()", "run"]
SMALLEST = "examples/smallest/mesh.py"
REQUESTS = 300


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    with nothing_left() as folder:
        yield {**os.environ, "TMPDIR": folder, "COLUMNS": "200"}


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)


def until_it_runs(running: subprocess.Popen[str]) -> list[str]:
    """What it says until then."""
    assert running.stdout is not None
    lines: list[str] = []
    while not lines or "Ctrl-C" not in lines[-1]:
        lines.append(running.stdout.readline())
        assert lines[-1], running.communicate()
    return lines


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
    with start(environment, SMALLEST) as running:
        shown = [line for line in until_it_runs(running) if line.strip().startswith("curl")]
        curl, option, header, url = shlex.split(shown[0])
        assert (curl, option) == ("curl", "-H")
        answer = asyncio.run(ask(Target(url, header.removeprefix("host: ")), ""))
        assert (answer.status, answer.body["calls"]) == (200, [])
        running.send_signal(how)
        said, wrong = running.communicate(timeout=60)
    assert (running.returncode, wrong) == (0, "")
    assert said.endswith("stopped\n")


def test_a_port_that_is_taken_is_one_readable_block(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run(environment, SMALLEST, "--port", f"80={port}")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert f"port {port} on 127.0.0.1 is taken" in done.stderr


def test_a_port_that_no_gateway_declares_is_one_readable_block(environment: dict[str, str]) -> None:
    done = run(environment, SMALLEST, "--port", "81=18081")
    assert (done.returncode, done.stderr) == (1, "error: no gateway declares port 81; declared ports: 80\n")


def test_the_keys_of_a_killed_run_are_gone_after_the_next(environment: dict[str, str]) -> None:
    with start(environment, SMALLEST) as running:
        until_it_runs(running)
        running.kill()
    assert list(Path(environment["TMPDIR"]).glob("*/authority"))
    assert run(environment, SMALLEST, "--port", "81=18081").returncode == 1


def test_an_envoy_that_dies_ends_the_run_with_its_words(environment: dict[str, str]) -> None:
    with start(environment, SMALLEST) as running:
        until_it_runs(running)
        of_parents = [line.split() for line in processes("pid=,ppid=")]
        (envoy, *_) = (int(pid) for pid, parent in of_parents if int(parent) == running.pid)
        os.kill(envoy, signal.SIGKILL)
        _, wrong = running.communicate(timeout=60)
    assert running.returncode == 1, wrong
    assert "ended by itself (signal 9)" in wrong
    assert "Traceback" not in wrong
