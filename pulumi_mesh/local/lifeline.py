"""Child processes that never outlive this one, however it ends (SIGKILL included)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# The kernel kills the child when the thread that started it ends (PR_SET_PDEATHSIG is 1). The parent may be
# gone before that is asked for, hence the look at its id. It outlasts exec.
_BY_THE_KERNEL = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""

# Where there is no such call, a second process holds the reading end of a pipe of which only the parent holds
# the writing end: its end is the parent's end.
_BY_A_WATCHER = """
import os, signal, sys
child = os.getpid()
if os.fork() == 0:
    os.read(0, 1)
    if os.getppid() == child:
        os.kill(child, signal.SIGKILL)
    os._exit(0)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.execv(sys.argv[2], sys.argv[2:])
"""


def tied(command: Sequence[str | Path], *, by_the_kernel: bool = sys.platform == "linux") -> list[str]:
    """The command that becomes ``command``, a path and its arguments, and dies when this process dies.

    Unless ``by_the_kernel``, its standard input has to be a pipe that nobody but this process holds open.
    """
    script = _BY_THE_KERNEL if by_the_kernel else _BY_A_WATCHER
    return [sys.executable, "-ISc", script, str(os.getpid()), *(str(word) for word in command)]


async def spawn(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    log: Path,
    by_the_kernel: bool = sys.platform == "linux",
) -> asyncio.subprocess.Process:
    """Start ``command`` in ``cwd`` with its output in ``log``; it dies when this process dies.

    It stands in a process group of its own, so that Ctrl-C in a terminal reaches this process alone, which
    then stops its children in order. To be called from a thread that lasts (the main thread, as a rule).
    """
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *tied(command, by_the_kernel=by_the_kernel),
            cwd=cwd,
            stdin=subprocess.DEVNULL if by_the_kernel else subprocess.PIPE,
            stdout=output,
            stderr=output,
            process_group=0,
        )


async def end(process: asyncio.subprocess.Process, *, within: float) -> None:
    """Ask ``process`` to end (SIGTERM); make it (SIGKILL) after ``within`` seconds. It may have ended."""
    try:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(within):
                await process.wait()
    except (TimeoutError, ProcessLookupError):
        pass
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if process.stdin is not None:
            process.stdin.close()
