"""Outbound clusters: one for each port of a service, and one for each subset of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.manifests.registry.labels import texts
from pulumi_mesh.proxy.resolve.client_tls import client_tls, with_proxy_protocol
from pulumi_mesh.proxy.resolve.connection_pool import (
    circuit_breakers,
    connect_timeout,
    http_options,
    keepalive,
    outlier_detection,
    panic_threshold,
)
from pulumi_mesh.proxy.resolve.destination_rules import Rule
from pulumi_mesh.proxy.resolve.dns import CONNECT_STRATEGY, RACE, dns_config
from pulumi_mesh.proxy.resolve.endpoints import Member, Modes, endpoint_groups, identities, members_of
from pulumi_mesh.proxy.resolve.forward_proxies import is_resolved, resolving_cluster
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.load_balancing import load_balancing, warmup_config
from pulumi_mesh.proxy.resolve.locality import (
    Group,
    Preference,
    common_config,
    distribution_labels,
    mesh_preference,
    preference,
    preferred,
)
from pulumi_mesh.proxy.resolve.metadata import config_path, service_metadata
from pulumi_mesh.proxy.resolve.mtls import modes_of
from pulumi_mesh.proxy.resolve.proxy_headers import KEPT_CASE, keeps_case
from pulumi_mesh.proxy.resolve.stat_names import stat_name
from pulumi_mesh.proxy.resolve.traffic_policy import (
    Policy,
    policy_of,
    subset_policy_of,
    tls_mode_of,
    with_mesh_defaults,
)
from pulumi_mesh.proxy.view.clusters import Cluster, EndpointSet, HttpOptions, LoadBalancing
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.refs import Ref
from pulumi_mesh.words.cluster_names import ClusterName

PASSTHROUGH = "PassthroughCluster"
BLACK_HOLE = "BlackHoleCluster"


def outbound_clusters(index: Index, proxy: Proxy) -> tuple[tuple[Cluster, ...], tuple[EndpointSet, ...]]:
    """The clusters of all services that a proxy may call, and the endpoints of those that discover them.

    Mirrors ConfigGeneratorImpl.buildOutboundClusters (core/cluster.go).
    """
    clusters: list[Cluster] = []
    endpoints: list[EndpointSet] = []
    modes: Modes = {}
    mesh = index.snapshot.mesh
    namespaces: dict[str, bool] = {}
    everywhere = mesh_preference(mesh)
    for service in index.visible(proxy).services:
        if service.namespace not in namespaces:
            namespaces[service.namespace] = modes_of(index.snapshot, service.namespace, {}).mode != "DISABLE"
        takes = mesh.auto_mtls and not service.external and namespaces[service.namespace]
        rule = index.rules.for_client(proxy, service)
        workloads = index.workloads(service)
        accounts = identities(workloads, service, mesh.trust_domain, mesh.trust_domain_aliases)
        for port in service.ports:
            if port.protocol == "UDP":
                continue
            if is_resolved(service):
                found = resolving_cluster(proxy, service, port, rule, mesh, automatic=takes)
                clusters += [found] if found else []
                continue
            # Where clients choose the address there is no endpoint to ask: all must take mutual TLS, or none gets it.
            behind = members_of(workloads, service, port, proxy.cluster)
            all_take = bool(behind) and all(each.workload.mesh for each in behind)
            target = _Target(index, modes, proxy, service, port, behind, rule, accounts, everywhere)
            for part in _parts(rule, service, port, mesh):
                mutual = takes and (all_take or not _chosen_by_clients(service, rule, part))
                made = target.cluster(part, automatic=mutual)
                if made is None:
                    if part.subset is None:
                        break
                    continue
                clusters.append(made)
                if made.type == "EDS":
                    endpoints.append(target.discovered(made.name, part))
    return tuple(clusters), tuple(endpoints)


@dataclass(frozen=True, slots=True)
class _Part:
    """All of a port, or a subset of it. policy: with what the mesh says. own: without that. chosen: whether clients of
    a subset choose the address, as it says itself or as is said for all of the port."""

    policy: Policy
    own: Policy
    subset: destination_rule.Subset | None
    ref: Ref | None
    chosen: bool = False

    @property
    def name(self) -> str:
        return self.subset.name if self.subset else ""

    @property
    def labels(self) -> FrozenMap[str, str] | None:
        return texts(self.subset.labels) if self.subset else None


def _parts(rule: Rule | None, service: KnownService, port: ServicePort, mesh: MeshConfig) -> Iterator[_Part]:
    """Mirrors ClusterBuilder.applyDestinationRule and buildSubsetCluster (core/cluster_builder.go)."""
    own = policy_of(rule.policy if rule else None, port.number)
    policy = with_mesh_defaults(own, mesh)
    yield _Part(policy, own, None, rule.ref if rule else service.ref)
    for subset, ref in rule.subsets if rule else ():
        yield _Part(
            subset_policy_of(policy, subset, port.number),
            subset_policy_of(own, subset, port.number),
            subset,
            ref,
            _by_client(policy.load_balancer) or _passes_through(subset.traffic_policy),
        )


def _chosen_by_clients(service: KnownService, rule: Rule | None, part: _Part) -> bool:
    """Whether clients choose the address that they reach. Mirrors BestEffortInferServiceMTLSMode (push_context.go)."""
    policy = part.subset.traffic_policy if part.subset else rule.policy if rule else None
    balancer = policy.load_balancer if policy else None
    return service.resolution == "NONE" or (balancer is not None and balancer.simple == "PASSTHROUGH")


ClusterType = Literal["EDS", "STRICT_DNS", "LOGICAL_DNS", "ORIGINAL_DST"]


def _type_of(service: KnownService, proxy: Proxy) -> ClusterType:
    """Mirrors convertResolution (core/cluster.go)."""
    racing = service.annotations.get(CONNECT_STRATEGY, "").upper() == RACE
    match service.resolution:
        case "DNS":
            return "LOGICAL_DNS" if racing else "STRICT_DNS"
        case "DNS_ROUND_ROBIN":
            return "LOGICAL_DNS"
        case "NONE" if proxy.kind == "sidecar":  # it keeps the address that its client chose; a gateway has none
            return "ORIGINAL_DST"
        case _:
            return "EDS"


@dataclass(frozen=True, slots=True)
class _Target:
    """A port of a service, as one proxy reaches it. accounts: identities that answer for the service. everywhere: what
    the mesh says of localities."""

    index: Index
    modes: Modes
    proxy: Proxy
    service: KnownService
    port: ServicePort
    behind: tuple[Member, ...]
    rule: Rule | None
    accounts: tuple[str, ...]
    everywhere: Preference | None

    def cluster(self, part: _Part, *, automatic: bool) -> Cluster | None:
        """The cluster of all of the port, or of a subset; None where a name is to be resolved and there is none.

        Mirrors ClusterBuilder.buildCluster and applyTrafficPolicy (core).
        """
        service, port, mesh = self.service, self.port, self.index.snapshot.mesh
        policy, pool = part.policy, part.policy.connection_pool
        named = ClusterName("outbound", port.number, part.name, service.hostname)
        name = named.text
        kind = "ORIGINAL_DST" if part.chosen else _type_of(service, self.proxy)
        found: tuple[Group, ...] = ()
        if kind.endswith("_DNS"):
            found = self._groups(part, names=True)
            if not found:
                return None
        preferring = preference(self.everywhere, policy.load_balancer, service)
        failover = policy.outlier_detection is not None
        found = preferred(found, self.proxy, preferring, failover=failover, by_labels=part.subset is None)
        balancing = replace(
            load_balancing(policy.load_balancer),
            healthy_panic_threshold=_panic_threshold(service, policy),
            extra=common_config(preferring, failover=failover),
        )
        original = kind == "ORIGINAL_DST" or balancing.policy == "CLUSTER_PROVIDED"
        warmup = EMPTY if original else warmup_config(policy.load_balancer)
        if original:
            balancing = replace(
                LoadBalancing(policy="CLUSTER_PROVIDED"),
                healthy_panic_threshold=balancing.healthy_panic_threshold,
                extra=balancing.extra,
            )
        tls = client_tls(
            policy.tls,
            http=http_options(
                pool,
                port,
                router=self.proxy.kind == "router",
                upgrade=mesh.h2_upgrade,
                keeps_case=keeps_case(mesh),
            ),
            sni=named.server_name,
            identities=self.accounts,
            automatic=automatic,
            credentials=self.proxy.kind == "router" or (self.rule is not None and self.rule.selector is not None),
            external=service.registry == "External",
            defaults=mesh.tls_defaults,
        )
        transport, matches = tls.transport, tls.matches
        if original and matches:
            transport, matches = matches[0].transport, ()
        if policy.proxy_protocol is not None:
            transport, matches = with_proxy_protocol(policy.proxy_protocol, transport, matches)
        extra: dict[str, object] = {"alt_stat_name": f"{self._stat_name(name, part)};", **warmup}
        if kind.endswith("_DNS"):
            extra |= dns_config(service, self.proxy, mesh)
        elif kind == "ORIGINAL_DST" and service.resolution == "NONE" and _moved(service, port):
            extra["original_dst_lb_config"] = FrozenMap({"upstream_port_override": port.target_port})
        return Cluster(
            name=name,
            type="ORIGINAL_DST" if original else kind,
            endpoints=() if original else tuple(each.endpoints() for each in found),
            connect_timeout=connect_timeout(pool, mesh.connect_timeout),
            load_balancing=balancing,
            circuit_breakers=circuit_breakers(pool, policy.retry_budget),
            outlier_detection=outlier_detection(policy.outlier_detection),
            http=tls.http,
            transport=transport,
            transport_matches=matches,
            keepalive=keepalive(pool, mesh.tcp_keepalive),
            metadata=_metadata(service, self.rule, part),
            extra=FrozenMap(extra),
            ref=part.ref,
        )

    def discovered(self, cluster: str, part: _Part) -> EndpointSet:
        """The endpoints of a cluster that asks for them.

        Mirrors EndpointBuilder.BuildClusterLoadAssignment (pilot/pkg/xds/endpoints/endpoint_builder.go).
        """
        preferring = preference(self.everywhere, part.own.load_balancer, self.service)
        failover = part.own.outlier_detection is not None
        found = preferred(self._groups(part, names=False), self.proxy, preferring, failover=failover)
        return EndpointSet(cluster, tuple(each.endpoints() for each in found))

    def _groups(self, part: _Part, *, names: bool) -> tuple[Group, ...]:
        return endpoint_groups(
            self.index,
            self.modes,
            self.proxy,
            self.behind,
            service=self.service,
            labels=part.labels,
            tls_mode=tls_mode_of(self.rule.policy if self.rule else None, part.subset, self.port.number),
            outlier=part.own.outlier_detection,
            names=names,
        )

    def _stat_name(self, name: str, part: _Part) -> str:
        pattern, service, port = self.index.snapshot.mesh.outbound_stat_name, self.service, self.port
        if not pattern:
            return name
        return stat_name(pattern, service.hostname, service, port.number, port.name, subset=part.name)


def _passes_through(policy: destination_rule.TrafficPolicy | None) -> bool:
    return _by_client(policy.load_balancer if policy else None)


def _by_client(balancer: destination_rule.LoadBalancer | None) -> bool:
    return balancer is not None and balancer.simple == "PASSTHROUGH"


def _moved(service: KnownService, port: ServicePort) -> bool:
    return service.registry == "External" and port.target_port != port.number


def _panic_threshold(service: KnownService, policy: Policy) -> float:
    """Mirrors applyOutlierDetection (core/cluster_traffic_policy.go): where unready endpoints are told, they are never
    all used."""
    return 0.0 if distribution_labels(service) else panic_threshold(policy.outlier_detection)


def _metadata(service: KnownService, rule: Rule | None, part: _Part) -> FrozenMap[str, object]:
    """Mirrors addTelemetryMetadata, AddConfigInfoMetadata, AddSubsetToMetadata and AddALPNOverrideToMetadata."""
    fields: dict[str, object] = {"services": (service_metadata(service),)}
    if service.external and part.subset is None:
        fields["external"] = True
    if rule is not None:
        fields["config"] = config_path(rule.source)
    if part.subset is not None:
        fields["subset"] = part.name
    if part.policy.tls is not None and part.policy.tls.mode in ("SIMPLE", "MUTUAL"):
        fields["alpn_override"] = "false"
    return FrozenMap({"istio": FrozenMap(fields)})


def black_hole(mesh: MeshConfig) -> Cluster:
    """Where nothing goes on from. Mirrors ClusterBuilder.buildBlackHoleCluster (core/cluster_builder.go)."""
    return Cluster(
        name=BLACK_HOLE,
        type="STATIC",
        connect_timeout=mesh.connect_timeout,
        extra=FrozenMap({"alt_stat_name": f"{BLACK_HOLE};"}),
    )


def passthrough(mesh: MeshConfig) -> Cluster:
    """On to the address that the client chose. Mirrors ClusterBuilder.buildDefaultPassthroughCluster."""
    pool = with_mesh_defaults(Policy(), mesh).connection_pool
    options: FrozenMap[str, object] = EMPTY
    if keeps_case(mesh):
        options = FrozenMap({"use_downstream_protocol_config": FrozenMap({"http_protocol_options": KEPT_CASE})})
    return Cluster(
        name=PASSTHROUGH,
        type="ORIGINAL_DST",
        connect_timeout=connect_timeout(pool, mesh.connect_timeout),
        load_balancing=LoadBalancing(policy="CLUSTER_PROVIDED"),
        circuit_breakers=circuit_breakers(pool, None),
        http=HttpOptions(protocol="downstream", idle_timeout=timedelta(minutes=5), extra=options),
        keepalive=keepalive(pool, mesh.tcp_keepalive),
        extra=FrozenMap({"alt_stat_name": f"{PASSTHROUGH};"}),
    )
