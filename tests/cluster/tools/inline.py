"""Programs as functions that the engine calls in this process."""

from __future__ import annotations

import asyncio
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path

Program = Callable[[], object] | Path
"""A function, or a folder with ``__main__.py``, or a file."""

_WITHIN = 10.0


class Inline:
    """A program as a function of no arguments, which runs it anew; a file's own modules are forgotten each time."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._loops: list[asyncio.AbstractEventLoop] = []

    def __call__(self) -> None:
        """Run it. What a function returns is dropped: the engine would take it for the stack's outputs."""
        self._loops.append(asyncio.get_running_loop())
        if isinstance(self._program, Path):
            _run(self._program / "__main__.py" if self._program.is_dir() else self._program)
        else:
            self._program()

    def end(self) -> None:
        """End what Pulumi leaves unfinished of a program when its engine fails: tasks, and their event loop."""
        until = time.monotonic() + _WITHIN
        while self._loops:
            loop = self._loops.pop()
            while loop.is_running() and time.monotonic() < until:
                time.sleep(0.01)
            if not loop.is_closed():
                tasks = asyncio.all_tasks(loop)
                for task in tasks:
                    task.cancel()
                loop.run_until_complete(_all(tasks))
                loop.run_until_complete(loop.shutdown_default_executor())
                loop.close()


async def _all(tasks: set[asyncio.Task[object]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def _run(script: Path) -> None:
    known, folder = set(sys.modules), str(script.parent)
    sys.path.insert(0, folder)
    try:
        runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.path.remove(folder)
        for name in set(sys.modules) - known:
            if str(getattr(sys.modules[name], "__file__", None)).startswith(folder):
                del sys.modules[name]
