"""Resolving: what istiod computes for a proxy, from a snapshot alone.

The order of reading: hosts, virtual services, destination rules and the index of them; matches, actions and routes;
clusters with their endpoints; then what a gateway has (``gateway``) and what a sidecar has (``outbound``, ``inbound``);
last what EnvoyFilters change (``envoy_filters``, ``pulumi_mesh.proxy.patching``). Each step names in its docstring the
part of Istio that it mirrors; ``core/`` is pilot/pkg/networking/core and ``networking/util`` pilot/pkg/networking/util.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.patching import patched
from pulumi_mesh.proxy.resolve import dynamic_dns, inbound, security, telemetry
from pulumi_mesh.proxy.resolve.clusters import black_hole, outbound_clusters, passthrough
from pulumi_mesh.proxy.resolve.envoy_filters import patches_for
from pulumi_mesh.proxy.resolve.gateway import gateway
from pulumi_mesh.proxy.resolve.gateway_listeners import Policies
from pulumi_mesh.proxy.resolve.gateway_sni_dnat import sni_dnat_clusters
from pulumi_mesh.proxy.resolve.index import Index, index
from pulumi_mesh.proxy.resolve.normalization import normalized
from pulumi_mesh.proxy.resolve.outbound import outbound_listeners, tables_of
from pulumi_mesh.proxy.resolve.outbound_routes import outbound_routes
from pulumi_mesh.proxy.resolve.proxy_headers import with_counted_attempts, with_proxy_headers
from pulumi_mesh.proxy.resolve.sidecar_scope import SidecarScope, scope_key, sidecar_scope
from pulumi_mesh.proxy.view import ProxyView

__all__ = ["resolve", "resolve_all"]


def resolve(snapshot: Snapshot, proxy: Proxy) -> ProxyView:
    """Everything that a proxy is told. Pure: the same snapshot gives the same view.

    Mirrors ConfigGeneratorImpl.BuildListeners, BuildHTTPRoutes and BuildClusters (core) and
    EndpointBuilder.BuildClusterLoadAssignment (pilot/pkg/xds/endpoints).
    """
    return resolve_all(snapshot, (proxy,))[proxy]


def resolve_all(snapshot: Snapshot, proxies: Iterable[Proxy]) -> dict[Proxy, ProxyView]:
    """What ``resolve`` gives for each of the proxies, in their order; the snapshot is indexed once."""
    found = index(snapshot)
    scopes: dict[object, SidecarScope] = {}
    views: dict[Proxy, ProxyView] = {}
    for each in proxies:
        if each.kind == "router":
            views[each] = _router(found, each)
            continue
        key = scope_key(found, each)
        if key not in scopes:
            scopes[key] = sidecar_scope(found, each)
        views[each] = _sidecar(found.narrowed(each, scopes[key].visible), each, scopes[key])
    return views


def _router(found: Index, proxy: Proxy) -> ProxyView:
    policies = Policies(
        http=security.request_filters(found.snapshot, proxy),
        network=security.connection_filters(found.snapshot, proxy),
    )
    edge = gateway(found, proxy, policies)
    mesh = found.snapshot.mesh
    listeners = with_proxy_headers(mesh, normalized(mesh, edge.listeners), router=True)
    clusters, endpoints = outbound_clusters(found, proxy)
    passing, theirs = sni_dnat_clusters(found, proxy, clusters, endpoints) if edge.across else ((), ())
    view = ProxyView(
        node=proxy.node,
        service_cluster=proxy.service_cluster,
        listeners=telemetry.observed(found.snapshot, proxy, listeners),
        routes=with_counted_attempts(mesh, edge.routes),
        clusters=(*clusters, black_hole(mesh), *passing),
        endpoints=(*endpoints, *theirs),
    )
    return patched(view, patches_for(found.snapshot, proxy), gateway_ports=edge.ports)


def _sidecar(found: Index, proxy: Proxy, scope: SidecarScope) -> ProxyView:
    mesh = found.snapshot.mesh
    dynamic = scope.outbound == dynamic_dns.MODE
    if dynamic:
        scope = replace(scope, outbound="ALLOW_ANY")
    outbound = outbound_listeners(found, proxy, scope)
    routes = outbound_routes(found, proxy, scope, tables_of(outbound))
    if dynamic:
        outbound = dynamic_dns.with_dynamic_listeners(outbound, proxy)
        routes = dynamic_dns.with_dynamic_routes(routes)
    listeners = (*outbound, *inbound.listeners(found.snapshot, proxy))
    listeners = with_proxy_headers(mesh, normalized(mesh, listeners), router=False)
    clusters, endpoints = outbound_clusters(found, proxy)
    view = ProxyView(
        node=proxy.node,
        service_cluster=proxy.service_cluster,
        listeners=telemetry.observed(found.snapshot, proxy, listeners),
        routes=with_counted_attempts(mesh, routes),
        clusters=(
            *clusters,
            black_hole(mesh),
            passthrough(mesh),
            *((dynamic_dns.dynamic_cluster(proxy, mesh),) if dynamic else ()),
            *inbound.clusters(found, proxy),
        ),
        endpoints=endpoints,
    )
    return patched(view, patches_for(found.snapshot, proxy))
