"""How one provider instance was configured: which server, and how objects are written to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster.provider.client import APPLY, ApiError, Client, UnreachableError
from tests.cluster.provider.kubeconfig import read_kubeconfig
from tests.cluster.provider.mapping import Mapper

_KEPT = frozenset(
    {
        "cluster",
        "clusterIdentifier",
        "context",
        "enableConfigMapMutable",
        "enablePatchForce",
        "enableSecretMutable",
        "enableServerSideApply",
        "kubeconfig",
        "kubeClientSettings",
        "namespace",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "upsertExistingObjects",
    }
)
_MUTABLE = {"enableConfigMapMutable": "ConfigMap", "enableSecretMutable": "Secret"}


@dataclass(frozen=True, slots=True)
class Settings:
    """unreachable: why the server did not answer when the provider was configured; empty: it did.

    namespace: of objects that name none. upsert: creating takes an object that is there. force: applying takes fields
    from others. mutable: kinds whose values change in place.
    """

    client: Client
    mapper: Mapper
    unreachable: str
    namespace: str
    upsert: bool
    force: bool
    mutable: frozenset[str]


def configured(inputs: Mapping[str, Any]) -> Settings:
    """What the provider's inputs say; ``KUBECONFIG`` without a kubeconfig. Raises KubeconfigError."""
    given = str(inputs.get("kubeconfig") or os.environ.get("KUBECONFIG", "~/.kube/config"))
    cluster = read_kubeconfig(given, context=str(inputs.get("context", "")), cluster=str(inputs.get("cluster", "")))
    client = Client(cluster)
    return Settings(
        client=client,
        mapper=Mapper(client),
        unreachable=_unreachable(client),
        namespace=str(inputs.get("namespace") or cluster.namespace or "default"),
        upsert=_is_on(inputs, "upsertExistingObjects"),
        force=_is_on(inputs, "enablePatchForce"),
        mutable=frozenset(kind for name, kind in _MUTABLE.items() if _is_on(inputs, name)),
    )


def refused(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Inputs that this provider does not act on, each with why."""
    problems = [(name, "the tests' provider does not know it") for name in sorted(set(inputs) - _KEPT - {"version"})]
    if "enableServerSideApply" in inputs and not _is_on(inputs, "enableServerSideApply"):
        problems.append(("enableServerSideApply", "the tests' provider applies server-side alone"))
    return problems


def apply_query(manager: str, *, force: bool, preview: bool) -> dict[str, str]:
    """The query of a server-side apply."""
    return {"fieldManager": manager, "force": str(force).lower(), **dry_run(preview)}


def dry_run(preview: bool) -> dict[str, str]:
    """The query that keeps a server from storing anything, in a preview."""
    return {"dryRun": "All"} if preview else {}


def apply(client: Client, path: str, manifest: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Server-side apply. Raises what the client raises."""
    applied: dict[str, Any] = client.request("PATCH", path, query, dict(manifest), APPLY)
    return applied


def _is_on(inputs: Mapping[str, Any], name: str) -> bool:
    return str(inputs.get(name, "")).lower() == "true"


def _unreachable(client: Client) -> str:
    try:
        client.get("/version")
    except UnreachableError as error:
        return str(error)
    except ApiError:
        return ""  # it answers; what it refuses is told where something is asked of it
    return ""
