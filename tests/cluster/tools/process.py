"""Processes that run for a test: on ports of their own, ready when they say so, their logs kept when a test fails."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pulumi_mesh.local.lifeline import tied

_TAIL = 40
_WITHIN = 15.0

# Below what any system gives to outgoing connections, above what services are known by.
_RANGE = range(20_000, 30_000)


class NotReadyError(Exception):
    """A process that ended, or that was not ready in time. Its message ends with what the process said last."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that runs. log: what it writes, both streams."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self) -> str:
        """The last lines of its log, and where the rest is."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"--- the end of {self.log}", *lines[-_TAIL:]])


@contextmanager
def free_ports(count: int) -> Iterator[list[int]]:
    """TCP ports on 127.0.0.1 that no other test process is given until the end of the block.

    The UDP port of the same number is what holds one: the process that is to listen needs the TCP port for itself.
    """
    with ExitStack() as stack:
        chosen: list[int] = []
        for port in random.sample(_RANGE, len(_RANGE)):
            if len(chosen) == count:
                break
            with suppress(OSError), ExitStack() as attempt:
                held = attempt.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                held.bind(("127.0.0.1", port))
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                    probe.bind(("", port))
                stack.push(attempt.pop_all())
                chosen.append(port)
        yield chosen


@contextmanager
def running(
    name: str,
    command: list[str | Path],
    *,
    folder: Path,
    ready: Callable[[], bool],
    within: float = 120.0,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run ``command`` in ``folder`` until the end of the block; its log is ``folder/NAME.log``.

    ready: asked until it is true; what it raises as OSError counts as not yet. It dies with this process, however
    that ends. Raises NotReadyError when the process ends before it is ready, or is not ready ``within`` seconds; on
    leaving, when it ended by itself and nothing else is wrong.
    """
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            tied(command),
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            process_group=0,
        )
    started = Running(name, process, log)
    try:
        _wait(started, ready, within)
        yield started
        if process.poll() is not None:
            raise NotReadyError(f"{name} ended with {process.returncode} while it was needed\n{started.tail()}")
    finally:
        _stop(process)


def _wait(started: Running, ready: Callable[[], bool], within: float) -> None:
    until = time.monotonic() + within
    while True:
        if started.process.poll() is not None:
            raise NotReadyError(
                f"{started.name} ended with {started.process.returncode} before it was ready\n{started.tail()}"
            )
        with suppress(OSError):
            if ready():
                return
        if time.monotonic() > until:
            raise NotReadyError(f"{started.name} was not ready after {within:.0f} s\n{started.tail()}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with process:
        process.terminate()
        try:
            process.wait(_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
