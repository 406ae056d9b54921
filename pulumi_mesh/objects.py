"""What every typed object of a cluster has: identity and metadata. Kinds add their own fields."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any, ClassVar

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.refs import Identity
from pulumi_mesh.typed import FieldError, JsonMap, Name, NamespaceName, PlainText, TextMap, default, typed, wire_names


@typed
class Object:
    """A Kubernetes object.

    name, namespace: plain text, never an Output. labels, annotations: as in ``metadata``.
    metadata: the other fields of ``metadata`` (ownerReferences, finalizers, ...), not looked into.
    version: the served version in which it is written, one of ``served_versions``; empty is that of ``api_version``.
    status: what a cluster said of it when it was read, not looked into and never applied.
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("")
    labels: TextMap = default(FrozenMap())
    annotations: TextMap = default(FrozenMap())
    metadata: JsonMap = default(FrozenMap())
    version: PlainText = default("")
    status: JsonMap = default(FrozenMap())

    api_version: ClassVar[str] = ""
    kind: ClassVar[str] = ""
    namespaced: ClassVar[bool] = True
    served_versions: ClassVar[tuple[str, ...]] = ()
    other_schemas: ClassVar[tuple[str, ...]] = ()
    """Those of ``served_versions`` whose schema is not this class's: an object of one may not fit it."""

    def __post_init__(self) -> None:
        if doubled := sorted(self.metadata.keys() & {"name", "namespace", "labels", "annotations"}):
            raise FieldError("metadata", f"holds {doubled[0]}, which is a field of its own: {doubled[0]}=...")
        if self.namespace and not self.namespaced:
            raise FieldError("namespace", f"must be empty: a {self.kind} is cluster-scoped")
        if self.version and self.version not in self.served_versions:
            raise FieldError("version", f"is none that is served: {', '.join(self.served_versions)}")

    @property
    def identity(self) -> Identity:
        """Kind, namespace, name; the cluster is the default one."""
        return Identity(self.kind, self.namespace, self.name)


def at_most_one(part: Any, *names: str) -> None:
    """Refuse an object in which more than one of the fields is set; names are the Python ones."""
    found = [name for name in names if getattr(part, name) is not None]
    if len(found) > 1:
        wire = [_wire_name(part, name) for name in found]
        allowed = [_wire_name(part, name) for name in names]
        raise FieldError("", f"sets {' and '.join(wire)}; only one of {', '.join(allowed)} may be set")


def exactly_one(part: Any, *names: str) -> None:
    """Refuse an object in which not exactly one of the fields is set."""
    at_most_one(part, *names)
    if all(getattr(part, name) is None for name in names):
        allowed = [_wire_name(part, name) for name in names]
        raise FieldError("", f"needs one of {', '.join(allowed)}")


def _wire_name(part: Any, name: str) -> str:
    cls: Any = type(part)
    return dict(wire_names(cls))[name]
