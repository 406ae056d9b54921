"""Rendering a mesh: the backend's objects, and those that the mesh lists itself."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.errors import InvalidError, OutputError
from pulumi_mesh.model.mesh import Mesh, Replacement
from pulumi_mesh.refs import Identity
from pulumi_mesh.render import istio
from pulumi_mesh.render.result import Entry, Rendered, in_order
from pulumi_mesh.typed import is_output
from pulumi_mesh.typed.walk import mapped, refuse_formatted_output


def render(mesh: Mesh) -> Rendered:
    """The Istio objects of a mesh, with those of ``Mesh.objects``; canaries stand before their first stage.

    Raises OutputError for an Output, which ``deploy`` takes out first: names are put together from text here.
    Raises InvalidError for an entry of ``objects`` that has the identity of a rendered one and is not a replacement,
    and for a replacement of nothing.
    """
    mapped(mesh, f'Mesh("{mesh.name}")', _refuse_output)
    mesh = mesh.at() if mesh.canaries else mesh
    found: dict[Identity, Entry] = {}
    for entry in istio.entries(mesh):
        if entry.identity in found:
            problem = f"{entry.identity} comes from {found[entry.identity].source} already; rename one of them"
            raise InvalidError([(f'Mesh("{mesh.name}").{entry.source}', problem)])
        found[entry.identity] = entry
    for position, given in enumerate(mesh.objects):
        where = f"objects[{position}]"
        replaces = isinstance(given, Replacement)
        item = given.object if replaces else given
        identity = item.identity
        if identity in found and not replaces:
            problem = f"{identity} comes from {found[identity].source} already; to replace it, wrap it in replace()"
            raise InvalidError([(f'Mesh("{mesh.name}").{where}', problem)])
        if replaces and identity not in found:
            problem = f"no {identity} is rendered, so there is nothing to replace; list it without replace()"
            raise InvalidError([(f'Mesh("{mesh.name}").{where}', problem)])
        found[identity] = Entry(identity, item, where)
    return Rendered(in_order(list(found.values())))


def _refuse_output(value: Any, path: str) -> Any:
    refuse_formatted_output(value, path)
    if is_output(value):
        raise OutputError(
            "its value is not known here; deploy it with pulumi_mesh.deploy, or give plain text", where=path
        )
    return value
