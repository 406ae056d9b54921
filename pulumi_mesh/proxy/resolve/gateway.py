"""A gateway's listeners and route tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.snapshot import Proxy, ref_of
from pulumi_mesh.proxy.resolve.actions import Scope
from pulumi_mesh.proxy.resolve.gateway_servers import Merged, Server, merged_servers
from pulumi_mesh.proxy.resolve.hosts import intersection, specificity
from pulumi_mesh.proxy.resolve.http import HANDSHAKE, WILDCARD, connection_manager
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.routes import BODY_LIMIT, catch_alls_last, routes_of
from pulumi_mesh.proxy.resolve.server_tls import server_tls
from pulumi_mesh.proxy.resolve.virtual_services import bound_to
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import ChainMatch, FilterChain, HttpFilter, Listener, OpaqueFilter
from pulumi_mesh.proxy.view.routes import Route, RouteConfig, VirtualHost
from pulumi_mesh.refs import Ref

_TLS_INSPECTOR = OpaqueFilter(
    "envoy.filters.listener.tls_inspector",
    FrozenMap(
        {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
            "initial_read_buffer_size": 512,
        }
    ),
)


def gateway(
    index: Index, proxy: Proxy, policy: tuple[HttpFilter, ...]
) -> tuple[tuple[Listener, ...], tuple[RouteConfig, ...]]:
    """The listeners and the route tables of a gateway. policy: the HTTP filters of authorization."""
    merged = merged_servers(index.snapshot, proxy)
    return _listeners(merged, policy), _route_tables(index, proxy, merged)


def _listeners(merged: Merged, policy: tuple[HttpFilter, ...]) -> tuple[Listener, ...]:
    """One for each address and port: a chain for all plain HTTP servers, and one for each HTTPS server.

    Mirrors ConfigGeneratorImpl.buildGatewayListeners and buildGatewayListener (core/gateway.go, core/listener.go).
    """
    found: dict[str, Listener] = {}
    for port, servers in merged.by_port.items():
        address = port.bind or WILDCARD
        name = f"{address}_{port.number}"
        if servers[0].is_http:
            chains = [_chain(servers[0], name, policy)]
        else:
            chains = [_chain(each, name, policy) for each in servers if each.terminates_https]
        if not chains:
            continue
        if name in found:
            chains = [*found[name].filter_chains, *chains]
        found[name] = Listener(
            name,
            SocketAddress(address, port.number),
            tuple(chains),
            listener_filters=(_TLS_INSPECTOR,) if any(each.tls for each in chains) else (),
            traffic_direction="OUTBOUND",
            extra=FrozenMap({"max_connections_to_accept_per_socket_event": 1}),
            ref=chains[0].ref,
        )
    return tuple(found[name] for name in sorted(found))


def _chain(server: Server, listener: str, policy: tuple[HttpFilter, ...]) -> FilterChain:
    """Mirrors createGatewayHTTPFilterChainOpts and toFilterChainMatch (core)."""
    tls = server.spec.tls if server.terminates_https else None
    prefix = server.spec.name if tls and server.spec.name else f"outbound_{listener};"
    manager = connection_manager(side="gateway", stat_prefix=prefix, routes=server.route_name, policy=policy)
    names = sorted({each.rpartition("/")[2] for each in server.hosts}) if tls else []
    return FilterChain(
        (manager,),
        ChainMatch(server_names=() if "*" in names else tuple(names)),
        tls=server_tls(tls) if tls else None,
        transport_socket_connect_timeout=HANDSHAKE,
        ref=server.ref,
    )


@dataclass(frozen=True, slots=True)
class _Host:
    """A virtual host to be. sources: gateway and virtual service of each run of routes: equal ones may be joined."""

    port: int
    sources: tuple[tuple[str, Ref], ...] = ()
    routes: tuple[Route, ...] = ()
    https: bool = False
    ref: Ref | None = None


def _route_tables(index: Index, proxy: Proxy, merged: Merged) -> tuple[RouteConfig, ...]:
    return tuple(
        RouteConfig(
            name=name,
            virtual_hosts=_virtual_hosts(index, proxy, merged.by_route_name[name]),
            validate_clusters=False,
            ignore_port_in_host_matching=True,
            max_direct_response_body_size=BODY_LIMIT,
        )
        for name in sorted(merged.by_route_name)
    )


def _virtual_hosts(index: Index, proxy: Proxy, servers: list[Server]) -> tuple[VirtualHost, ...]:
    """A virtual host for each host that a server and a virtual service have in common.

    Mirrors ConfigGeneratorImpl.buildGatewayHTTPRouteConfig (core/gateway.go).
    """
    hosts: dict[str, _Host] = {}
    made: dict[tuple[str, Ref], tuple[Route, ...]] = {}
    for server in servers:
        number = server.spec.port.number
        scope = Scope(index, proxy, number, server.owner, server.spec.tls is not None, index.service)
        for bound in bound_to(index.virtual_services, server.owner, proxy.namespace):
            common = intersection(_for_namespace(server.hosts, bound.source.namespace), bound.hosts)
            if not common:
                continue
            source = (server.owner, ref_of(bound.source))
            if source not in made:
                made[source] = routes_of(bound, scope)
            if not made[source]:
                continue
            for host in (each.lower() for each in common):
                there = hosts.get(host, _Host(number, ref=source[1]))
                hosts[host] = replace(
                    there,
                    sources=(*there.sources, source),
                    routes=(*there.routes, *made[source]),
                    https=there.https or server.redirects,
                )
        if server.redirects:
            for host in (each.lower() for each in server.hosts):
                hosts[host] = replace(hosts.get(host, _Host(number, ref=server.ref)), https=True)
    if not hosts:
        return (VirtualHost(f"blackhole:{servers[0].spec.port.number}", ("*",), (), ref=servers[0].ref),)
    return tuple(sorted(_collapsed(hosts), key=lambda each: each.name))


def _for_namespace(hosts: tuple[str, ...], namespace: str) -> list[str]:
    """The hosts that virtual services of a namespace may use. Mirrors NamesForNamespace (pkg/config/host)."""
    parts = [each.rpartition("/") for each in hosts]
    return [host for owner, slash, host in parts if not slash or owner in (namespace, "*")]


def _collapsed(hosts: dict[str, _Host]) -> list[VirtualHost]:
    """Hosts with the same routes as domains of one virtual host, named after the most specific.

    Mirrors collapseDuplicateRoutes (core/gateway.go).
    """
    found: dict[tuple[object, bool], VirtualHost] = {}
    for name in sorted(hosts, key=specificity):
        host = hosts[name]
        key = (host.sources, host.https)
        if key in found:
            found[key] = replace(found[key], domains=(*found[key].domains, name))
            continue
        found[key] = VirtualHost(
            f"{name}:{host.port}",
            (name,),
            catch_alls_last(host.routes),
            require_tls="ALL" if host.https else "",
            include_request_attempt_count=True,
            ref=host.ref,
        )
    return list(found.values())
