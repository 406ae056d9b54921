"""What a gateway does with connections that it does not read as HTTP: by ``tcp`` and ``tls`` routes, or by the name
that a client of another cluster asks for."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.istio import virtual_service
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.resolve.actions import Scope
from pulumi_mesh.proxy.resolve.gateway_merge import claim
from pulumi_mesh.proxy.resolve.gateway_servers import Server
from pulumi_mesh.proxy.resolve.hosts import matches, subset_of
from pulumi_mesh.proxy.resolve.http import HANDSHAKE
from pulumi_mesh.proxy.resolve.inbound.matching import MESH
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.server_tls import server_tls
from pulumi_mesh.proxy.resolve.stat_names import stat_name
from pulumi_mesh.proxy.resolve.stream_routes import single_destination, stream_filters
from pulumi_mesh.proxy.resolve.virtual_services import Bound, bound_to
from pulumi_mesh.proxy.view.listeners import ChainMatch, FilterChain, NetworkFilter
from pulumi_mesh.words.cluster_names import ClusterName

_ANY = ChainMatch()
_PARENTS = "internal.istio.io/parents"


def stream_chains(
    index: Index, proxy: Proxy, server: Server, policy: tuple[NetworkFilter, ...], claimed: dict[str, str]
) -> tuple[FilterChain, ...]:
    """The filter chains of a server that is not HTTP; none where no route leads on.

    policy: the network filters of authorization. claimed: names that chains of the port already match, and their
    address.

    Mirrors ListenerBuilder.createGatewayTCPFilterChainOpts (core/gateway.go).
    """
    if server.spec.tls is None:
        filters = _by_port(index, proxy, server)
        return (_chain((*policy, *filters), server),) if filters else ()
    if not server.passes_through:
        filters = _by_port(index, proxy, server)
        if not filters:
            return ()
        chain = FilterChain(
            (*policy, *filters),
            names_match(server.server_names),
            tls=server_tls(server.spec.tls, index.snapshot.mesh),
            transport_socket_connect_timeout=HANDSHAKE,
            ref=server.ref,
        )
        return (chain,)
    if server.spec.tls.mode == "AUTO_PASSTHROUGH":
        return tuple(_across_clusters(index, proxy, server))
    return tuple(_by_name(index, proxy, server, policy, claimed))


def names_match(names: Iterable[str]) -> ChainMatch:
    """Connections to the names, or to any if one is ``*``. Mirrors toFilterChainMatch (core/listener.go)."""
    names = tuple(sorted(names))
    return ChainMatch(server_names=() if "*" in names else names)


def _chain(filters: tuple[NetworkFilter, ...], server: Server, match: ChainMatch = _ANY) -> FilterChain:
    return FilterChain(filters, match, transport_socket_connect_timeout=HANDSHAKE, ref=server.ref)


def _by_port(index: Index, proxy: Proxy, server: Server) -> tuple[NetworkFilter, ...]:
    """The filters of the first ``tcp`` route for the server. A TLSRoute of the Gateway API has its ``tls`` routes count
    here too.

    Mirrors ListenerBuilder.buildGatewayNetworkFiltersFromTCPRoutes (core/gateway.go).
    """
    scope = _scope(index, proxy, server)
    for bound in _bound(index, proxy, server):
        for tcp in bound.tcp:
            if tcp.route and (not tcp.match or any(_counts(each, server) for each in tcp.match)):
                return stream_filters(tcp.route, bound.source, scope, server.protocol, server.spec.port.name or "")
        if str(bound.source.annotations.get(_PARENTS, "")).startswith("TLSRoute/"):
            for tls in bound.tls:
                if tls.route and any(_counts(each, server) for each in tls.match):
                    return stream_filters(tls.route, bound.source, scope, server.protocol, server.spec.port.name or "")
    return ()


def _by_name(
    index: Index, proxy: Proxy, server: Server, policy: tuple[NetworkFilter, ...], claimed: dict[str, str]
) -> Iterable[FilterChain]:
    """A chain for each match of ``tls`` routes, without those for names that have one.

    Mirrors ListenerBuilder.buildGatewayNetworkFiltersFromTLSRoutes (core/gateway.go).
    """
    scope = _scope(index, proxy, server)
    for bound in _bound(index, proxy, server):
        for tls in bound.tls:
            for match in tls.match if tls.route else ():
                if _counts(match, server) and claim(claimed, match.sni_hosts, server.bind):
                    filters = stream_filters(
                        tls.route or (), bound.source, scope, server.protocol, server.spec.port.name or ""
                    )
                    yield _chain((*policy, *filters), server, names_match(match.sni_hosts))


def _across_clusters(index: Index, proxy: Proxy, server: Server) -> Iterable[FilterChain]:
    """A chain for each cluster that proxies of other networks may ask for, by the name that their mutual TLS has.

    Only what mesh sidecars offer as application protocols is let in, as nothing here can check their certificates.

    Mirrors builtAutoPassthroughFilterChains (core/gateway.go).
    """
    pattern = index.snapshot.mesh.outbound_stat_name
    for service in index.visible(proxy).services:
        if service.external or not any(subset_of(service.hostname, each) for each in server.server_names):
            continue
        rule = index.rules.for_client(proxy, service)
        subsets = [each.name for each, _ in rule.subsets] if rule else []
        for port in service.ports:
            if port.protocol == "UDP":
                continue
            for subset in ("", *subsets):
                cluster = ClusterName("outbound", port.number, subset, service.hostname).server_name
                prefix = stat_name(pattern, service.hostname, service, port.number, port.name, subset=subset)
                filters = single_destination(cluster, rule, port.protocol, prefix, subset=subset, tunnel=False)
                match = ChainMatch(server_names=(cluster,), application_protocols=MESH)
                yield _chain(filters, server, match)


def _scope(index: Index, proxy: Proxy, server: Server) -> Scope:
    lookup = index.visible(proxy).service
    return Scope(index, proxy, server.spec.port.number, server.owner, server.spec.tls is not None, lookup)


def _bound(index: Index, proxy: Proxy, server: Server) -> Iterable[Bound]:
    """The virtual services of a server's Gateway that have a host in common with it.

    Mirrors pickMatchingGatewayHosts (core/gateway.go).
    """
    for bound in bound_to(index.virtual_services, server.owner, proxy.namespace):
        parts = [each.rpartition("/") for each in server.hosts]
        served = [host for owner, slash, host in parts if not slash or owner == bound.source.namespace]
        if any(matches(host, each) for host in served for each in bound.hosts):
            yield bound


def _counts(match: virtual_service.TcpMatch | virtual_service.TlsMatch, server: Server) -> bool:
    """Whether a match is for this port and Gateway. Mirrors l4SingleMatch (core/gateway.go)."""
    if match.port and match.port != server.spec.port.number:
        return False
    return not match.gateways or server.owner in match.gateways
