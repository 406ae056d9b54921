"""Where an object that a Ref points to was written: ``file:line`` of a manifest, or the path in a mesh."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_mesh.manifests.reading import Document, line_of, parse_path
from pulumi_mesh.refs import Identity, Ref

if TYPE_CHECKING:
    from pulumi_mesh.model.mesh import Mesh

Place = Callable[[Ref], str]
"""The place of a Ref, or an empty text for an object that stands elsewhere."""

_NAMED = re.compile(r'(\w+)\["(.*)"\]')


def first_of(places: Iterable[Place]) -> Place:
    """What the first of the places that knows the object says."""
    given = tuple(places)
    return lambda ref: next(filter(None, (place(ref) for place in given)), "")


def in_manifests(documents: Mapping[Identity, tuple[Document, ...]]) -> Place:
    """``file:line`` of the value that the path of a Ref names, or of its nearest parent that is there."""

    def place(ref: Ref) -> str:
        found = documents.get(ref.identity, ())
        if not found:
            return ""
        # Istio and the Gateway API both have a Gateway: the path tells which of two is meant.
        document = next((each for each in found if _is_there(each.data, ref.path)), found[0])
        return f"{document.file}:{document.line_of(ref.path) if ref.path else document.line}"

    return place


def in_mesh(mesh: Mesh, program: str) -> Place:
    """``PROGRAM: routes["reviews"]``, the entry of the mesh that an object is rendered from.

    program: what it is called; empty where there is only one.
    """
    sources = functools.cache(lambda: _sources(mesh))

    def place(ref: Ref) -> str:
        source = sources().get(ref.identity)
        return ": ".join(filter(None, (program, source))) if source else ""

    return place


def in_mesh_file(mesh: Mesh, data: Mapping[str, Any], text: str, file: str) -> Place:
    """``file:line`` of the entry of the mesh that an object is rendered from. data: of the text."""
    sources = functools.cache(lambda: _sources(mesh))

    def place(ref: Ref) -> str:
        source = sources().get(ref.identity)
        return f"{file}:{line_of(text, 0, _position(source, data))}" if source else ""

    return place


def _is_there(data: Any, path: str) -> bool:
    for key in parse_path(path):
        if isinstance(data, Mapping) and str(key) in data:
            data = data[str(key)]
        elif isinstance(data, list | tuple) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return False
    return True


def _sources(mesh: Mesh) -> dict[Identity, str]:
    """The source of every object of a mesh and of those that it uses, under its own and its physical namespace."""
    from pulumi_mesh.render import render

    found: dict[Identity, str] = {}
    for each in mesh.all_meshes:
        prefix = "" if each is mesh else f'uses["{each.name}"].'
        for entry in render(each).entries:
            found.setdefault(entry.identity, prefix + entry.source)
            found.setdefault(entry.object.identity, prefix + entry.source)
        for kind, field, declared in (("Service", "services", each.services), ("Gateway", "gateways", each.gateways)):
            for item in declared:
                found.setdefault(Identity(kind, item.namespace, item.name), f'{prefix}{field}["{item.name}"]')
    return found


def _position(source: str, data: Mapping[str, Any]) -> str:
    """``routes["reviews"]`` as the path ``routes[1]`` in the file's own data; the field where that does not find it."""
    named = _NAMED.fullmatch(source)
    if named is None:
        return source
    entries = data.get(named[1])
    names = [each.get("name") if isinstance(each, Mapping) else None for each in entries or ()]
    return f"{named[1]}[{names.index(named[2])}]" if named[2] in names else named[1]
