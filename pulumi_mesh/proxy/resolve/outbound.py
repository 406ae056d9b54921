"""Outbound listeners of a sidecar: one for each port of HTTP services, one for each address of other services, and
the one that everything is redirected to."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.manifests.snapshot import target_port
from pulumi_mesh.proxy.resolve.actions import destination_cluster
from pulumi_mesh.proxy.resolve.clusters import BLACK_HOLE, PASSTHROUGH
from pulumi_mesh.proxy.resolve.domains import service_addresses
from pulumi_mesh.proxy.resolve.forward_proxies import request_filters
from pulumi_mesh.proxy.resolve.http import GRPC_WEB, HANDSHAKE, TLS_INSPECTOR, connection_manager
from pulumi_mesh.proxy.resolve.inbound.families import LOOPBACKS, WILDCARDS, families_of, wildcard_of
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.outbound_chains import Chain, Outbound, Port, Streams, listen_address, stream_chains
from pulumi_mesh.proxy.resolve.sidecar_scope import Egress, SidecarScope
from pulumi_mesh.proxy.view.addresses import Address, Pipe, SocketAddress
from pulumi_mesh.proxy.view.listeners import ChainMatch, FilterChain, HttpConnectionManager, Listener, TcpProxy
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.refs import Ref

HTTP = frozenset({"HTTP", "HTTP_PROXY", "HTTP2", "GRPC", "GRPC_WEB"})
"""Protocols whose requests are routed."""

DETECTED = "UNSUPPORTED"
"""The protocol of ports where requests are routed if that is what clients speak."""

HTTP_PROXY_TABLE = "http_proxy"
UNIX = "unix://"

_STREAMS = frozenset({"TCP", "HTTPS", "TLS", "MONGO", "REDIS", "MYSQL"})
_ALONE = frozenset({"MONGO", "MYSQL"})
"""Protocols whose servers speak first: nothing that waits for a client stands beside them."""

_ACCEPT_ONE: FrozenMap[str, object] = FrozenMap({"max_connections_to_accept_per_socket_event": 1})


@dataclass(slots=True)
class _Entry:
    """A listener to be. binds: addresses, the first of which names it. locked: nothing else may join."""

    port: Port
    binds: tuple[str, ...]
    bound: bool
    chains: list[Chain]
    protocol: str
    ref: Ref | None
    locked: bool = field(default=False)


Entries = dict[tuple[str, int], _Entry]


def outbound_listeners(index: Index, proxy: Proxy, scope: SidecarScope) -> tuple[Listener, ...]:
    """All outbound listeners, by name, then the HTTP proxy's and ``virtualOutbound``.

    Mirrors ListenerBuilder.buildSidecarOutboundListeners, buildHTTPProxyListener and buildVirtualOutboundListener
    (core).
    """
    found: Entries = {}
    for egress in scope.egress:
        of = Outbound(index, proxy, scope, egress, Streams(egress.bound))
        if egress.spec.port is not None:
            _at_own_port(of, found)
            continue
        for each in found.values():
            each.locked = True
        for service in egress.services:
            for part in _by_address(service):
                _at_ports_of(of, part, found)
    made = [_listener(index, scope, each) for each in found.values()]
    made.sort(key=lambda each: each.name)
    http_proxy = _http_proxy(index, proxy, scope)
    redirected = () if proxy.interception == "NONE" else (_virtual_outbound(index, proxy, scope),)
    return (*made, *((http_proxy,) if http_proxy else ()), *redirected)


def tables_of(listeners: Sequence[Listener]) -> tuple[str, ...]:
    """The names of the route tables that listeners ask for: ports by number, then others."""
    names: set[str] = set()
    for each in listeners:
        for chain in (*each.filter_chains, *((each.default_filter_chain,) if each.default_filter_chain else ())):
            managers = (one for one in chain.filters if isinstance(one, HttpConnectionManager))
            names.update(one.routes for one in managers if isinstance(one.routes, str))
    return tuple(sorted(names, key=lambda each: (0, int(each), "") if each.isdecimal() else (1, 0, each)))


def _by_address(service: KnownService) -> Iterator[KnownService]:
    """A ServiceEntry is a service for each of its addresses. Mirrors convertServices (serviceentry/conversion.go)."""
    if service.registry == "Kubernetes" or len(service.addresses) < 2:
        yield service
        return
    for each in service.addresses:
        yield replace(service, address=each, addresses=(each,))


def _bind(egress: Egress, proxy: Proxy) -> tuple[tuple[str, ...], bool]:
    """The addresses that an entry says or means, empty for those of services; and whether the proxy binds to them."""
    spec = egress.spec
    bound = proxy.interception == "NONE" or spec.capture_mode == "NONE" or (spec.bind or "").startswith(UNIX)
    if spec.bind:
        return (spec.bind,), bound
    return (tuple(LOOPBACKS[each] for each in families_of(proxy)) if bound else ()), bound


def _at_own_port(of: Outbound, found: Entries) -> None:
    """What an entry imports, on the port that it says."""
    binds, bound = _bind(of.egress, of.proxy)
    protocol = of.egress.protocol if of.egress.protocol in HTTP | _STREAMS | {"UDP"} else DETECTED
    said = of.egress.spec.port
    port = Port(of.egress.port, protocol, (said.name if said else "") or "")
    if _is_reserved(of, binds, port):
        return
    for service in of.egress.services:
        for part in _by_address(service):
            _add(of, part, port, binds, bound, found)


def _at_ports_of(of: Outbound, service: KnownService, found: Entries) -> None:
    """All ports of a service. Where clients choose among the workloads there is a listener for each of those, but not
    for the proxy's own."""
    binds, bound = _bind(of.egress, of.proxy)
    for each in service.ports:
        port = Port(each.number, each.protocol, each.name)
        if _is_reserved(of, binds, port):
            continue
        addressless = not service.addresses and not service_addresses(service, of.proxy)
        if binds or service.resolution != "NONE" or not addressless or port.protocol in (*HTTP, "UDP"):
            _add(of, service, port, binds, bound, found)
            continue
        workloads = [
            one for one in of.index.workloads(service) if one.healthy and target_port(service, each, one) is not None
        ]
        if service.registry == "External" and not workloads and not service.selector:
            _add(of, service, port, binds, bound, found)
        for one in workloads:
            if _is_address(one.address) and one.address != of.proxy.address:
                _add(of, service, port, (one.address,), bound, found)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_reserved(of: Outbound, binds: tuple[str, ...], port: Port) -> bool:
    """Whether the sidecar's own listeners have the port. Mirrors conflictWithReservedListener (pilot/pkg/model)."""
    if binds[0] != wildcard_of(of.proxy) if binds else port.protocol not in HTTP:
        return False
    mesh = of.index.snapshot.mesh
    return port.number in (mesh.proxy_port, mesh.inbound_port)


