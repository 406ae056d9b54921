"""How a proxy resolves the names of endpoints."""

from __future__ import annotations

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy
from pulumi_mesh.proxy.resolve.durations import proto_json

CONNECT_STRATEGY = "istio.io/connect-strategy"
RACE = "RACE_FIRST_TCP_CONNECT"
"""The annotation of a ServiceEntry, and its value for a proxy that tries all addresses at once."""

_RESOLVER: FrozenMap[str, object] = freeze(
    {
        "name": "envoy.network.dns_resolver.cares",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
            "udp_max_queries": 100,
        },
    }
)
_JITTER = "0.100s"
"""istiod's defaults: PILOT_DNS_CARES_UDP_MAX_QUERIES and PILOT_DNS_JITTER_DURATION."""


def dns_config(service: KnownService, proxy: Proxy, mesh: MeshConfig) -> dict[str, object]:
    """Fields of a cluster whose endpoints are names. Mirrors ClusterBuilder.buildCluster (core/cluster_builder.go)."""
    racing = service.annotations.get(CONNECT_STRATEGY, "").upper() == RACE
    return {
        "dns_lookup_family": "ALL" if racing else lookup_family(proxy),
        "typed_dns_resolver_config": _RESOLVER,
        "dns_jitter": _JITTER,
        "dns_refresh_rate": proto_json(mesh.dns_refresh_rate),
        "respect_dns_ttl": True,
    }


def lookup_family(proxy: Proxy) -> str:
    """Which kind of addresses a proxy asks for. Mirrors SelectDNSLookupFamily (networking/util)."""
    return "V6_ONLY" if all(":" in each for each in proxy.addresses) else "V4_ONLY"
