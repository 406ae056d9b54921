"""v1 Secret. Its data never shows in a repr or an error."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import ClassVar

from pulumi_mesh.objects import Object
from pulumi_mesh.typed import Bool, OptionalText, OptionalTextMap, default, typed


@typed
class Secret(Object):
    """v1 Secret.

    type: such as ``kubernetes.io/tls``, whose keys are ``tls.crt`` and ``tls.key``.
    data: values in base64. string_data: values as they are; the cluster folds them into data.
    """

    _: KW_ONLY
    type: OptionalText = default()
    data: OptionalTextMap = default(shown=False)
    string_data: OptionalTextMap = default(wire="stringData", shown=False)
    immutable: Bool | None = default()

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Secret"
    namespaced: ClassVar[bool] = True
    served_versions: ClassVar[tuple[str, ...]] = ("v1",)
