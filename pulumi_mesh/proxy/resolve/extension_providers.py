"""Extension providers of MeshConfig, and the clusters of the services that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import ExtensionProvider, MeshConfig
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.durations import duration, proto_json
from pulumi_mesh.words.cluster_names import cluster_name

_BUILT_IN = (
    ExtensionProvider("prometheus", "prometheus"),
    ExtensionProvider("stackdriver", "stackdriver"),
    ExtensionProvider("envoy", "envoyFileAccessLog", FrozenMap({"path": "/dev/stdout"})),
)
"""Istio's own. Mirrors DefaultMeshConfig (pkg/config/mesh)."""


class Upstream(NamedTuple):
    """A service that a provider names. host: its host name. cluster: of it, at the provider's port."""

    host: str
    cluster: str


def providers(mesh: MeshConfig) -> tuple[ExtensionProvider, ...]:
    """All providers; one with the name of Istio's own stands in its place.

    Mirrors ApplyMeshConfig (pkg/config/mesh).
    """
    given = {each.name: each for each in mesh.extension_providers}
    own = {each.name for each in _BUILT_IN}
    return (
        *(given.get(each.name, each) for each in _BUILT_IN),
        *(each for each in mesh.extension_providers if each.name not in own),
    )


def provider_of(mesh: MeshConfig, name: str) -> ExtensionProvider | None:
    """The provider of a name, in any letter case. Mirrors fetchProvider (pilot/pkg/model/telemetry.go)."""
    return next((each for each in providers(mesh) if each.name.lower() == name.lower()), None)


def upstream(snapshot: Snapshot, service: str, port: int) -> Upstream | None:
    """The cluster of ``HOST``, or of ``NAMESPACE/HOST`` where several namespaces have it; None where it is not known.

    Mirrors LookupCluster (pilot/pkg/model/telemetry_logging.go).
    """
    namespace, slash, host = service.rpartition("/")
    found = {each.namespace: each for each in snapshot.services if each.hostname == (host if slash else service)}
    if slash:
        found = {namespace: found[namespace]} if namespace in found else {}
    if len(found) != 1:
        return None
    [known] = found.values()
    return Upstream(known.hostname, cluster_name(known.hostname, port))


def upstream_of(snapshot: Snapshot, config: Mapping[str, object]) -> Upstream | None:
    """The cluster of the ``service`` and ``port`` that a provider's config, or a part of it, names."""
    return upstream(snapshot, text(config, "service"), number(config, "port"))


def text(config: Mapping[str, object], name: str) -> str:
    """A text of a provider's config; empty where there is none."""
    value = config.get(name)
    return value if isinstance(value, str) else ""


def number(config: Mapping[str, object], name: str) -> int:
    """A whole number; 0 where there is none."""
    value = config.get(name)
    return int(value) if isinstance(value, int | float | str) and str(value).isdecimal() else 0


def texts(config: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of texts."""
    value = config.get(name)
    return tuple(str(each) for each in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def part(config: Mapping[str, object], name: str) -> FrozenMap[str, Any]:
    """A message; empty where there is none."""
    value = config.get(name)
    return value if isinstance(value, FrozenMap) else FrozenMap()


def length(config: Mapping[str, object], name: str, default: timedelta | None = None) -> str | None:
    """A duration, as Envoy's config writes it."""
    found = duration(text(config, name) or None)
    found = default if found is None else found
    return None if found is None else proto_json(found)


def grpc_service(found: Upstream) -> dict[str, object]:
    """envoy.config.core.v3.GrpcService: Envoy's own client."""
    return {"envoy_grpc": FrozenMap({"cluster_name": found.cluster, "authority": found.host})}
