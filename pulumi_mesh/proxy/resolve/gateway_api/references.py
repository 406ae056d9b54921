"""What a Gateway API object may refer to, and what a ReferenceGrant lets it refer to in another namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_mesh.gateway_api import ReferenceGrant
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.gateway_api.words import GROUP


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind without its version."""

    group: str
    name: str


GATEWAY = Kind(GROUP, "Gateway")
LISTENER_SET = Kind(GROUP, "ListenerSet")
HTTP_ROUTE = Kind(GROUP, "HTTPRoute")
GRPC_ROUTE = Kind(GROUP, "GRPCRoute")
TCP_ROUTE = Kind(GROUP, "TCPRoute")
TLS_ROUTE = Kind(GROUP, "TLSRoute")
SERVICE = Kind("", "Service")
SECRET = Kind("", "Secret")
CONFIG_MAP = Kind("", "ConfigMap")
SERVICE_ENTRY = Kind("networking.istio.io", "ServiceEntry")
HOSTNAME = Kind("networking.istio.io", "Hostname")
SERVICE_IMPORT = Kind("multicluster.x-k8s.io", "ServiceImport")

_FROM = frozenset({GATEWAY, HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, TCP_ROUTE, LISTENER_SET})
_TO = frozenset({CONFIG_MAP, SECRET, SERVICE})


def kind_of(group: str | None, kind: str | None, default: Kind) -> Kind:
    """The kind that a reference names. Mirrors NormalizeReference (config/kube/gatewaycommon)."""
    return Kind(default.group if group is None else group, default.name if kind is None else kind)


@dataclass(frozen=True, slots=True)
class Grants:
    """Who may refer to what: for (from kind, from namespace, to kind, to namespace) the names; ``*`` is any."""

    _names: Mapping[tuple[Kind, str, Kind, str], frozenset[str]]

    def allow(self, source: Kind, source_namespace: str, target: Kind, namespace: str, name: str) -> bool:
        """Whether a reference into another namespace is granted.

        Mirrors ReferenceGrants.BackendAllowed and SecretAllowed (config/kube/gatewaycommon).
        """
        names = self._names.get((source, source_namespace, target, namespace), frozenset())
        return "*" in names or name in names


def grants(snapshot: Snapshot) -> Grants:
    """All grants of a snapshot. Mirrors ReferenceGrantsCollection (config/kube/gatewaycommon)."""
    found: dict[tuple[Kind, str, Kind, str], set[str]] = {}
    for each in snapshot.of(ReferenceGrant):
        for source in each.spec.from_:
            if Kind(source.group, source.kind) not in _FROM:
                continue
            for target in each.spec.to:
                if Kind(target.group, target.kind) not in _TO:
                    continue
                key = (Kind(source.group, source.kind), source.namespace, Kind(target.group, target.kind))
                found.setdefault((*key, each.namespace), set()).add("*" if target.name is None else target.name)
    return Grants({key: frozenset(names) for key, names in found.items()})
