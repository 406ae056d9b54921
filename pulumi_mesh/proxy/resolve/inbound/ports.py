"""The ports of a workload that its services make known."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.manifests.snapshot import KnownService, Proxy, ServicePort, Snapshot

CAPTURE_PORT = 15006
"""Where captured inbound connections arrive (MeshConfig.proxyInboundListenPort)."""

RESERVED = frozenset({15001, CAPTURE_PORT, 15021, 15090})
"""Ports of the sidecar itself: outbound and inbound capture, readiness, metrics."""

HTTP2_PROTOCOLS = frozenset({"HTTP2", "GRPC"})
PASSTHROUGH = "InboundPassthroughCluster"


@dataclass(frozen=True, slots=True)
class Target:
    """A port of the workload, and the services that lead there; the first decides its protocol."""

    number: int
    services: tuple[tuple[KnownService, ServicePort], ...]

    @property
    def service(self) -> KnownService:
        """The service that decides."""
        return self.services[0][0]

    @property
    def port(self) -> ServicePort:
        """The service's port that decides."""
        return self.services[0][1]

    @property
    def cluster(self) -> str:
        """The name of the cluster to this port."""
        return f"inbound|{self.number}||"


def targets(snapshot: Snapshot, proxy: Proxy) -> tuple[Target, ...]:
    """The workload's ports in order; of services in conflict the first by host name counts (in Istio the oldest).

    Mirrors Proxy.SetServiceTargets (pilot/pkg/model/context.go) and getFilterChainsByServicePort
    (pilot/pkg/networking/core/listener_inbound.go).
    """
    services = sorted(snapshot.services_of(proxy.labels, proxy.namespace), key=lambda each: each.hostname)
    found: dict[int, list[tuple[KnownService, ServicePort]]] = {}
    for service in services:
        for port in service.ports:
            found.setdefault(port.target_port, []).append((service, port))
    return tuple(Target(number, tuple(found[number])) for number in sorted(found))
