"""Wildcard hosts of a ServiceEntry with ``resolution: DYNAMIC_DNS``: each is what DNS says of the name that a request,
or a TLS client, asks for."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.proxy.resolve.client_tls import PLAIN, client_tls, with_proxy_protocol
from pulumi_mesh.proxy.resolve.connection_pool import circuit_breakers, connect_timeout, http_options, keepalive
from pulumi_mesh.proxy.resolve.destination_rules import Rule
from pulumi_mesh.proxy.resolve.dns import lookup_family
from pulumi_mesh.proxy.resolve.metadata import config_path
from pulumi_mesh.proxy.resolve.proxy_headers import keeps_case
from pulumi_mesh.proxy.resolve.traffic_policy import policy_of, with_mesh_defaults
from pulumi_mesh.proxy.view.clusters import Cluster, HttpOptions, LoadBalancing
from pulumi_mesh.proxy.view.listeners import OpaqueFilter
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.words.cluster_names import ClusterName

_PROTOCOLS = ("HTTP", "TLS", "GRPC", "HTTP2")
_TYPES = "type.googleapis.com/envoy.extensions"


def is_resolved(service: KnownService) -> bool:
    """Whether a service is such a host."""
    return service.resolution == "DYNAMIC_DNS" and service.hostname.startswith("*")


def resolving_cluster(
    proxy: Proxy, service: KnownService, port: ServicePort, rule: Rule | None, mesh: MeshConfig, *, automatic: bool
) -> Cluster | None:
    """The cluster of a port; None for protocols that nothing names a host in. It has no subsets. automatic: whether
    endpoints get mutual TLS without a rule that says so.

    Mirrors ClusterBuilder.buildDFPCluster, applyDestinationRule (core/cluster_builder.go) and
    setAutoSniAndAutoSanValidation (core/cluster_tls.go). Outlier detection is left out: istiod 1.31 ends of it.
    """
    if port.protocol not in _PROTOCOLS:
        return None
    policy = with_mesh_defaults(policy_of(rule.policy if rule else None, port.number), mesh)
    pool = policy.connection_pool
    router = proxy.kind == "router"
    http = http_options(pool, port, router=router, upgrade=mesh.h2_upgrade, keeps_case=keeps_case(mesh))
    tls = client_tls(
        policy.tls,
        http=http,
        sni="",
        identities=(),
        automatic=automatic,
        credentials=router or (rule is not None and rule.selector is not None),
        external=True,
        defaults=mesh.tls_defaults,
    )
    transport, matches = tls.transport, tls.matches
    insecure = False
    if transport != PLAIN or matches:
        http, insecure = _checked(policy.tls, http)
    if policy.proxy_protocol is not None:
        transport, matches = with_proxy_protocol(policy.proxy_protocol, transport, matches)
    name = ClusterName("outbound", port.number, "", service.hostname).text
    return Cluster(
        name=name,
        type="STATIC",
        connect_timeout=connect_timeout(pool, mesh.connect_timeout),
        load_balancing=LoadBalancing(policy="CLUSTER_PROVIDED"),
        circuit_breakers=circuit_breakers(pool, policy.retry_budget),
        http=http,
        transport=transport,
        transport_matches=matches,
        keepalive=keepalive(pool, mesh.tcp_keepalive),
        metadata=_metadata(service, rule, policy.tls),
        extra=FrozenMap({"alt_stat_name": f"{name};", "cluster_type": _type(service, proxy, insecure=insecure)}),
        ref=rule.ref if rule else service.ref,
    )


def request_filters(service: KnownService, proxy: Proxy) -> tuple[OpaqueFilter, ...]:
    """The filter that resolves the Host of requests. Mirrors BuildSidecarOutboundDynamicForwardProxyFilter
    (pilot/pkg/xds/filters)."""
    if not is_resolved(service):
        return ()
    kind = f"{_TYPES}.filters.http.dynamic_forward_proxy.v3.FilterConfig"
    config = {"@type": kind, "dns_cache_config": _cache(service, proxy)}
    return (OpaqueFilter("envoy.filters.http.dynamic_forward_proxy", freeze(config)),)


def name_filter(service: KnownService, proxy: Proxy, port: int) -> OpaqueFilter:
    """The filter that resolves the name that TLS clients ask for. Mirrors buildSNIDFPFilter (core/networkfilter.go)."""
    kind = f"{_TYPES}.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig"
    config = {"@type": kind, "dns_cache_config": _cache(service, proxy), "port_value": port}
    return OpaqueFilter("envoy.extensions.filters.network.sni_dynamic_forward_proxy", freeze(config))


def _cache(service: KnownService, proxy: Proxy) -> dict[str, object]:
    return {"name": f"{service.hostname}_dfp_dns_cache", "dns_lookup_family": lookup_family(proxy)}


def _type(service: KnownService, proxy: Proxy, *, insecure: bool) -> FrozenMap[str, object]:
    config: dict[str, object] = {
        "@type": f"{_TYPES}.clusters.dynamic_forward_proxy.v3.ClusterConfig",
        "dns_cache_config": _cache(service, proxy),
    }
    if insecure:
        config["allow_insecure_cluster_options"] = True
    made: FrozenMap[str, object] = freeze({"name": "envoy.clusters.dynamic_forward_proxy", "typed_config": config})
    return made


def _checked(tls: destination_rule.Tls | None, http: HttpOptions | None) -> tuple[HttpOptions, bool]:
    """The options with what is checked of a server's certificate: the name that was asked for; and whether Envoy has to
    be told that less is meant."""
    by_host = tls is None or not tls.sni
    verified = tls is None or not tls.insecure_skip_verify
    told = {name: True for name, wanted in (("auto_sni", by_host), ("auto_san_validation", verified)) if wanted}
    http = http or HttpOptions()
    if told:
        http = replace(http, extra=FrozenMap({**http.extra, "upstream_http_protocol_options": FrozenMap(told)}))
    return http, not (by_host and verified)


def _metadata(service: KnownService, rule: Rule | None, tls: destination_rule.Tls | None) -> FrozenMap[str, object]:
    fields: dict[str, object] = {}
    if service.external:
        fields["external"] = True
    if rule is not None:
        fields["config"] = config_path(rule.source)
        if tls is not None and tls.mode in ("SIMPLE", "MUTUAL"):
            fields["alpn_override"] = "false"
    return FrozenMap({"istio": FrozenMap(fields)}) if fields else EMPTY
