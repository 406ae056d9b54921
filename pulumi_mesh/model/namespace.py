"""A Kubernetes namespace, and whether its workloads get a sidecar."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model import values
from pulumi_mesh.model.fields import LabelName, OptionalLabelName, PhysicalName, plain
from pulumi_mesh.typed import Accepts, Bool, FieldError, Many, TextMap, default, typed


@typed
class Namespace:
    """A namespace. Listed in a mesh it is rendered; ``.external()`` is one that something else makes.

    name: what the mesh calls it; identities and file names are made of it.
    physical_name: its name in the cluster where that is another, such as an Output of the program that makes it;
        default: ``name``.
    injection: whether new pods get a sidecar (label ``istio-injection``, or that of the mesh's revision); None says
        nothing. Not with ``revision``.
    revision: the control plane revision that injects (label ``istio.io/rev``).
    labels: further labels.
    """

    name: LabelName
    _: KW_ONLY
    physical_name: PhysicalName = default(None)
    injection: Bool | None = None
    revision: OptionalLabelName = ""
    labels: TextMap = default(FrozenMap())
    owner: Literal["mesh", "external"] = "mesh"
    _stands_alone = True

    def __post_init__(self) -> None:
        for label in ("istio-injection", "istio.io/rev"):
            if label in self.labels:
                raise FieldError("labels", f"{label} follows from injection and revision; give one of these instead")
        if self.injection is not None and self.revision:
            raise FieldError("revision", "a revision already injects; give either injection or revision")

    def external(self) -> Namespace:
        """The same namespace, made by something else: known, never rendered."""
        return dataclasses.replace(self, owner="external")


if TYPE_CHECKING:
    NamespaceName: TypeAlias = Accepts[str | Namespace, str]
    NamespaceNames: TypeAlias = Accepts[
        Sequence[str] | Sequence[Namespace] | Sequence[str | Namespace], tuple[str, ...]
    ]
else:

    def _namespace_name(value: Any) -> Any:
        return value.name if isinstance(value, Namespace) else values.label_name(value)

    NamespaceName = Annotated[str, plain(_namespace_name)]
    NamespaceNames = Many[NamespaceName]
