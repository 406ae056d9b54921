"""Children do not outlive the process that started them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pulumi_mesh.local.lifeline import end, spawn

PARENT = """
import asyncio, sys
from pathlib import Path
from pulumi_mesh.local.lifeline import spawn

async def main():
    folder = Path(sys.argv[1])
    process = await spawn([sys.argv[3], "-c", "print('up', flush=True); import time; time.sleep(600)"],
                          cwd=folder, log=folder / "log", by_the_kernel=sys.argv[2] == "True")
    while "up" not in (folder / "log").read_text():
        await asyncio.sleep(0.02)
    print(process.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""

ENVOY = """
import asyncio, sys
from pathlib import Path
from pulumi_mesh.local.envoy import start

async def main():
    envoy = await start("e", {"static_resources": {}}, Path(sys.argv[1]))
    print(envoy.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""

# The kernel's way is there on Linux alone.
HOW = [True, False] if sys.platform == "linux" else [False]


def runs(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be reaped."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.startswith("Z")


def killed_with_parent(program: str, *arguments: str) -> bool:
    """Whether the child, whose id ``program`` prints, ends soon after ``program`` is killed."""
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert runs(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    for _ in range(400):
        if not runs(child):
            return True
        time.sleep(0.025)
    os.kill(child, signal.SIGKILL)
    return False


@pytest.mark.parametrize("by_the_kernel", HOW)
def test_a_child_dies_with_its_killed_parent(tmp_path: Path, by_the_kernel: bool) -> None:
    assert killed_with_parent(PARENT, str(tmp_path), str(by_the_kernel), sys.executable)


def test_an_envoy_dies_with_its_killed_parent(tmp_path: Path) -> None:
    assert killed_with_parent(ENVOY, str(tmp_path))


@pytest.mark.parametrize("by_the_kernel", HOW)
@pytest.mark.parametrize(
    ("program", "code"),
    [
        pytest.param("import time; print('up', flush=True); time.sleep(600)", -signal.SIGTERM, id="willing"),
        pytest.param(
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
            "time.sleep(600)",
            -signal.SIGKILL,
            id="deaf",
        ),
        pytest.param("print('up', flush=True); raise SystemExit(3)", 3, id="ended"),
    ],
)
def test_a_child_is_ended(tmp_path: Path, by_the_kernel: bool, program: str, code: int) -> None:
    log = tmp_path / "log"

    async def run() -> int | None:
        process = await spawn([sys.executable, "-c", program], cwd=tmp_path, log=log, by_the_kernel=by_the_kernel)
        while "up" not in log.read_text():
            await asyncio.sleep(0.02)
        if code == 3:
            await process.wait()
        await end(process, within=0.5)
        await end(process, within=0.5)
        return process.returncode

    assert asyncio.run(run()) == code
