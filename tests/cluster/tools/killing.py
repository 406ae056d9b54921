"""An operation of the engine in a process group of its own, which is killed in the middle of it.

``python -m tests.cluster.tools.killing FILE`` is the process; the file says what to do.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pulumi import automation

from pulumi_mesh.local.lifeline import tied
from tests.cluster.tools.engine import PROJECT, Engine, Stack
from tests.cluster.tools.inline import Inline

_ROOT = Path(__file__).parents[3]


def up_until(engine: Engine, stack: Stack, program: Path, reached: Callable[[float], bool]) -> None:
    """Run ``up`` of a stack until a point is reached; then SIGKILL ends the program and the engine together.

    program: a file, since it runs in another process. reached: waits some seconds; whether it is there.
    Raises ChildProcessError when ``up`` ended before.
    """
    workspace = stack._stack.workspace
    described = stack.folder / "killed.json"
    described.write_text(
        json.dumps(
            {
                "stack": stack.name,
                "program": str(program),
                "folder": str(stack.folder),
                "home": workspace.pulumi_home,
                "environment": workspace.env_vars,
                "pulumi": str(engine.pulumi),
            }
        )
    )
    with subprocess.Popen(
        tied([sys.executable, "-m", __name__, described]),
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        assert process.stdout is not None
        try:
            while not reached(0.5):
                if process.poll() is not None:
                    raise ChildProcessError(f"up ended by itself:\n{process.stdout.read()}")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _up(given: dict[str, Any]) -> None:
    folder = Path(given["folder"])
    script = folder / "killed" / "bin" / "pulumi"
    script.parent.mkdir(parents=True, exist_ok=True)
    command = tied([given["pulumi"]]) if sys.platform == "linux" else [given["pulumi"]]
    script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    script.chmod(0o700)
    selected = automation.select_stack(
        given["stack"],
        project_name=PROJECT,
        program=Inline(Path(given["program"])),
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(folder),
            pulumi_home=given["home"],
            env_vars=given["environment"],
            secrets_provider="passphrase",
            pulumi_command=automation.PulumiCommand(str(folder / "killed")),
        ),
    )
    selected.up(on_output=print)


if __name__ == "__main__":
    _up(json.loads(Path(sys.argv[1]).read_text()))
