"""A mesh from plain data, as a YAML file holds it: the model's own field names, references by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

from pulumi_mesh.errors import InvalidError, MeshError
from pulumi_mesh.model.gateway import Gateway
from pulumi_mesh.model.mesh import Mesh, replace
from pulumi_mesh.model.references import Unusable
from pulumi_mesh.model.service import Service
from pulumi_mesh.typed import build, kind_of
from pulumi_mesh.typed.problems import TOLD_ELSEWHERE

ReadObject: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""Makes a typed object of a manifest; raises InvalidError."""


def mesh_from_data(
    data: object,
    *,
    where: str = "",
    line_of: Callable[[str], int] | None = None,
    read_object: ReadObject | None = None,
) -> Mesh:
    """The mesh that ``data`` describes.

    Services and gateways are referred to by name, or ``NAMESPACE/NAME`` where several have that name. A version of a
    service is ``{service: reviews, version: v1}``; as a backend it may have its ``weight`` beside these.
    where: the file's name. line_of: a path's line in it. read_object: makes typed objects of the entries of
    ``objects``, which are manifests, or ``replace: MANIFEST`` for one that takes the place of a rendered object.
    Raises InvalidError with all problems found, by line; MeshError for data that is no mapping.
    """
    if not isinstance(data, Mapping):
        raise MeshError(f"a mesh is a mapping, with its name first; this is {kind_of(data)}", where=where)
    reading = _Reading(data)
    given = dict(data)
    if "uses" in given:
        del given["uses"]
        reading.problems.append(("uses", "a file cannot use other meshes; write the program in Python to do so"))
    _declare(reading, given, "services", _services)
    _declare(reading, given, "gateways", _gateways)
    _declare(reading, given, "objects", lambda reading, entries: _objects(reading, entries, read_object))
    mesh: Mesh | None = reading.build(Mesh, given, "")
    if mesh is None or reading.problems:
        raise InvalidError(_placed(reading.problems, data, where, line_of))
    return mesh


@dataclass(slots=True)
class _Reading:
    """What was found so far. names: the validation context."""

    data: Mapping[str, Any]
    names: dict[str, dict[str, Any]] = field(default_factory=lambda: {"service": {}, "gateway": {}})
    problems: list[tuple[str, str]] = field(default_factory=list)

    def build(self, cls: type[Any], data: Any, path: str) -> Any:
        """The object, or None after noting its problems; those that are told elsewhere already are left out."""
        try:
            return build(cls, data, path, self.names)
        except InvalidError as error:
            self.problems += [each for each in error.problems if each[1] != TOLD_ELSEWHERE]
            return None

    def name(self, kind: str, name: str, namespace: str, made: Any) -> None:
        """Make the object, or why there is none, known by its name."""
        names = self.names[kind]
        full = f"{namespace}/{name}"
        if name in names and full not in names:
            names[name] = Unusable(f"several {kind}s are named {name!r}; write NAMESPACE/{name}")
        else:
            names[name] = made
        names[full] = made


_Declaring = Callable[[_Reading, Sequence[Any]], list[Any]]


def _declare(reading: _Reading, given: dict[str, Any], key: str, declare: _Declaring) -> None:
    """Put the objects made in place of their descriptions: none if any is wrong, so that nothing is told twice."""
    entries = given.get(key)
    if isinstance(entries, list | tuple):
        before = len(reading.problems)
        made = declare(reading, entries)
        given[key] = made if len(reading.problems) == before else []


def _services(reading: _Reading, entries: Sequence[Any]) -> list[Any]:
    made: dict[int, Any] = {}
    for position in _by_calls(reading, entries):
        service = reading.build(Service, entries[position], f"services[{position}]")
        made[position] = service
        _name_of(reading, "service", entries[position], service, "")
    return [made[position] for position in sorted(made)]


def _gateways(reading: _Reading, entries: Sequence[Any]) -> list[Any]:
    made = []
    for position, entry in enumerate(entries):
        gateway = reading.build(Gateway, entry, f"gateways[{position}]")
        made.append(gateway)
        _name_of(reading, "gateway", entry, gateway, "istio-system")
    return made


