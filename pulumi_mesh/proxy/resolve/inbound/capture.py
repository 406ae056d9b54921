"""The listener that takes every captured inbound connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot
from pulumi_mesh.proxy.resolve import authorization
from pulumi_mesh.proxy.resolve.clusters import BLACK_HOLE
from pulumi_mesh.proxy.resolve.http import WILDCARD, connection_manager
from pulumi_mesh.proxy.resolve.inbound.inspectors import listener_filters
from pulumi_mesh.proxy.resolve.inbound.matching import TRAFFIC, kinds_of, mutual_tls
from pulumi_mesh.proxy.resolve.inbound.ports import (
    CAPTURE_PORT,
    HTTP2_PROTOCOLS,
    PASSTHROUGH,
    RESERVED,
    Target,
    targets,
)
from pulumi_mesh.proxy.resolve.mtls import Mode, modes_of
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FilterChain,
    HttpConnectionManager,
    Listener,
    NetworkFilter,
    TcpProxy,
)
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac
from pulumi_mesh.proxy.view.routes import Forward, PathMatch, RetryPolicy, Route, RouteConfig, RouteMatch, VirtualHost
from pulumi_mesh.refs import Ref

NAME = "virtualInbound"
_NONE = timedelta(0)
_NO_LIMITS: FrozenMap[str, object] = freeze(
    {"max_stream_duration": {"max_stream_duration": "0s", "grpc_timeout_header_max": "0s"}}
)


@dataclass(frozen=True, slots=True)
class _Policies:
    """Authorization, the same in every chain of a proxy."""

    http: tuple[HttpRbac, ...]
    network: tuple[NetworkRbac, ...]


@dataclass(frozen=True, slots=True)
class _Port:
    """What the chains of one port share.

    number: the workload's; None for any. service_port, host: of the service that makes it known; else 0 and empty.
    protocol: as in ServicePort; empty for the unknown.
    """

    number: int | None
    service_port: int
    host: str
    protocol: str
    cluster: str
    mode: Mode
    ref: Ref | None

    @property
    def known(self) -> bool:
        """Whether a service makes the port known."""
        return bool(self.host)


def listener(snapshot: Snapshot, proxy: Proxy) -> Listener:
    """The listener at port 15006: first the chains for any port, then those of the ports that services make known.

    Mirrors buildInboundListeners and inboundVirtualListener (pilot/pkg/networking/core/listener_inbound.go).
    """
    policies = _Policies(authorization.http_filters(snapshot, proxy), authorization.network_filters(snapshot, proxy))
    chains = (
        _black_hole(),
        *(chain for port in _ports(snapshot, proxy) for chain in _chains(port, policies, snapshot)),
    )
    return Listener(
        name=NAME,
        address=SocketAddress(WILDCARD, CAPTURE_PORT),
        filter_chains=chains,
        listener_filters=listener_filters(chains),
        listener_filters_timeout=_NONE,
        continue_on_listener_filters_timeout=True,
        traffic_direction="INBOUND",
        extra=FrozenMap({"max_connections_to_accept_per_socket_event": 1}),
    )


def _ports(snapshot: Snapshot, proxy: Proxy) -> Iterator[_Port]:
    """Any port, ports that only PeerAuthentication names, ports of services.

    Mirrors Builder.ForPassthrough (pilot/pkg/networking/plugin/authn/authentication.go).
    """
    modes = modes_of(snapshot, proxy.namespace, proxy.labels)
    found = targets(snapshot, proxy)
    named = {each.number for each in found}
    for number in (None, *(port for port in modes.ports if port not in named)):
        yield _Port(number, 0, "", "", PASSTHROUGH, modes.of(number), modes.ref_of(number))
    for each in found:
        if each.number not in RESERVED:
            yield _known(each, modes.of(each.number))


def _known(target: Target, mode: Mode) -> _Port:
    service, port = target.service, target.port
    return _Port(target.number, port.number, service.hostname, port.protocol, target.cluster, mode, service.ref)


def _chains(port: _Port, policies: _Policies, snapshot: Snapshot) -> Iterator[FilterChain]:
    """Mirrors inboundChainForOpts (pilot/pkg/networking/core/listener_inbound.go)."""
    for kind in kinds_of(TRAFFIC.get(port.protocol, "any"), port.mode):
        yield FilterChain(
            name=_name(port, http=kind.http),
            match=ChainMatch(
                destination_port=port.number,
                transport_protocol=kind.transport,
                application_protocols=kind.protocols,
            ),
            tls=mutual_tls(snapshot.mesh) if kind.mutual else None,
            filters=(_http(port, policies),) if kind.http else _tcp(port, policies),
            ref=port.ref,
        )


def _name(port: _Port, *, http: bool) -> str:
    if port.known:
        return f"{WILDCARD}_{port.number}"
    return f"{NAME}-catchall-http" if http else NAME


def _http(port: _Port, policies: _Policies) -> HttpConnectionManager:
    """Mirrors buildSidecarInboundHTTPOpts and buildInboundNetworkFiltersForHTTP (listener_inbound.go)."""
    manager = connection_manager(
        side="inbound",
        stat_prefix=f"inbound_{_name(port, http=True)};" if port.known else f"{port.cluster};",
        routes=_routes(port),
        policy=policies.http,
    )
    if port.protocol not in HTTP2_PROTOCOLS:
        return manager
    return replace(manager, extra=FrozenMap({**manager.extra, "http2_protocol_options": EMPTY}))


def _tcp(port: _Port, policies: _Policies) -> tuple[NetworkFilter, ...]:
    """Mirrors buildInboundNetworkFilters (listener_inbound.go)."""
    return (*policies.network, TcpProxy(stat_prefix=port.cluster, cluster=port.cluster))


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
        retry=None if port.protocol == "GRPC" else RetryPolicy(("reset-before-request",), 2),
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


def _black_hole() -> FilterChain:
    """A connection to the capture port itself would come back for ever.

    Mirrors buildInboundBlackhole (listener_inbound.go).
    """
    return FilterChain(
        name=f"{NAME}-blackhole",
        match=ChainMatch(destination_port=CAPTURE_PORT),
        filters=(TcpProxy(stat_prefix=BLACK_HOLE, cluster=BLACK_HOLE),),
    )
