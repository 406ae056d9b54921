"""A gateway's route tables: one for all plain HTTP servers of a port, one for each HTTPS server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.manifests.snapshot import ref_of
from pulumi_mesh.proxy.resolve.actions import Scope
from pulumi_mesh.proxy.resolve.gateway_merge import Merged
from pulumi_mesh.proxy.resolve.gateway_servers import Server
from pulumi_mesh.proxy.resolve.hosts import intersection, specificity
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.origins import written
from pulumi_mesh.proxy.resolve.routes import BODY_LIMIT, catch_alls_last, routes_of
from pulumi_mesh.proxy.resolve.virtual_services import bound_to
from pulumi_mesh.proxy.resolve.visibility import is_visible
from pulumi_mesh.proxy.view.routes import Route, RouteConfig, VirtualHost
from pulumi_mesh.refs import Ref


def gateway_routes(index: Index, proxy: Proxy, merged: Merged, names: Iterable[str]) -> tuple[RouteConfig, ...]:
    """The tables that listeners ask for. Mirrors ConfigGeneratorImpl.buildGatewayHTTPRouteConfig (core/gateway.go)."""
    lookup = _lookup(index, proxy)
    return tuple(
        RouteConfig(
            name=name,
            virtual_hosts=_virtual_hosts(index, proxy, merged.by_route_name[name], lookup),
            validate_clusters=False,
            ignore_port_in_host_matching=True,
            max_direct_response_body_size=BODY_LIMIT,
        )
        for name in sorted(set(names))
    )


_Lookup = Callable[[str, str], KnownService | None]
"""From a namespace and a host name to the service."""


def _lookup(index: Index, proxy: Proxy) -> _Lookup:
    """Of services that share a host name that of the virtual service's namespace, if the gateway sees it.

    Mirrors buildNameToServiceMapForHTTPRoutes (core/gateway.go).
    """
    named = {(each.namespace, each.hostname.lower()): each for each in index.services}
    seen = index.visible(proxy)

    def lookup(namespace: str, host: str) -> KnownService | None:
        own = named.get((namespace, host.lower()))
        if own is not None and is_visible(own, proxy.namespace, index.snapshot.mesh):
            return own
        return seen.service(host)

    return lookup


_Source = tuple[str, Ref]
"""A gateway, and a virtual service that is bound to it."""


@dataclass(frozen=True, slots=True)
class _Host:
    """A virtual host to be. sources: of each run of routes: hosts with equal ones may be joined."""

    port: int
    sources: tuple[_Source, ...] = ()
    routes: tuple[Route, ...] = ()
    https: bool = False
    ref: Ref | None = None


def _virtual_hosts(index: Index, proxy: Proxy, servers: list[Server], lookup: _Lookup) -> tuple[VirtualHost, ...]:
    """A virtual host for each host that a server and a virtual service have in common."""
    hosts: dict[str, _Host] = {}
    made: dict[_Source, tuple[Route, ...]] = {}
    for server in servers:
        _add_routes(index, proxy, server, lookup, hosts, made)
        if server.redirects:
            for host in (each.lower() for each in server.hosts):
                hosts[host] = replace(hosts.get(host, _Host(server.spec.port.number, ref=server.ref)), https=True)
    if not hosts:
        return (VirtualHost(f"blackhole:{servers[0].spec.port.number}", ("*",), (), ref=servers[0].ref),)
    return tuple(sorted(_collapsed(hosts), key=lambda each: each.name))


def _add_routes(
    index: Index,
    proxy: Proxy,
    server: Server,
    lookup: _Lookup,
    hosts: dict[str, _Host],
    made: dict[_Source, tuple[Route, ...]],
) -> None:
    """Add what virtual services say of a server's hosts. made: routes are built once for a gateway."""
    number = server.spec.port.number
    for bound in bound_to(index.virtual_services, server.owner, proxy.namespace):
        common = intersection(_for_namespace(server.hosts, bound.source.namespace), bound.hosts)
        if not common:
            continue
        source = (server.owner, ref_of(bound.source))
        if source not in made:
            known = partial(lookup, bound.source.namespace)
            scope = Scope(index, proxy, number, server.owner, server.spec.tls is not None, known)
            if not (routes := routes_of(bound, scope)):
                continue
            made[source] = routes
        for host in (each.lower() for each in common):
            there = hosts.get(host, _Host(number, ref=written(bound.source)))
            hosts[host] = replace(
                there,
                sources=(*there.sources, source),
                routes=(*there.routes, *made[source]),
                https=there.https or server.redirects,
            )


def _for_namespace(hosts: tuple[str, ...], namespace: str) -> list[str]:
    """The hosts that virtual services of a namespace may use. Mirrors NamesForNamespace (pkg/config/host)."""
    parts = [each.rpartition("/") for each in hosts]
    return [host for owner, slash, host in parts if not slash or owner in (namespace, "*")]


def _collapsed(hosts: dict[str, _Host]) -> list[VirtualHost]:
    """Hosts with the same routes as domains of one virtual host, named after the most specific; the last of those
    with the same routes and another redirect stands for them.

    Mirrors collapseDuplicateRoutes (core/gateway.go).
    """
    found: dict[str, VirtualHost] = {}
    known: dict[tuple[_Source, ...], str] = {}
    for name in sorted(hosts, key=specificity):
        host = hosts[name]
        same = known.get(host.sources)
        if same is not None and hosts[same].https == host.https:
            found[same] = replace(found[same], domains=(*found[same].domains, name))
            continue
        known[host.sources] = name
        found[name] = VirtualHost(
            f"{name}:{host.port}",
            (name,),
            catch_alls_last(host.routes),
            require_tls="ALL" if host.https else "",
            include_request_attempt_count=True,
            ref=host.ref,
        )
    return list(found.values())
