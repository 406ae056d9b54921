"""The ports of a workload that its services, or its Sidecar, make known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pulumi_mesh.istio import Sidecar, sidecar
from pulumi_mesh.manifests.facts import KnownService, Protocol, Proxy, ServicePort
from pulumi_mesh.manifests.registry.protocols import parse
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.inbound.families import own_address, wildcard_of
from pulumi_mesh.proxy.resolve.sidecars import sidecar_of
from pulumi_mesh.refs import Ref
from pulumi_mesh.words.cluster_names import inbound_cluster

CAPTURE_PORT = 15006
"""Where captured inbound connections arrive (MeshConfig.proxyInboundListenPort)."""

_STATIC = frozenset({15021, 15090})
"""Ports of the sidecar itself that its bootstrap takes: readiness, metrics."""

_RESERVED = _STATIC | {15001, CAPTURE_PORT}
HTTP2_PROTOCOLS = frozenset({"HTTP2", "GRPC", "GRPC_WEB"})
HTTP_PROTOCOLS = HTTP2_PROTOCOLS | {"HTTP", "HTTP_PROXY"}
PASSTHROUGH = "InboundPassthroughCluster"

Target: TypeAlias = tuple[KnownService, ServicePort]
"""A service, and the port of it that leads to the workload."""


@dataclass(frozen=True, slots=True)
class InboundPort:
    """A port of the workload that is known.

    number: the workload's. service_port: the service's, which may be another. host: of the service; of a Sidecar that
    makes the port known, its name. bind, bound: the address it is named after, and whether a listener of its own is
    bound there, or connections come captured. source: the Sidecar, and which of its ``ingress``. name: of the port, as
    the service or Sidecar calls it. service: where one makes the port known.
    """

    number: int
    service_port: int
    protocol: Protocol
    host: str
    bind: str
    bound: bool
    ref: Ref | None
    source: tuple[Sidecar, sidecar.Ingress] | None = None
    name: str = ""
    service: KnownService | None = None

    @property
    def cluster(self) -> str:
        """The name of the cluster to this port."""
        return inbound_cluster(self.number)


def targets(snapshot: Snapshot, proxy: Proxy) -> dict[int, tuple[Target, ...]]:
    """What leads to each port of the workload; the first decides: of the oldest service, else the first by host name.

    Mirrors Proxy.SetServiceTargets (pilot/pkg/model/context.go).
    """
    ordered = sorted(snapshot.targets_of(proxy), key=lambda each: (each[0].created, each[0].hostname))
    found: dict[int, list[Target]] = {}
    for service, port, number in ordered:
        found.setdefault(number, []).append((service, port))
    return {number: tuple(found[number]) for number in sorted(found)}


def inbound_ports(snapshot: Snapshot, proxy: Proxy) -> tuple[InboundPort, ...]:
    """The ports that are known, in order: those of a Sidecar with ``ingress``, which is the whole list, else those of
    services. A proxy to which nothing is captured has no ports but a Sidecar's: the workload itself listens there.

    Mirrors buildInboundChainConfigs and getFilterChainsByServicePort (core/listener_inbound.go).
    """
    found = sidecar_of(snapshot, proxy)
    if found is not None and found.spec.ingress:
        return _of_sidecar(found, proxy)
    if proxy.interception == "NONE":
        return ()
    return tuple(
        _of_service(number, leading[0], proxy)
        for number, leading in targets(snapshot, proxy).items()
        if number not in _RESERVED
    )


def _of_service(number: int, target: Target, proxy: Proxy) -> InboundPort:
    service, port = target
    return InboundPort(
        number,
        port.number,
        port.protocol,
        service.hostname,
        bind=wildcard_of(proxy),
        bound=False,
        ref=service.ref,
        name=port.name,
        service=service,
    )


def _of_sidecar(found: Sidecar, proxy: Proxy) -> tuple[InboundPort, ...]:
    ports: dict[int, InboundPort] = {}
    for index, ingress in enumerate(found.spec.ingress or ()):
        number, protocol = ingress.port.number or 0, parsed(ingress.port.protocol)
        if number in ports or _taken(number, protocol, ingress.bind or "", proxy):
            continue
        ports[number] = InboundPort(
            number,
            number,
            protocol,
            f"{found.name}.{found.namespace}",
            bind=ingress.bind or own_address(proxy),
            bound=_is_bound(ingress.capture_mode, proxy),
            ref=ref_of(found, f"spec.ingress[{index}]"),
            source=(found, ingress),
            name=ingress.port.name or "",
        )
    return tuple(ports[number] for number in sorted(ports))


def parsed(protocol: str | None) -> Protocol:
    """A protocol as an object writes it."""
    return parse(protocol or "")


def _is_bound(mode: Literal["DEFAULT", "IPTABLES", "NONE"] | None, proxy: Proxy) -> bool:
    """Mirrors getBindToPort (core/listener_inbound.go)."""
    return proxy.interception == "NONE" if mode in (None, "DEFAULT") else mode == "NONE"


def _taken(number: int, protocol: Protocol, bind: str, proxy: Proxy) -> bool:
    """Whether the sidecar itself listens there. Mirrors conflictWithReservedListener (pilot/pkg/model/context.go)."""
    anywhere = bind == wildcard_of(proxy) if bind else protocol in HTTP_PROTOCOLS
    return anywhere and number in _STATIC
