"""Outbound listeners of a sidecar: one for each port of HTTP services, one for each address of other services, and
the one that everything is redirected to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.snapshot import KnownService, Proxy, ServicePort
from pulumi_mesh.proxy.resolve.clusters import BLACK_HOLE, PASSTHROUGH, cluster_name
from pulumi_mesh.proxy.resolve.destination_rules import Rule
from pulumi_mesh.proxy.resolve.durations import duration, proto_json
from pulumi_mesh.proxy.resolve.http import HANDSHAKE, WILDCARD, connection_manager
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.outbound_routes import HTTP
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import ChainMatch, FilterChain, Listener, TcpProxy
from pulumi_mesh.refs import Ref

CAPTURE_PORT = 15001
"""MeshConfig's default ``proxyListenPort``."""

_RESERVED = frozenset({CAPTURE_PORT, 15006})


def outbound_listeners(index: Index, proxy: Proxy) -> tuple[Listener, ...]:
    """All outbound listeners, by name, then ``virtualOutbound``.

    Mirrors ListenerBuilder.buildSidecarOutboundListeners and buildVirtualOutboundListener (core).
    """
    found: dict[str, Listener] = {}
    for service in index.services:
        for port in service.ports:
            if port.protocol in HTTP:
                if port.number not in _RESERVED:
                    found.setdefault(f"{WILDCARD}_{port.number}", _http_listener(index, port, service.ref))
                continue
            rule = index.rules.for_client(proxy, service)
            for address in _addresses(index, proxy, service):
                made = _tcp_listener(service, port, address, rule)
                found.setdefault(made.name, made)
    return (*(found[name] for name in sorted(found)), _virtual_outbound(index))


def _addresses(index: Index, proxy: Proxy, service: KnownService) -> tuple[str, ...]:
    """Where clients of a TCP port connect: the service's address; those of its workloads where it is headless,
    but not the proxy's own."""
    if service.address:
        return (service.address,)
    return tuple(each.address for each in index.workloads(service) if each.address != proxy.address)


def _http_listener(index: Index, port: ServicePort, ref: Ref | None) -> Listener:
    """Mirrors buildSidecarOutboundHTTPListenerOpts and buildListenerFromEntry (core/listener.go)."""
    name = f"{WILDCARD}_{port.number}"
    manager = connection_manager(side="outbound", stat_prefix=f"outbound_{name};", routes=str(port.number))
    match = ChainMatch(transport_protocol="raw_buffer", application_protocols=("http/1.1", "h2c"))
    chain = FilterChain((manager,), match, transport_socket_connect_timeout=HANDSHAKE)
    return Listener(
        name,
        SocketAddress(WILDCARD, port.number),
        (chain,),
        default_filter_chain=FilterChain((_unknown_traffic(index),), name="PassthroughFilterChain"),
        listener_filters=("envoy.filters.listener.http_inspector",),
        listener_filters_timeout=timedelta(0),
        continue_on_listener_filters_timeout=True,
        traffic_direction="OUTBOUND",
        bind_to_port=False,
        ref=ref,
    )


def _tcp_listener(service: KnownService, port: ServicePort, address: str, rule: Rule | None) -> Listener:
    """Mirrors buildSidecarOutboundTCPFilterChainOpts and buildOutboundNetworkFiltersWithSingleDestination (core)."""
    cluster = cluster_name(service.hostname, port.number)
    policy = rule.policy if rule else None
    tcp = policy.connection_pool.tcp if policy and policy.connection_pool else None
    proxy = TcpProxy(cluster, cluster, idle_timeout=duration(tcp.idle_timeout) if tcp else None)
    hashing = policy.load_balancer.consistent_hash if policy and policy.load_balancer else None
    extra: dict[str, object] = {}
    if tcp and (longest := duration(tcp.max_connection_duration)) is not None:
        extra["max_downstream_connection_duration"] = proto_json(longest)
    if hashing and hashing.use_source_ip:
        extra["hash_policy"] = (FrozenMap({"source_ip": FrozenMap()}),)
    if extra:
        proxy = replace(proxy, extra=FrozenMap(extra))
    return Listener(
        f"{address}_{port.number}",
        SocketAddress(address, port.number),
        (FilterChain((proxy,), transport_socket_connect_timeout=HANDSHAKE),),
        listener_filters_timeout=timedelta(0),
        continue_on_listener_filters_timeout=True,
        traffic_direction="OUTBOUND",
        bind_to_port=False,
        ref=service.ref,
    )


def _virtual_outbound(index: Index) -> Listener:
    """Where iptables sends all outbound connections. Mirrors blackholeFilterChain and
    buildOutboundCatchAllNetworkFilterChains (core/listener_builder.go)."""
    direct = FilterChain(
        (TcpProxy(BLACK_HOLE, BLACK_HOLE),),
        ChainMatch(destination_port=CAPTURE_PORT),  # straight to this port: passing it on would come back here
        name="virtualOutbound-blackhole",
    )
    return Listener(
        "virtualOutbound",
        SocketAddress(WILDCARD, CAPTURE_PORT),
        (direct, FilterChain((_unknown_traffic(index),), name="virtualOutbound-catchall-tcp")),
        traffic_direction="OUTBOUND",
        use_original_dst=True,
        extra=FrozenMap({"max_connections_to_accept_per_socket_event": 1}),
    )


def _unknown_traffic(index: Index) -> TcpProxy:
    """Mirrors buildOutboundCatchAllNetworkFiltersOnly (core/listener_builder.go)."""
    cluster = PASSTHROUGH if index.snapshot.mesh.outbound == "ALLOW_ANY" else BLACK_HOLE
    return TcpProxy(cluster, cluster)
