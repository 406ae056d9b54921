"""One snapshot of programs and manifests, and where each object of it was written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_mesh.errors import InvalidError, MeshError
from pulumi_mesh.files import find_files, read_file
from pulumi_mesh.loading.places import Place, first_of, in_manifests, in_mesh, in_mesh_file
from pulumi_mesh.loading.project import PROJECT_FILES, has_project
from pulumi_mesh.loading.together import together
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.manifests.reading import Document, load_yaml, read_text
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import AnyObject, RawObject, from_wire
from pulumi_mesh.refs import Identity, Ref

if TYPE_CHECKING:
    from pulumi_mesh.model.mesh import Mesh

CLUSTER_SCOPED = frozenset(
    {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Node", "PersistentVolume"}
)
"""Kinds without a type here that have no namespace, though others of their groups do."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """snapshot: of everything that was given, in Istio's terms, with all proxies.
    meshes: those of the programs, at their stages, in the order given.

    calls: (client, server) host names of what the services of these meshes are declared to call. implied: whether the
    services are only what the objects speak of.
    """

    snapshot: Snapshot
    meshes: tuple[Mesh, ...]
    calls: tuple[tuple[str, str], ...]
    _place: Place
    implied: bool = False

    def place(self, ref: Ref) -> str:
        """``file:line`` of a manifest; the entry of a mesh, ``routes["reviews"]``, after its program where there are
        several paths; empty for what is written nowhere."""
        return self._place(ref)


@dataclass(frozen=True, slots=True)
class _Program:
    mesh: Mesh
    place: Place


def load_snapshot(
    paths: Sequence[str], stages: Mapping[str, int] | None = None, mesh_config: str | None = None
) -> Loaded:
    """The snapshot of all paths together.

    paths: each a program (as for ``load_program``), or a YAML or JSON file, a folder of them, ``-`` for standard
    input. What a file is, its content tells: a manifest has ``apiVersion`` or ``kind``, a mesh neither.
    stages: where the canaries of the programs' meshes stand; each name has to be known to one of them.
    mesh_config: a file with Istio's MeshConfig. Without it that of the manifests' ConfigMap ``istio`` counts, and
    without that what the first program's mesh says. Where manifests hold no Service at all, as what a mesh renders to,
    each host that they send to is taken to be one.
    Raises MeshError: nothing there, an error in a program or a manifest, one identity declared in two ways.
    """
    programs: list[_Program] = []
    documents: list[Document] = []
    for path in paths:
        if _is_program(path):
            programs.append(_program(path, alone=len(paths) == 1))
            continue
        for file in find_files([path]):
            text = read_file(file)
            found = read_text(text, file)
            if len(found) == 1 and not {"apiVersion", "kind"} & found[0].data.keys():
                programs.append(_mesh_file(text, found[0]))
            else:
                documents += found
    objects, where = _objects(documents)
    meshes = _staged([each.mesh for each in programs], stages or {})
    from pulumi_mesh.proxy.resolve.terms import in_istio_terms

    snapshot = in_istio_terms(_snapshot(paths, meshes, objects, mesh_config))
    calls = tuple(call for each in meshes for call in _calls(each))
    return Loaded(
        snapshot,
        tuple(meshes),
        calls,
        first_of([in_manifests(where), *(each.place for each in programs)]),
        _alone(meshes, objects),
    )


def _is_program(path: str) -> bool:
    """Whether the path alone tells that it is a program."""
    if path == "-":
        return False
    there = Path(path)
    if there.is_dir():
        return has_project(there)
    return there.name in PROJECT_FILES or path.endswith(".py") or not there.exists()


def _program(path: str, *, alone: bool) -> _Program:
    from pulumi_mesh.loading.plain import load_plain

    mesh = load_plain(path)
    return _Program(mesh, in_mesh(mesh, "" if alone else path))


def _mesh_file(text: str, document: Document) -> _Program:
    from pulumi_mesh.loading.yaml_file import read_mesh

    mesh = read_mesh(text, document.file)
    return _Program(mesh, in_mesh_file(mesh, document.data, text, document.file))


def _staged(meshes: Sequence[Mesh], stages: Mapping[str, int]) -> list[Mesh]:
    """Each mesh at those of the stages that are of its canaries. Raises MeshError for a name that no mesh has."""
    known = [{each.name for each in mesh.canaries} for mesh in meshes]
    for name in stages:
        if not any(name in names for names in known):
            there = ", ".join(sorted(set().union(*known))) or "none"
            raise MeshError(f"no canary is named {name!r}; there are: {there}")
    return [
        mesh.at({name: stage for name, stage in stages.items() if name in names})
        for mesh, names in zip(meshes, known, strict=True)
    ]


def _calls(mesh: Mesh) -> Iterator[tuple[str, str]]:
    from pulumi_mesh.render.istio.names import host_of

    for service in mesh.known_services:
        for called in service.calls:
            yield host_of(mesh, service), host_of(mesh, called)


def _objects(documents: Iterable[Document]) -> tuple[list[AnyObject], dict[Identity, tuple[Document, ...]]]:
    """Typed objects and where they are. Raises InvalidError with every problem, and for one declared in two ways."""
    kept: dict[tuple[str, Identity], tuple[AnyObject, Document]] = {}
    problems: list[tuple[str, str]] = []
    for document in documents:
        try:
            item = _in_a_namespace(from_wire(document.data))
        except InvalidError as error:
            for path, message in error.problems:
                inside = path.partition('")')[2]
                problems.append((f"{document.file}:{document.line_of(inside)}: {path}", message))
            continue
        key = (item.api_version.rpartition("/")[0], item.identity)
        before = kept.setdefault(key, (item, document))
        if before[0] != item:
            first = f"{before[1].file}:{before[1].line}"
            problems.append((f"{document.file}:{document.line}", f"{item.identity} is declared otherwise in {first}"))
    if problems:
        raise InvalidError(problems)
    where: dict[Identity, tuple[Document, ...]] = {}
    for item, document in kept.values():
        where[item.identity] = (*where.get(item.identity, ()), document)
    return [item for item, _ in kept.values()], where


def _in_a_namespace(item: AnyObject) -> AnyObject:
    """The object in the namespace where ``kubectl apply`` would put it: ``default`` when it names none."""
    scoped = item.kind not in CLUSTER_SCOPED if isinstance(item, RawObject) else item.namespaced
    return dataclasses.replace(item, namespace="default") if scoped and not item.namespace else item


def _alone(meshes: Sequence[Mesh], objects: Sequence[AnyObject]) -> bool:
    return not meshes and not any(each.kind in ("Service", "ServiceEntry") for each in objects)


def _hint(paths: Iterable[str]) -> str:
    """The programs in folders that were named: a folder is looked through for manifests."""
    found = sorted(str(each) for path in paths if Path(path).is_dir() for each in Path(path).glob("*.py"))
    return f"; a program is named by its file: {', '.join(found)}" if found else ""


def _snapshot(paths: Sequence[str], meshes: Sequence[Mesh], objects: Sequence[AnyObject], file: str | None) -> Snapshot:
    if not meshes and not objects:
        raise MeshError(f"there is no manifest and no mesh in what was named{_hint(paths)}")
    parts: list[Snapshot] = []
    if meshes:
        from pulumi_mesh.render import snapshot

        parts += map(snapshot, meshes)
    config = parts[0].mesh if parts else MeshConfig()
    if file is not None:
        from pulumi_mesh.manifests.registry import mesh_config

        data = load_yaml(read_file(file), file) or {}
        if not isinstance(data, Mapping):
            raise MeshError("a MeshConfig is a mapping", where=file)
        config = mesh_config(data, config)
        objects = [each for each in objects if (each.kind, each.name) != ("ConfigMap", "istio")]
    if objects:
        from pulumi_mesh.manifests.registry import snapshot_of

        # Objects alone, as a mesh renders to: the Services are elsewhere.
        parts.append(snapshot_of(objects, config, implied=_alone(meshes, objects)))
        config = parts[-1].mesh
    return dataclasses.replace(parts[0], mesh=config) if len(parts) == 1 else together(parts, config)