def _add(of: Outbound, service: KnownService, port: Port, binds: tuple[str, ...], bound: bool, found: Entries) -> None:
    """A service on a port, put into the listener that is there or a new one.

    HTTP and other protocols stand beside each other on one address: then the first bytes tell them apart.
    Mirrors ListenerBuilder.buildSidecarOutboundListener and mergeTCPFilterChains (core/listener.go).
    """
    wildcards = tuple(WILDCARDS[each] for each in families_of(of.proxy))
    http = port.protocol in HTTP
    if service.alias_of or not (http or port.protocol in _STREAMS or port.protocol == DETECTED):
        return
    ranges: tuple[str, ...] = ()
    if not binds and http:
        binds = wildcards
    elif not binds:
        address, *more = (listen_address(service, of.proxy), *service_addresses(service, of.proxy)[1:])
        if service.registry == "External" and address == wildcards[0]:
            more += wildcards[1:]
        binds = wildcards if "/" in address else (address, *more)
        ranges = (address, *more) if "/" in address else ()
    there = found.get((binds[0], port.number))
    if there is not None and (there.locked or _keeps_off(port.protocol, there.protocol)):
        return
    shared = binds[0] == wildcards[0]
    protocol = DETECTED if http and shared and port.protocol != "HTTP_PROXY" else port.protocol
    routes = port.protocol != "HTTP_PROXY" and port.protocol not in _STREAMS
    if there is not None and routes and (there.protocol == DETECTED or (http and there.protocol in HTTP)):
        return  # what is there routes requests already
    chains: list[Chain] = []
    if not http:
        chains += stream_chains(of, service, port, binds[0], ranges)
    if port.protocol not in _STREAMS:
        inspected = port.protocol != "HTTP_PROXY" and (not http or shared)
        filters = request_filters(service, of.proxy)
        table = _table(service, port, binds[0], shared)
        chains.append(Chain(inspected=inspected, routes=table, http_filters=filters, ref=service.ref))
    if there is None or port.protocol == "HTTP_PROXY" or (port.protocol == DETECTED and there.protocol in HTTP):
        found[binds[0], port.number] = _Entry(port, binds, bound, chains, protocol, service.ref)
        return
    if http or there.protocol in HTTP or port.protocol == DETECTED:
        there.protocol = DETECTED
    for each in chains:
        if not any(known.conflicts(each) for known in there.chains):
            there.chains.append(each)


def _keeps_off(new: str, there: str) -> bool:
    """Mirrors isConflictWithWellKnownPort (core/listener.go)."""
    return new != there and (new in _ALONE or there in _ALONE)


def _table(service: KnownService, port: Port, bind: str, shared: bool) -> str:
    """The route table of a chain: of its port, of its socket, or of one service where the listener is that one's alone.

    Mirrors buildSidecarOutboundHTTPListenerOpts (core/listener.go).
    """
    if not port.number:
        return bind
    return f"{service.hostname}:{port.number}" if port.protocol == DETECTED and not shared else str(port.number)


