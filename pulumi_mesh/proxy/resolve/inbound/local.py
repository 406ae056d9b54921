"""The clusters that lead to the workload itself."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot
from pulumi_mesh.proxy.resolve.clusters import passthrough
from pulumi_mesh.proxy.resolve.connection_pool import (
    circuit_breakers,
    connect_timeout,
    http_options,
    keepalive,
)
from pulumi_mesh.proxy.resolve.destination_rules import DestinationRules, Rule
from pulumi_mesh.proxy.resolve.inbound.ports import PASSTHROUGH, Target, targets
from pulumi_mesh.proxy.resolve.metadata import config_path, service_metadata
from pulumi_mesh.proxy.resolve.traffic_policy import policy_of
from pulumi_mesh.proxy.view.clusters import Cluster, LoadBalancing

BIND = "127.0.0.6"
"""Where connections to the workload come from: the capture rules let those through."""

NEVER = "9223372035s"
"""The longest time that Istio writes: a connection's destination is not forgotten while it idles."""


def clusters(snapshot: Snapshot, proxy: Proxy, rules: DestinationRules) -> tuple[Cluster, ...]:
    """One cluster a port of the workload, then the one for every other port.

    Mirrors buildInboundClusters (pilot/pkg/networking/core/cluster.go).
    """
    # Toward the workload itself Istio takes no rule that selects workloads.
    anyone = replace(proxy, labels=FrozenMap())
    found = targets(snapshot, proxy)
    return (*(_cluster(each, rules.for_client(anyone, each.service)) for each in found), _passthrough())


def _cluster(target: Target, rule: Rule | None) -> Cluster:
    """A port's cluster. Of the destination rule only the limits hold here too, so that they fit on both sides.

    Mirrors buildInboundCluster, buildCluster (cluster_builder.go) and applyTrafficPolicy (cluster_traffic_policy.go).
    """
    policy = policy_of(rule.policy if rule else None, target.port.number)
    pool = _not_upgraded(policy.connection_pool)
    return Cluster(
        name=target.cluster,
        type="ORIGINAL_DST",
        connect_timeout=connect_timeout(pool),
        load_balancing=LoadBalancing("CLUSTER_PROVIDED"),
        circuit_breakers=circuit_breakers(pool, policy.retry_budget),
        http=http_options(pool, target.port),
        keepalive=keepalive(pool),
        bind_address=BIND,
        metadata=_metadata(target, rule),
        extra=FrozenMap({"alt_stat_name": f"{target.cluster};", "cleanup_interval": NEVER}),
        ref=target.service.ref,
    )


def _not_upgraded(pool: destination_rule.ConnectionPool | None) -> destination_rule.ConnectionPool | None:
    """The workload is spoken to as its port declares: only clients upgrade to HTTP/2."""
    if pool is None or pool.http is None:
        return pool
    return replace(pool, http=replace(pool.http, h2_upgrade_policy=None))


def _metadata(target: Target, rule: Rule | None) -> FrozenMap[str, object]:
    """Mirrors addTelemetryMetadata (cluster_builder.go)."""
    same = tuple(service_metadata(service) for service, port in target.services if port.number == target.port.number)
    fields: dict[str, object] = {"services": same}
    if rule is not None and rule.policy is not None:
        fields["config"] = config_path(rule.source)
    return FrozenMap({"istio": FrozenMap(fields)})


def _passthrough() -> Cluster:
    """Mirrors buildInboundPassthroughCluster (cluster_builder.go); its statistics are named after the outbound one."""
    return replace(passthrough(), name=PASSTHROUGH, bind_address=BIND)
