"""Clusters of gateways that other networks come in by: a connection goes, still under its client's mutual TLS, to the
cluster that its server name is the name of."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.resolve.client_tls import PLAIN
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.view.clusters import Cluster, EndpointSet, HttpOptions, LocalityEndpoints
from pulumi_mesh.words.cluster_names import parsed

_BY_TLS = "upstream_http_protocol_options"
"""What only TLS toward endpoints adds to a cluster's options."""


def sni_dnat_clusters(
    index: Index, proxy: Proxy, clusters: tuple[Cluster, ...], endpoints: tuple[EndpointSet, ...]
) -> tuple[tuple[Cluster, ...], tuple[EndpointSet, ...]]:
    """Beside each cluster of a service in the mesh the one that passes connections on: without TLS of its own, to
    endpoints that take mutual TLS. clusters, endpoints: the outbound ones.

    Mirrors ConfigGeneratorImpl.buildOutboundSniDnatClusters (core/cluster.go) and EndpointsWithMTLSFilter
    (pilot/pkg/xds/endpoints/ep_filters.go).
    """
    names: dict[str, str] = {}
    for each in clusters:
        named = parsed(each.name)
        service = index.visible(proxy).service(named.host) if named else None
        if named is not None and service is not None and not service.external:
            names[each.name] = named.server_name
    return (
        tuple(_passing(each, names[each.name]) for each in clusters if each.name in names),
        tuple(
            replace(each, cluster=names[each.cluster], localities=_mutual(each.localities))
            for each in endpoints
            if each.cluster in names
        ),
    )


def _passing(cluster: Cluster, name: str) -> Cluster:
    http = cluster.http
    if http is not None and _BY_TLS in http.extra:
        others = {key: value for key, value in http.extra.items() if key != _BY_TLS}
        http = replace(http, extra=FrozenMap(others))
    extra = cluster.extra
    if extra.get("alt_stat_name") == f"{cluster.name};":
        extra = FrozenMap({**extra, "alt_stat_name": f"{name};"})
    return replace(
        cluster,
        name=name,
        transport=PLAIN,
        transport_matches=(),
        http=None if http == HttpOptions() else http,
        endpoints=_mutual(cluster.endpoints),
        extra=extra,
    )


def _mutual(localities: tuple[LocalityEndpoints, ...]) -> tuple[LocalityEndpoints, ...]:
    found = []
    for each in localities:
        endpoints = tuple(one for one in each.endpoints if one.tls_mode == "istio")
        found.append(replace(each, endpoints=endpoints, weight=sum(one.weight or 0 for one in endpoints)))
    return tuple(found)
