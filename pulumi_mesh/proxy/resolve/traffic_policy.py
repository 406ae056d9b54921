"""The traffic policy of one port of a service, or of a subset of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pulumi_mesh.frozen import thaw
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.typed import build

_READING = {"reading": True}


@dataclass(frozen=True, slots=True)
class Policy:
    """The parts of a traffic policy that hold for one port."""

    connection_pool: destination_rule.ConnectionPool | None = None
    load_balancer: destination_rule.LoadBalancer | None = None
    outlier_detection: destination_rule.OutlierDetection | None = None
    tls: destination_rule.Tls | None = None
    retry_budget: destination_rule.RetryBudget | None = None
    proxy_protocol: destination_rule.ProxyProtocol | None = None


NO_POLICY = Policy()


def policy_of(policy: destination_rule.TrafficPolicy | None, port: int) -> Policy:
    """The policy of a port: its port-level settings where there are some, which inherit nothing.

    Mirrors GetPortLevelTrafficPolicy (networking/util).
    """
    return NO_POLICY if policy is None else _of_port(policy, port) or _whole(policy)


def with_mesh_defaults(policy: Policy, mesh: MeshConfig) -> Policy:
    """A policy with MeshConfig's ``defaultTrafficPolicy`` where it says nothing itself.

    Mirrors applyDefaultTrafficPolicy (core/cluster_traffic_policy.go).
    """
    defaults: Any = thaw(mesh.other.get("defaultTrafficPolicy")) or {}
    if not defaults:
        return policy
    where = "MeshConfig.defaultTrafficPolicy"
    pool, outlier = policy.connection_pool, policy.outlier_detection
    if pool is None and "connectionPool" in defaults:
        pool = build(destination_rule.ConnectionPool, defaults["connectionPool"], f"{where}.connectionPool", _READING)
    if outlier is None and "outlierDetection" in defaults:
        given = defaults["outlierDetection"]
        outlier = build(destination_rule.OutlierDetection, given, f"{where}.outlierDetection", _READING)
    return replace(policy, connection_pool=pool, outlier_detection=outlier)


def subset_policy_of(inherited: Policy, subset: destination_rule.Subset, port: int) -> Policy:
    """A subset's policy over that of the whole service.

    Mirrors MergeSubsetTrafficPolicy (networking/util) and MergeTrafficPolicy (pilot/pkg/model).
    """
    policy = subset.traffic_policy
    if policy is None:
        return inherited
    at_port = _of_port(policy, port)
    if at_port is not None:
        return replace(at_port, retry_budget=inherited.retry_budget, proxy_protocol=inherited.proxy_protocol)
    own = _whole(policy)
    return Policy(
        own.connection_pool or inherited.connection_pool,
        own.load_balancer or inherited.load_balancer,
        own.outlier_detection or inherited.outlier_detection,
        own.tls or inherited.tls,
        own.retry_budget or inherited.retry_budget,
        own.proxy_protocol or inherited.proxy_protocol,
    )


def tls_mode_of(
    policy: destination_rule.TrafficPolicy | None, subset: destination_rule.Subset | None, port: int
) -> str | None:
    """The TLS mode that endpoints are told; None where the rule says none. Here, unlike in the policy of the
    cluster, a port without a mode has that of the service.

    Mirrors tlsModeForDestinationRule (pilot/pkg/xds/endpoints/mtls_checker.go).
    """
    for each in (subset.traffic_policy if subset else None, policy):
        if each is None:
            continue
        ports = (part for part in each.port_level_settings or () if part.port and part.port.number == port)
        found = next((part.tls for part in ports if part.tls is not None), each.tls)
        if found is not None:
            return found.mode or "DISABLE"
    return None


def _of_port(policy: destination_rule.TrafficPolicy, port: int) -> Policy | None:
    for each in policy.port_level_settings or ():
        if each.port is not None and each.port.number == port:
            return Policy(each.connection_pool, each.load_balancer, each.outlier_detection, each.tls)
    return None


def _whole(policy: destination_rule.TrafficPolicy) -> Policy:
    return Policy(
        policy.connection_pool,
        policy.load_balancer,
        policy.outlier_detection,
        policy.tls,
        policy.retry_budget,
        policy.proxy_protocol,
    )
