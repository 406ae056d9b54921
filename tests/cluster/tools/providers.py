"""The tests' own ``kubernetes`` provider as a process."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.tools.process import free_ports, running

PLUGIN = "pulumi-resource-kubernetes"
"""The real one's name on PATH."""

_ROOT = Path(__file__).parents[3]


@contextmanager
def provider(folder: Path) -> Iterator[int]:
    """Run it until the end of the block; yields its port. Any number of engines may use it at once."""
    with free_ports(1) as (port,):
        command: list[str | Path] = [sys.executable, "-m", "tests.cluster.provider", str(port)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}  # the tests are not installed
        with running("provider", command, folder=folder, environment=environment, ready=lambda: _listens(port)):
            yield port


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
