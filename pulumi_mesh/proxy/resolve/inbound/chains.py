"""The filter chains of one port of a workload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.istio import gateway
from pulumi_mesh.manifests.facts import Protocol
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.http import GRPC_WEB, connection_manager
from pulumi_mesh.proxy.resolve.inbound.matching import TRAFFIC, Kind, ended_kinds, kinds_of, mutual_tls
from pulumi_mesh.proxy.resolve.inbound.ports import HTTP2_PROTOCOLS, PASSTHROUGH, InboundPort
from pulumi_mesh.proxy.resolve.metadata import config_metadata
from pulumi_mesh.proxy.resolve.mtls import Mode
from pulumi_mesh.proxy.resolve.server_tls import server_tls
from pulumi_mesh.proxy.resolve.stat_names import stat_name
from pulumi_mesh.proxy.resolve.stream_routes import stack
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FilterChain,
    HttpConnectionManager,
    HttpFilter,
    NetworkFilter,
    TcpProxy,
)
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.routes import Forward, PathMatch, RetryPolicy, Route, RouteConfig, RouteMatch, VirtualHost
from pulumi_mesh.proxy.view.tls import DownstreamTls
from pulumi_mesh.refs import Ref
from pulumi_mesh.typed.decorator import build

CATCHALL = "virtualInbound"
"""The name of the chains for ports that nothing makes known."""

_AFTER_TLS: dict[Protocol, Protocol] = {"HTTPS": "HTTP", "TLS": "TCP"}
_NONE = timedelta(0)
_NO_LIMITS: FrozenMap[str, object] = freeze(
    {"max_stream_duration": {"max_stream_duration": "0s", "grpc_timeout_header_max": "0s"}}
)


@dataclass(frozen=True, slots=True)
class Policies:
    """Authentication and authorization, the same in every chain of a proxy."""

    http: tuple[HttpFilter, ...]
    network: tuple[NetworkFilter, ...]


def known_chains(port: InboundPort, mode: Mode, policies: Policies, snapshot: Snapshot) -> tuple[FilterChain, ...]:
    """The chains of a port that is known. A Sidecar's own TLS takes the place of what istiod would have, where mutual
    TLS is off.

    Mirrors buildInboundListeners (pilot/pkg/networking/core/listener_inbound.go).
    """
    own, ingress = port.source or (None, None)
    given = ingress.tls if ingress and snapshot.mesh.sidecar_ingress_tls else None
    protocol = _AFTER_TLS.get(port.protocol, port.protocol) if given else port.protocol
    traffic = TRAFFIC[protocol]
    tls = mutual_tls(snapshot.mesh)
    kinds = kinds_of(traffic, mode)
    if given is not None and mode == "DISABLE":
        tls, kinds = server_tls(build(gateway.Tls, asdict(given)), snapshot.mesh), ended_kinds(traffic)
    extra: FrozenMap[str, object] = EMPTY
    if own is not None:
        extra = FrozenMap({"metadata": config_metadata(own)})
    name = f"{port.bind}_{port.number}"
    prefix = port.cluster
    if pattern := snapshot.mesh.inbound_stat_name:
        prefix = stat_name(pattern, port.host, port.service, port.service_port, port.name, target=None)
    one = _Port(port.number, port.service_port, port.host, protocol, name, port.cluster, prefix, port.ref)
    return tuple(replace(each, extra=extra) for each in _chains(one, kinds, tls, policies))


def unknown_chains(
    number: int | None, mode: Mode, ref: Ref | None, policies: Policies, snapshot: Snapshot
) -> tuple[FilterChain, ...]:
    """The chains of a port that nothing makes known; of any such port where ``number`` is None.

    Mirrors buildInboundPassthroughChains (listener_inbound.go).
    """
    prefix = PASSTHROUGH
    if pattern := snapshot.mesh.inbound_stat_name:
        prefix = stat_name(pattern, "", None, 0, CATCHALL, target=None)
    one = _Port(number, 0, "", "UNSUPPORTED", "", PASSTHROUGH, prefix, ref)
    return tuple(_chains(one, kinds_of("any", mode), mutual_tls(snapshot.mesh), policies))


@dataclass(frozen=True, slots=True)
class _Port:
    """What the chains of one port share. name: of the chains; empty for those of an unknown port. stat_prefix: for what
    is not HTTP."""

    number: int | None
    service_port: int
    host: str
    protocol: Protocol
    name: str
    cluster: str
    stat_prefix: str
    ref: Ref | None


def _chains(port: _Port, kinds: tuple[Kind, ...], tls: DownstreamTls, policies: Policies) -> Iterator[FilterChain]:
    """Mirrors inboundChainForOpts (listener_inbound.go)."""
    for kind in kinds:
        match = ChainMatch(
            destination_port=port.number, transport_protocol=kind.transport, application_protocols=kind.protocols
        )
        yield FilterChain(
            name=port.name or (f"{CATCHALL}-catchall-http" if kind.http else CATCHALL),
            match=match,
            tls=tls if kind.mutual else None,
            filters=(_http(port, policies),) if kind.http else _tcp(port, policies),
            ref=port.ref,
        )


def _http(port: _Port, policies: Policies) -> HttpConnectionManager:
    """Mirrors buildSidecarInboundHTTPOpts and buildInboundNetworkFiltersForHTTP (listener_inbound.go)."""
    manager = connection_manager(
        side="inbound",
        stat_prefix=f"inbound_{port.name};" if port.name else f"{port.cluster};",
        routes=_routes(port),
        policy=(*policies.http, GRPC_WEB) if port.protocol == "GRPC_WEB" else policies.http,
    )
    if port.protocol not in HTTP2_PROTOCOLS:
        return manager
    return replace(manager, extra=FrozenMap({**manager.extra, "http2_protocol_options": EMPTY}))


def _tcp(port: _Port, policies: Policies) -> tuple[NetworkFilter, ...]:
    """Mirrors buildInboundNetworkFilters (listener_inbound.go)."""
    return (*policies.network, *stack(TcpProxy(stat_prefix=port.stat_prefix, cluster=port.cluster), port.protocol))


def _routes(port: _Port) -> RouteConfig:
    """Everything to the workload, without a time limit: that is the client's business.

    A request that the workload's connection reset before a byte was sent is tried again, except gRPC's, whose streams
    cannot be.

    Mirrors buildSidecarInboundHTTPRouteConfig (pilot/pkg/networking/core/httproute.go) and
    BuildDefaultHTTPInboundRoute (pilot/pkg/networking/core/route/route.go).
    """
    forward = Forward(
        cluster=port.cluster,
        timeout=_NONE,
        retry=None if port.protocol in ("GRPC", "GRPC_WEB") else RetryPolicy(("reset-before-request",), 2),
        extra=_NO_LIMITS,
    )
    route = Route(
        RouteMatch(PathMatch("prefix", "/")),
        forward,
        name="default",
        decorator=f"{port.host}:{port.service_port}/*",
        ref=port.ref,
    )
    host = VirtualHost(f"inbound|http|{port.service_port}", ("*",), (route,), ref=port.ref)
    return RouteConfig(port.cluster, (host,), validate_clusters=False)
