"""The packages of the extra ``local``: needed here alone, so an install without them must say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_mesh.errors import MeshError


@contextmanager
def needed() -> Iterator[None]:
    """Wrap an import of a package of the extra ``local``.

    Raises MeshError, naming the command that mends it, when the package is not installed.
    """
    try:
        yield
    except ImportError as error:
        missing = error.name or "a package of the extra 'local'"
        raise MeshError(f"running a mesh on this machine needs {missing}: pip install 'pulumi-mesh[local]'") from None