def _listener(index: Index, scope: SidecarScope, entry: _Entry) -> Listener:
    """Mirrors buildListenerFromEntry (core/listener.go)."""
    name = f"{entry.binds[0]}_{entry.port.number}"
    default: FilterChain | None = None
    chains: list[FilterChain] = []
    for each in entry.chains:
        made = FilterChain(
            each.filters or (_manager(index, entry.port, name, each),),
            ChainMatch() if each.takes_all else each.match,
            transport_socket_connect_timeout=HANDSHAKE,
            extra=each.extra,
            ref=each.ref,
        )
        if each.takes_all:
            default = made
        else:
            chains.append(made)
    if default is not None and not chains:
        chains, default = [default], None
    elif default is None:
        default = FilterChain((_unknown_traffic(scope),), name="PassthroughFilterChain")
    inspected = any(each.inspected for each in entry.chains)
    inspectors = (
        *((TLS_INSPECTOR,) if any(each.names for each in entry.chains) else ()),
        *(("envoy.filters.listener.http_inspector",) if inspected else ()),
    )
    waits = index.snapshot.mesh.protocol_detection_timeout if inspected else timedelta(0)
    return Listener(
        name,
        _address(entry.binds[0], entry.port.number),
        tuple(chains),
        additional_addresses=tuple(_address(each, entry.port.number) for each in entry.binds[1:]),
        default_filter_chain=default,
        listener_filters=inspectors,
        listener_filters_timeout=waits,
        continue_on_listener_filters_timeout=True,
        traffic_direction="OUTBOUND",
        bind_to_port=entry.bound,
        extra=_ACCEPT_ONE if entry.bound else EMPTY,
        ref=entry.ref,
    )


def _manager(index: Index, port: Port, listener: str, chain: Chain) -> HttpConnectionManager:
    """Services on a port share it: the protocol is that of the first."""
    manager = connection_manager(
        side="outbound",
        stat_prefix=f"outbound_{listener};",
        routes=chain.routes,
        policy=(GRPC_WEB,) if port.protocol == "GRPC_WEB" else (),
    )
    *others, router = manager.http_filters
    manager = replace(manager, http_filters=(*others, *chain.http_filters, router))
    options = {"accept_http_10": True} if index.snapshot.mesh.http10 else {}
    if chain.routes == HTTP_PROXY_TABLE:
        options["allow_absolute_url"] = True
    if not options:
        return manager
    return replace(manager, extra=FrozenMap({**manager.extra, "http_protocol_options": FrozenMap(options)}))


def _address(bind: str, port: int) -> Address:
    return SocketAddress(bind, port) if port else Pipe(bind.removeprefix(UNIX))


def _http_proxy(index: Index, proxy: Proxy, scope: SidecarScope) -> Listener | None:
    """Where clients that are set to use an HTTP proxy connect. Mirrors buildHTTPProxy (core/listener.go)."""
    number = index.snapshot.mesh.http_proxy_port
    if not number:
        return None
    binds = tuple(LOOPBACKS[each] for each in families_of(proxy))
    chains = [Chain(routes=HTTP_PROXY_TABLE)]
    return _listener(index, scope, _Entry(Port(number, "HTTP_PROXY"), binds, True, chains, "HTTP_PROXY", None))


def _virtual_outbound(index: Index, proxy: Proxy, scope: SidecarScope) -> Listener:
    """Where iptables sends all outbound connections. Mirrors blackholeFilterChain and
    buildOutboundCatchAllNetworkFilterChains (core/listener_builder.go)."""
    number = index.snapshot.mesh.proxy_port
    wildcards = tuple(WILDCARDS[each] for each in families_of(proxy))
    direct = FilterChain(
        (TcpProxy(BLACK_HOLE, BLACK_HOLE),),
        ChainMatch(destination_port=number),  # straight to this port: passing it on would come back here
        name="virtualOutbound-blackhole",
    )
    transparent = {"transparent": True} if proxy.interception == "TPROXY" else {}
    return Listener(
        "virtualOutbound",
        SocketAddress(wildcards[0], number),
        (direct, FilterChain((_unknown_traffic(scope),), name="virtualOutbound-catchall-tcp")),
        traffic_direction="OUTBOUND",
        use_original_dst=True,
        extra=FrozenMap({**_ACCEPT_ONE, **transparent}),
    )


def unknown_cluster(scope: SidecarScope) -> str:
    """Where traffic goes that nothing else takes: on to where it was sent, to the egress proxy, or nowhere.

    Mirrors buildOutboundCatchAllNetworkFiltersOnly (core/listener_builder.go).
    """
    if scope.outbound != "ALLOW_ANY":
        return BLACK_HOLE
    to = scope.egress_proxy
    if to is None:
        return PASSTHROUGH
    port = virtual_service.Port(number=to.port.number) if to.port else None
    return destination_cluster(virtual_service.Destination(host=to.host, port=port, subset=to.subset), None, 0)


def _unknown_traffic(scope: SidecarScope) -> TcpProxy:
    cluster = unknown_cluster(scope)
    return TcpProxy(cluster, cluster)
