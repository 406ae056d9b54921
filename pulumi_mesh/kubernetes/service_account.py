"""v1 ServiceAccount: the identity behind a workload's SPIFFE name."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import ClassVar

from pulumi_mesh.objects import Object
from pulumi_mesh.typed import Bool, Json, OptionalMany, default, typed


@typed
class ServiceAccount(Object):
    """v1 ServiceAccount. image_pull_secrets, secrets: opaque references."""

    _: KW_ONLY
    automount_service_account_token: Bool | None = default(wire="automountServiceAccountToken")
    image_pull_secrets: OptionalMany[Json] = default(wire="imagePullSecrets")
    secrets: OptionalMany[Json] = default()

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "ServiceAccount"
    namespaced: ClassVar[bool] = True
    served_versions: ClassVar[tuple[str, ...]] = ("v1",)
