"""Requests to unknown hosts, sent to what DNS says of their Host: the outbound policy ALLOW_ANY_DYNAMIC_DNS.

It differs from ALLOW_ANY for plain HTTP only, which there goes on to the address that the client chose.
"""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import MeshConfig, Proxy
from pulumi_mesh.proxy.resolve.actions import NO_TIMEOUT
from pulumi_mesh.proxy.resolve.clusters import passthrough
from pulumi_mesh.proxy.resolve.connection_pool import circuit_breakers, keepalive
from pulumi_mesh.proxy.resolve.dns import lookup_family
from pulumi_mesh.proxy.resolve.http import connection_manager
from pulumi_mesh.proxy.resolve.inbound.matching import PLAIN_HTTP
from pulumi_mesh.proxy.resolve.matches import EVERYTHING
from pulumi_mesh.proxy.resolve.routes import BODY_LIMIT
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FilterChain,
    HttpConnectionManager,
    Listener,
    OpaqueFilter,
    RouterFilter,
)
from pulumi_mesh.proxy.view.routes import Forward, Route, RouteConfig, VirtualHost

MODE = "ALLOW_ANY_DYNAMIC_DNS"
CLUSTER = "AllowAnyDynamicDNSCluster"

_NAME = "allow_any_dynamic_dns"
_DETECTED = "virtualOutbound-catchall-tcp-http"
_MOST_HOSTS = 1024
"""istiod's default of PILOT_ALLOW_ANY_DYNAMIC_DNS_MAX_HOSTS."""
_TYPES = "type.googleapis.com/envoy.extensions"


def dynamic_cluster(proxy: Proxy, mesh: MeshConfig) -> Cluster:
    """Where unknown hosts are. Mirrors ClusterBuilder.buildAllowAnyDFPCluster (core/cluster_builder.go), without TLS of
    its own."""
    kind = {
        "name": "envoy.clusters.dynamic_forward_proxy",
        "typed_config": {
            "@type": f"{_TYPES}.clusters.dynamic_forward_proxy.v3.ClusterConfig",
            "dns_cache_config": _cache(proxy),
            "allow_insecure_cluster_options": True,
        },
    }
    extra = FrozenMap({"alt_stat_name": f"{CLUSTER};", "cluster_type": freeze(kind)})
    # The mesh's limits are for services, and for what is passed through.
    return replace(
        passthrough(mesh),
        name=CLUSTER,
        type="STATIC",
        connect_timeout=mesh.connect_timeout,
        circuit_breakers=circuit_breakers(None, None),
        keepalive=keepalive(None, mesh.tcp_keepalive),
        extra=extra,
    )


def with_dynamic_listeners(listeners: tuple[Listener, ...], proxy: Proxy) -> tuple[Listener, ...]:
    """Outbound listeners of ALLOW_ANY, with all requests prepared to be resolved, and those to addresses that no
    service has taken in.

    Mirrors ListenerBuilder.buildAllowAnyDynamicDNSHTTPFilterChain and buildAllowAnyDynamicDNSHTTPForwardProxyFilter
    (core).
    """
    return tuple(
        replace(each, filter_chains=tuple(_prepared(chain, proxy) for chain in each.filter_chains))
        if each.name != "virtualOutbound"
        else _redirected(each, proxy)
        for each in listeners
    )


def with_dynamic_routes(tables: tuple[RouteConfig, ...]) -> tuple[RouteConfig, ...]:
    """Route tables of ALLOW_ANY with the last virtual host of this policy. Mirrors buildCatchAllVirtualHost
    (core/httproute.go)."""

    def changed(table: RouteConfig) -> RouteConfig:
        hosts = (_CATCH_ALL if each.name == "allow_any" else each for each in table.virtual_hosts)
        return replace(table, virtual_hosts=tuple(hosts))

    return tuple(map(changed, tables))


_CATCH_ALL = VirtualHost(
    _NAME,
    ("*",),
    (Route(EVERYTHING, Forward(CLUSTER, timeout=NO_TIMEOUT, max_grpc_timeout=NO_TIMEOUT), name=_NAME),),
    include_request_attempt_count=True,
)


def _redirected(listener: Listener, proxy: Proxy) -> Listener:
    *others, last = listener.filter_chains
    table = RouteConfig(
        _NAME,
        (_CATCH_ALL,),
        validate_clusters=False,
        ignore_port_in_host_matching=True,
        max_direct_response_body_size=BODY_LIMIT,
    )
    manager = connection_manager(side="outbound", stat_prefix=f"outbound_virtualOutbound_{_NAME};", routes=table)
    detected = FilterChain((manager,), ChainMatch(application_protocols=PLAIN_HTTP), name=_DETECTED)
    return replace(
        listener,
        filter_chains=(*others, _prepared(detected, proxy), last),
        listener_filters=(*listener.listener_filters, "envoy.filters.listener.http_inspector"),
    )


def _prepared(chain: FilterChain, proxy: Proxy) -> FilterChain:
    """With the filter that resolves, before the one that routes."""
    config = {
        "@type": f"{_TYPES}.filters.http.dynamic_forward_proxy.v3.FilterConfig",
        "dns_cache_config": _cache(proxy),
    }
    resolving = OpaqueFilter("envoy.filters.http.dynamic_forward_proxy", freeze(config))

    def managed(manager: HttpConnectionManager) -> HttpConnectionManager:
        filters = manager.http_filters
        place = next((at for at, each in enumerate(filters) if isinstance(each, RouterFilter)), len(filters))
        return replace(manager, http_filters=(*filters[:place], resolving, *filters[place:]))

    filters = tuple(managed(each) if isinstance(each, HttpConnectionManager) else each for each in chain.filters)
    return replace(chain, filters=filters)


def _cache(proxy: Proxy) -> dict[str, object]:
    """Mirrors buildAllowAnyDynamicDNSDNSCacheConfig (core/networkfilter.go)."""
    cache: dict[str, object] = {
        "name": "allow_any_dfp_dns_cache",
        "max_hosts": _MOST_HOSTS,
        "dns_lookup_family": lookup_family(proxy),
    }
    if proxy.dns_capture:
        agent = {"socket_address": {"address": "127.0.0.1", "port_value": 15053}}
        kind = f"{_TYPES}.network.dns_resolver.cares.v3.CaresDnsResolverConfig"
        cache["typed_dns_resolver_config"] = {
            "name": "envoy.network.dns_resolver.cares",
            "typed_config": {"@type": kind, "resolvers": [agent]},
        }
    return cache
