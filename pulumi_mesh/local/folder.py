"""Private folders of a run, and writing files into them in one step."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from pulumi_mesh.errors import MeshError

# sun_path holds 104 bytes on macOS and 108 on Linux, the closing zero included.
_SOCKET_PATH_BYTES = 103


def make_private(folder: Path) -> Path:
    """Make ``folder`` (and what is above it), readable by this user only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def replace_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write ``content`` to ``path`` in one step: a reader sees the old file or the new one.

    A rename is also what Envoy watches for (envoy.config.core.v3.PathConfigSource).
    """
    make_private(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def short_name(name: str, *, length: int = 40) -> str:
    """A file name for any text: readable, at most ``length`` characters, different for different texts."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    if readable == name and 0 < len(name) <= length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{readable[: length - 9]}-{digest}"


def socket_path(folder: Path, name: str) -> Path:
    """The Unix socket of ``name`` in ``folder``. Raises MeshError when the system's limit leaves no room."""
    path = folder / f"{short_name(name)}.sock"
    if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        raise MeshError(
            f"the path of a Unix socket may have {_SOCKET_PATH_BYTES} bytes, and {path} has more; "
            "set TMPDIR to a shorter folder"
        )
    return path
