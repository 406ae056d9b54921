"""Typed objects to and from manifests: plain mappings with the API's own field names."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, fields
from importlib import import_module
from typing import Annotated, Any, TypeAlias

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.objects import Object
from pulumi_mesh.refs import Identity
from pulumi_mesh.typed import (
    Chars,
    JsonMap,
    NamespaceName,
    PlainText,
    TextMap,
    build,
    default,
    kind_of,
    typed,
    wire_names,
)

_READING = {"reading": True}
_OWN_METADATA = ("name", "namespace", "labels", "annotations")


AnyName: TypeAlias = Annotated[
    PlainText, Chars(1, 253, r"^[^/%]*[^/%.][^/%]*$", "a name has no '/' or '%' and is not dots alone")
]
"""What any Kubernetes kind may be called: some, such as roles, take more than a DNS subdomain."""


@typed
class RawObject:
    """An object of a kind that has no type here, kept as it was read.

    body: everything but apiVersion, kind and metadata. metadata: as in Object.
    """

    api_version: PlainText
    kind: PlainText
    name: AnyName
    _: KW_ONLY
    namespace: NamespaceName = default("")
    labels: TextMap = default(FrozenMap())
    annotations: TextMap = default(FrozenMap())
    metadata: JsonMap = default(FrozenMap())
    body: JsonMap = default(FrozenMap())

    @property
    def identity(self) -> Identity:
        """Kind, namespace, name; the cluster is the default one."""
        return Identity(self.kind, self.namespace, self.name)


AnyObject: TypeAlias = Object | RawObject


def to_wire(obj: AnyObject) -> dict[str, Any]:
    """The manifest: apiVersion, kind, metadata, then the rest; only fields that are set. Outputs stay Outputs."""
    metadata: dict[str, Any] = {"name": obj.name}
    if obj.namespace:
        metadata["namespace"] = obj.namespace
    if obj.labels:
        metadata["labels"] = dict(obj.labels)
    if obj.annotations:
        metadata["annotations"] = dict(obj.annotations)
    metadata.update(_plain(obj.metadata))
    manifest = {"apiVersion": obj.api_version, "kind": obj.kind, "metadata": metadata}
    if isinstance(obj, RawObject):
        return {**manifest, **_plain(obj.body)}
    if obj.version:
        manifest["apiVersion"] = f"{obj.api_version.rpartition('/')[0]}/{obj.version}".lstrip("/")
    cls: Any = type(obj)
    for attribute, wire in wire_names(cls):
        if attribute not in _BASE and (value := getattr(obj, attribute)) is not None:
            manifest[wire] = _plain(value)
    if obj.status:
        manifest["status"] = _plain(obj.status)
    return manifest


def declared(obj: AnyObject) -> dict[str, Any]:
    """The manifest without ``status``, which is the cluster's to say: what is applied, and what files hold."""
    return {key: value for key, value in to_wire(obj).items() if key != "status"}


def from_wire(manifest: Mapping[str, Any], where: str = "") -> AnyObject:
    """The typed object, or a RawObject for a kind or version that has no type here.

    where: stands before the path of each problem, such as ``file:line``. What only the Gateway API's experimental
    channel allows is read as that channel's type. Raises InvalidError.
    """
    api_version, kind = _header(manifest, where)
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping):
        raise InvalidError([(f"{where} {kind}.metadata".lstrip(), f"needs a mapping, not {kind_of(metadata)}")])
    given = {key: metadata[key] for key in _OWN_METADATA if metadata.get(key) is not None}
    given["metadata"] = {key: value for key, value in metadata.items() if key not in _OWN_METADATA}
    body = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    root = f'{where} {kind}("{metadata.get("name", "")}")'.lstrip()
    typed_fields = {**given, **{key: value for key, value in body.items() if value is not None}}
    raw_fields = {"api_version": api_version, "kind": kind, **given, "body": body}
    try:
        made = _first(classes_of(api_version, kind), api_version.rpartition("/")[2], typed_fields, root)
        return made or build(RawObject, raw_fields, root, _READING)
    except InvalidError as error:
        raise InvalidError([(_metadata_path(path, root), text) for path, text in error.problems]) from None


def _first(classes: Iterator[type[Object]], version: str, data: Mapping[str, Any], root: str) -> Object | None:
    """An object of the first class that takes the data; raises what the last, which takes the most, says. None without
    a class, and for what only the schema of an older version allows.
    """
    cls = next(classes, None)
    if cls is None:
        return None
    try:
        return _built(cls, version, data, root)
    except InvalidError:
        if (wider := next(classes, None)) is not None:
            return _built(wider, version, data, root)
        if version in cls.other_schemas:
            return None
        raise


def _built(cls: type[Object], version: str, data: Mapping[str, Any], root: str) -> Object:
    written = "" if version == cls.api_version.rpartition("/")[2] else version
    return build(cls, {**data, "version": written}, root, _READING)


def _header(manifest: Mapping[str, Any], where: str) -> tuple[str, str]:
    problems = [
        (f"{where} {key}".lstrip(), "is required, as text")
        for key in ("apiVersion", "kind")
        if not isinstance(manifest.get(key), str) or not manifest[key]
    ]
    if problems:
        raise InvalidError(problems)
    return manifest["apiVersion"], manifest["kind"]


def _metadata_path(path: str, root: str) -> str:
    """Problems with metadata named as in the manifest: ``.metadata.labels``, where the class has ``.labels``."""
    rest = path.removeprefix(root)
    own = any(rest.startswith(f".{key}") for key in _OWN_METADATA)
    return f"{root}.metadata{rest}" if own else path


def class_of(api_version: str, kind: str) -> type[Object] | None:
    """The class of a kind in any of its served versions; None where there is none. Imports no other kind."""
    return next(classes_of(api_version, kind), None)


def classes_of(api_version: str, kind: str) -> Iterator[type[Object]]:
    """The classes of a kind that serve the version, each imported when it is asked for: the Gateway API's standard
    one, then the wider one.
    """
    for package in _packages(api_version.rpartition("/")[0]):
        if cls := _class_in(package, api_version, kind):
            yield cls


def _packages(group: str) -> tuple[str, ...]:
    if group.endswith(".istio.io"):
        return ("pulumi_mesh.istio",)
    if group.startswith("gateway.networking."):
        return ("pulumi_mesh.gateway_api", "pulumi_mesh.gateway_api.experimental")
    return () if group else ("pulumi_mesh.kubernetes",)


@functools.cache
def _class_in(package: str, api_version: str, kind: str) -> type[Object] | None:
    there = import_module(package)
    cls = getattr(there, kind) if kind in there.__all__ else None
    if not (isinstance(cls, type) and issubclass(cls, Object)):
        return None
    group, _, version = api_version.rpartition("/")
    return cls if group == cls.api_version.rpartition("/")[0] and version in cls.served_versions else None


_BASE = frozenset(field.name for field in fields(Object))


def _plain(value: Any) -> Any:
    """Parts and maps as dicts, tuples as lists, unset fields left out; leaves as they are."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    cls: Any = type(value)
    if names := wire_names(cls):
        pairs = ((wire, getattr(value, name)) for name, wire in names)
        return {wire: _plain(item) for wire, item in pairs if item is not None}
    return value
