"""v1 Namespace. Injection and revision are labels (``istio-injection``, ``istio.io/rev``)."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import ClassVar

from pulumi_mesh.objects import Object
from pulumi_mesh.typed import OptionalJsonMap, default, typed


@typed
class Namespace(Object):
    """v1 Namespace. spec: kept opaque (``finalizers``), absent by default."""

    _: KW_ONLY
    spec: OptionalJsonMap = default()

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Namespace"
    namespaced: ClassVar[bool] = False
    served_versions: ClassVar[tuple[str, ...]] = ("v1",)
