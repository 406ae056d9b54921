"""Programs as functions that the engine calls in this process."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

Program = Callable[[], object] | Path
"""A function, or a folder with ``__main__.py``, or a file."""


def as_function(program: Program) -> Callable[[], None]:
    """A function that runs the program anew: a file's own modules are forgotten after each run."""
    if isinstance(program, Path):
        script = program / "__main__.py" if program.is_dir() else program
        return lambda: _run(script)

    def run() -> None:  # what a function returns would be taken for the stack's outputs
        program()

    return run


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
