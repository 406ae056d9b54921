"""Outbound clusters: one for each port of a service, and one for each subset of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.snapshot import KnownService, Proxy, ServicePort
from pulumi_mesh.proxy.resolve.client_tls import client_tls
from pulumi_mesh.proxy.resolve.connection_pool import (
    CONNECT_TIMEOUT,
    UNLIMITED,
    circuit_breakers,
    connect_timeout,
    http_options,
    keepalive,
    outlier_detection,
    panic_threshold,
)
from pulumi_mesh.proxy.resolve.destination_rules import Rule
from pulumi_mesh.proxy.resolve.endpoints import Modes, endpoint_set, identities
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.load_balancing import load_balancing, warmup_config
from pulumi_mesh.proxy.resolve.metadata import config_path, service_metadata
from pulumi_mesh.proxy.resolve.mtls import modes_of
from pulumi_mesh.proxy.resolve.traffic_policy import Policy, policy_of, subset_policy_of, tls_mode_of
from pulumi_mesh.proxy.view.clusters import Cluster, EndpointSet, HttpOptions, LoadBalancing
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.refs import Ref

PASSTHROUGH = "PassthroughCluster"
BLACK_HOLE = "BlackHoleCluster"


def cluster_name(host: str, port: int, subset: str = "") -> str:
    """Mirrors BuildSubsetKey (pilot/pkg/model)."""
    return f"outbound|{port}|{subset}|{host}"


def server_name(host: str, port: int, subset: str = "") -> str:
    """The SNI under which mutual TLS asks for a cluster. Mirrors BuildDNSSrvSubsetKey (pilot/pkg/model)."""
    return f"outbound_.{port}_.{subset}_.{host}"


def outbound_clusters(index: Index, proxy: Proxy) -> tuple[tuple[Cluster, ...], tuple[EndpointSet, ...]]:
    """The clusters of all services that a proxy may call, and the endpoints of those that discover them.

    Mirrors ConfigGeneratorImpl.buildOutboundClusters (core/cluster.go).
    """
    clusters: list[Cluster] = []
    endpoints: list[EndpointSet] = []
    modes: Modes = {}
    automatic: dict[str, bool] = {}
    for service in index.services:
        if service.namespace not in automatic:
            automatic[service.namespace] = modes_of(index.snapshot, service.namespace, {}).mode != "DISABLE"
        rule = index.rules.for_client(proxy, service)
        workloads = index.workloads(service)
        accounts = identities(workloads, index.snapshot.mesh.trust_domain)
        # Where clients choose the address there is no endpoint to ask: all must take mutual TLS, or none gets it.
        everywhere = bool(workloads) and all(each.mesh for each in workloads)
        for port in service.ports:
            for part in _parts(rule, service, port):
                mutual = automatic[service.namespace] and (everywhere or not _chosen_by_clients(service, rule, part))
                made = _cluster(proxy, service, port, rule, part, accounts, automatic=mutual)
                clusters.append(made)
                if made.type == "EDS":
                    labels = FrozenMap(part.subset.labels or {}) if part.subset else None
                    endpoints.append(
                        endpoint_set(
                            index,
                            modes,
                            cluster=made.name,
                            service=service,
                            port=port,
                            labels=labels,
                            tls_mode=tls_mode_of(rule.policy if rule else None, part.subset, port.number),
                        )
                    )
    return tuple(clusters), tuple(endpoints)


@dataclass(frozen=True, slots=True)
class _Part:
    """All of a port, or a subset of it."""

    policy: Policy
    subset: destination_rule.Subset | None
    ref: Ref | None

    @property
    def name(self) -> str:
        return self.subset.name if self.subset else ""


def _parts(rule: Rule | None, service: KnownService, port: ServicePort) -> Iterator[_Part]:
    """Mirrors ClusterBuilder.applyDestinationRule and buildSubsetCluster (core/cluster_builder.go)."""
    if rule is None:
        yield _Part(Policy(), None, service.ref)
        return
    policy = policy_of(rule.policy, port.number)
    yield _Part(policy, None, rule.ref)
    for subset, ref in rule.subsets:
        yield _Part(subset_policy_of(policy, subset, port.number), subset, ref)


def _chosen_by_clients(service: KnownService, rule: Rule | None, part: _Part) -> bool:
    """Whether clients choose the address that they reach. Mirrors BestEffortInferServiceMTLSMode (push_context.go)."""
    policy = part.subset.traffic_policy if part.subset else rule.policy if rule else None
    balancer = policy.load_balancer if policy else None
    return not service.address or (balancer is not None and balancer.simple == "PASSTHROUGH")


def _cluster(
    proxy: Proxy,
    service: KnownService,
    port: ServicePort,
    rule: Rule | None,
    part: _Part,
    accounts: tuple[str, ...],
    *,
    automatic: bool,
) -> Cluster:
    """Mirrors ClusterBuilder.buildCluster and applyTrafficPolicy (core)."""
    policy = part.policy
    pool = policy.connection_pool
    name = cluster_name(service.hostname, port.number, part.name)
    balancing = replace(
        load_balancing(policy.load_balancer), healthy_panic_threshold=panic_threshold(policy.outlier_detection)
    )
    # A headless service has no address of its own: a sidecar keeps the one that the client chose.
    original = balancing.policy == "CLUSTER_PROVIDED" or (not service.address and proxy.kind == "sidecar")
    warmup = EMPTY if original else warmup_config(policy.load_balancer)
    if original:
        balancing = replace(
            LoadBalancing(policy="CLUSTER_PROVIDED"), healthy_panic_threshold=balancing.healthy_panic_threshold
        )
    tls = client_tls(
        policy.tls,
        http=http_options(pool, port),
        sni=server_name(service.hostname, port.number, part.name),
        identities=accounts,
        automatic=automatic,
        credentials=proxy.kind == "router" or (rule is not None and rule.selector is not None),
    )
    transport, matches = tls.transport, tls.matches
    if original and matches:
        transport, matches = matches[0].transport, ()
    return Cluster(
        name=name,
        type="ORIGINAL_DST" if original else "EDS",
        connect_timeout=connect_timeout(pool),
        load_balancing=balancing,
        circuit_breakers=circuit_breakers(pool, policy.retry_budget),
        outlier_detection=outlier_detection(policy.outlier_detection),
        http=tls.http,
        transport=transport,
        transport_matches=matches,
        keepalive=keepalive(pool),
        metadata=_metadata(service, rule, part),
        extra=FrozenMap({"alt_stat_name": f"{name};", **warmup}),
        ref=part.ref,
    )


def _metadata(service: KnownService, rule: Rule | None, part: _Part) -> FrozenMap[str, object]:
    """Mirrors addTelemetryMetadata, AddConfigInfoMetadata, AddSubsetToMetadata and AddALPNOverrideToMetadata."""
    fields: dict[str, object] = {"services": (service_metadata(service),)}
    if rule is not None:
        fields["config"] = config_path(rule.source)
    if part.subset is not None:
        fields["subset"] = part.name
    if part.policy.tls is not None and part.policy.tls.mode in ("SIMPLE", "MUTUAL"):
        fields["alpn_override"] = "false"
    return FrozenMap({"istio": FrozenMap(fields)})


def black_hole() -> Cluster:
    """Where nothing goes on from. Mirrors ClusterBuilder.buildBlackHoleCluster (core/cluster_builder.go)."""
    return Cluster(
        name=BLACK_HOLE,
        type="STATIC",
        connect_timeout=CONNECT_TIMEOUT,
        extra=FrozenMap({"alt_stat_name": f"{BLACK_HOLE};"}),
    )


def passthrough() -> Cluster:
    """On to the address that the client chose. Mirrors ClusterBuilder.buildDefaultPassthroughCluster."""
    return Cluster(
        name=PASSTHROUGH,
        type="ORIGINAL_DST",
        connect_timeout=CONNECT_TIMEOUT,
        load_balancing=LoadBalancing(policy="CLUSTER_PROVIDED"),
        circuit_breakers=UNLIMITED,
        http=HttpOptions(protocol="downstream", idle_timeout=timedelta(minutes=5)),
        extra=FrozenMap({"alt_stat_name": f"{PASSTHROUGH};"}),
    )
