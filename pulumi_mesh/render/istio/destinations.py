"""Destinations: one DestinationRule a service holds its traffic policy and a subset for each version.

The rule is named as the service and outlives every version, so that names never change while versions come and go; a
retired version keeps its subset until it is taken out of the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.service import Service, Version
from pulumi_mesh.model.traffic import ConnectionPool, ConsistentHash, OutlierDetection, TrafficPolicy
from pulumi_mesh.model.values import duration_text
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import host_of
from pulumi_mesh.render.result import Entry


def destinations(mesh: Mesh) -> Iterator[Entry]:
    """One DestinationRule for each service that the mesh owns and that has versions or a traffic policy."""
    for each in mesh.services:
        if each.owner == "mesh" and needs_rule(each):
            made = rule_object(mesh, each)
            yield Entry(Identity("DestinationRule", each.namespace, each.name), made, f'services["{each.name}"]')


def needs_rule(service: Service) -> bool:
    """Whether clients need to be told anything of a service."""
    return bool(service.versions or service.traffic_policy)


def rule_object(mesh: Mesh, service: Service) -> istio.DestinationRule:
    """The DestinationRule of a service."""
    spec: dict[str, Any] = {"host": host_of(mesh, service)}
    if service.traffic_policy:
        spec["trafficPolicy"] = _policy(service.traffic_policy)
    if service.versions:
        spec["subsets"] = [_subset(version) for version in service.versions]
    return istio.DestinationRule(service.name, namespace=mesh.physical_namespace(service.namespace), spec=spec)


def _subset(version: Version) -> dict[str, Any]:
    subset: dict[str, Any] = {"name": version.name, "labels": version.labels}
    if version.traffic_policy:
        subset["trafficPolicy"] = _policy(version.traffic_policy)
    return subset


def _policy(policy: TrafficPolicy) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if isinstance(policy.load_balancer, ConsistentHash):
        hashed: dict[str, Any] = {"httpHeaderName": policy.load_balancer.header}
        if policy.load_balancer.minimum_ring_size is not None:
            hashed["ringHash"] = {"minimumRingSize": policy.load_balancer.minimum_ring_size}
        made["loadBalancer"] = {"consistentHash": hashed}
    elif policy.load_balancer:
        made["loadBalancer"] = {"simple": policy.load_balancer}
    if policy.connection_pool:
        made["connectionPool"] = _pool(policy.connection_pool)
    if policy.outlier_detection:
        made["outlierDetection"] = _outliers(policy.outlier_detection)
    return made


def _pool(pool: ConnectionPool) -> dict[str, Any]:
    tcp = _given(
        maxConnections=pool.max_connections,
        connectTimeout=duration_text(pool.connect_timeout) if pool.connect_timeout else None,
    )
    http = _given(
        http1MaxPendingRequests=pool.max_pending_requests,
        http2MaxRequests=pool.max_requests,
        maxRequestsPerConnection=pool.max_requests_per_connection,
        maxRetries=pool.max_retries,
        idleTimeout=duration_text(pool.idle_timeout) if pool.idle_timeout else None,
    )
    return _given(tcp=tcp or None, http=http or None)


def _outliers(outliers: OutlierDetection) -> dict[str, Any]:
    return _given(
        consecutive5xxErrors=outliers.consecutive_5xx_errors,
        consecutiveGatewayErrors=outliers.consecutive_gateway_errors,
        interval=duration_text(outliers.interval) if outliers.interval else None,
        baseEjectionTime=duration_text(outliers.base_ejection_time) if outliers.base_ejection_time else None,
        maxEjectionPercent=outliers.max_ejection_percent,
    )


def _given(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