def _objects(reading: _Reading, entries: Sequence[Any], read: ReadObject | None) -> list[Any]:
    made = []
    for position, entry in enumerate(entries):
        path, manifest = f"objects[{position}]", entry
        replaces = isinstance(entry, Mapping) and list(entry) == ["replace"]
        if replaces:
            path, manifest = f"{path}.replace", entry["replace"]
        if read is None or not isinstance(manifest, Mapping):
            reading.problems.append((path, f"needs a manifest, a mapping, not {kind_of(manifest)}"))
            continue
        try:
            made.append(replace(read(manifest)) if replaces else read(manifest))
        except InvalidError as error:
            reading.problems += [(_in_manifest(path, where, manifest), message) for where, message in error.problems]
    return made


def _in_manifest(path: str, where: str, manifest: Mapping[str, Any]) -> str:
    """Where a problem of a manifest is in the whole file: its path, with the object's kind and name taken off."""
    metadata = manifest.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, Mapping) else ""
    rest = where.removeprefix(str(manifest.get("kind"))).removeprefix(f'("{name}")')
    return path + rest if rest[:1] in ("", ".", "[") else f"{path}.{rest}"


def _name_of(reading: _Reading, kind: str, entry: Any, made: Any, namespace: str) -> None:
    if made is not None:
        reading.name(kind, made.name, made.namespace, made)
    elif isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
        home = entry.get("namespace", namespace)
        reading.name(kind, entry["name"], home if isinstance(home, str) else namespace, Unusable(TOLD_ELSEWHERE))


def _by_calls(reading: _Reading, entries: Sequence[Any]) -> list[int]:
    """Positions of the services, each after those that it calls."""
    positions: dict[str, list[int]] = {}
    for position, entry in enumerate(entries):
        if isinstance(entry, Mapping):
            for name in (f"{entry.get('name')}", f"{entry.get('namespace')}/{entry.get('name')}"):
                positions.setdefault(name, []).append(position)
    order: TopologicalSorter[int] = TopologicalSorter()
    for position, entry in enumerate(entries):
        calls = entry.get("calls") if isinstance(entry, Mapping) else ()
        names = [name for name in calls if isinstance(name, str)] if isinstance(calls, list | tuple) else []
        order.add(position, *(each for name in names for each in positions.get(name, ())))
    try:
        return list(order.static_order())
    except CycleError as error:
        circle = error.args[1][::-1]
        names = [str(entries[position]["name"]) for position in circle]
        reading.problems.append(
            (
                f"services[{circle[0]}].calls",
                f"calls go round in a circle: {' → '.join(names)}; a service is made of those that it calls, so leave"
                " one of these calls out",
            )
        )
        for position, entry in enumerate(entries):
            if position not in circle:
                reading.build(Service, _without_calls(entry), f"services[{position}]")
            _name_of(reading, "service", entry, None, "")
        return []


def _without_calls(entry: Any) -> Any:
    return {key: value for key, value in entry.items() if key != "calls"} if isinstance(entry, Mapping) else entry


def _placed(
    problems: list[tuple[str, str]], data: Mapping[str, Any], where: str, line_of: Callable[[str], int] | None
) -> list[tuple[str, str]]:
    """Each problem once, with file, line and the path as the file has it, in the order of the lines."""
    placed: dict[tuple[int, str, str], None] = {}
    for path, message in problems:
        written = as_written(path, data)
        placed[line_of(written) if line_of else 0, written, message] = None
    found = sorted(placed, key=lambda each: each[0])
    return [
        (": ".join(part for part in (f"{where}:{line}" if where and line else where, path) if part), message)
        for line, path, message in found
    ]


def as_written(path: str, data: Any) -> str:
    """A path in the model as the file has it: a destination's fields beside the weight, short forms not spelt out."""
    written, here = "", data
    for match in re.finditer(r"\.?(?P<key>[A-Za-z_]\w*)|\[(?P<index>\d+)\]|\['(?P<text>[^']*)'\]", path):
        if isinstance(here, Mapping):
            key = match["key"] or match["text"]
            if key in here:
                here = here[key]
            elif key == "destination":
                continue
            else:
                return written + path[match.start() :].removeprefix("." if not written else "")
        elif isinstance(here, list | tuple) and match["index"] and int(match["index"]) < len(here):
            here = here[int(match["index"])]
        else:
            return written
        written += match[0] if written else match[0].removeprefix(".")
    return written
