"""A program's mesh in which every text is known."""

from __future__ import annotations

from pulumi_mesh.deploy.tokens import take
from pulumi_mesh.errors import OutputError
from pulumi_mesh.loading.program import load_program
from pulumi_mesh.model.mesh import Mesh


def load_plain(target: str) -> Mesh:
    """The mesh of a program (as for ``load_program``). Raises OutputError that names the first Output."""
    mesh = load_program(target)
    mesh, places = take(mesh, f'Mesh("{mesh.name}")')
    for place in places.values():
        raise OutputError("its value is known only to `pulumi up`; here plain text is needed", where=place.path)
    return mesh
