"""The bookinfo example, as its program has it."""

from __future__ import annotations

import runpy
from pathlib import Path

from pulumi_mesh.model.mesh import Mesh

_BOOKINFO = Path(__file__).parents[3] / "examples" / "bookinfo" / "mesh.py"


def bookinfo() -> Mesh:
    """The mesh of ``examples/bookinfo``."""
    mesh = runpy.run_path(str(_BOOKINFO))["mesh"]
    assert isinstance(mesh, Mesh)
    return mesh
