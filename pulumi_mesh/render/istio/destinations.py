"""Destinations: one DestinationRule a service holds its traffic policy and a subset for each version.

The rule is named as the service and outlives every version, so that names never change while versions come and go; a
retired version keeps its subset until it is taken out of the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.locality import Locality
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.service import Service, Version
from pulumi_mesh.model.traffic import ConnectionPool, ConsistentHash, OutlierDetection, TrafficPolicy
from pulumi_mesh.model.upstream_tls import UpstreamTLS
from pulumi_mesh.model.values import duration_text
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import host_of
from pulumi_mesh.render.result import Entry


def destinations(mesh: Mesh) -> Iterator[Entry]:
    """One DestinationRule for each service of the mesh that has versions, a traffic policy or TLS."""
    for each in mesh.services:
        if each.owner == "mesh" and needs_rule(each):
            made = rule_object(mesh, each)
            yield Entry(Identity("DestinationRule", each.namespace, each.name), made, f'services["{each.name}"]')


def needs_rule(service: Service) -> bool:
    """Whether clients need to be told anything of a service."""
    return bool(service.versions or service.traffic_policy or service.tls)


def rule_object(mesh: Mesh, service: Service) -> istio.DestinationRule:
    """The DestinationRule of a service."""
    spec: dict[str, Any] = {"host": host_of(mesh, service)}
    policy = _policy(service.traffic_policy, None) if service.traffic_policy else {}
    if service.tls:
        policy["tls"] = _tls(service.tls)
    if policy:
        spec["trafficPolicy"] = policy
    if service.versions:
        spec["subsets"] = [_subset(version, service.traffic_policy) for version in service.versions]
    return istio.DestinationRule(service.name, namespace=mesh.physical_namespace(service.namespace), spec=spec)


def _subset(version: Version, of_service: TrafficPolicy | None) -> dict[str, Any]:
    subset: dict[str, Any] = {"name": version.name, "labels": version.labels}
    if version.traffic_policy:
        subset["trafficPolicy"] = _policy(version.traffic_policy, of_service)
    return subset


def _policy(policy: TrafficPolicy, of_service: TrafficPolicy | None) -> dict[str, Any]:
    """of_service: for a version, its service's: Istio lets a subset's ``loadBalancer`` take the place of the whole."""
    made: dict[str, Any] = {}
    if policy.load_balancer or policy.locality:
        balancer = policy.load_balancer or (of_service and of_service.load_balancer)
        locality = policy.locality or (of_service and of_service.locality)
        made["loadBalancer"] = {
            **(_balancer(balancer) if balancer else {}),
            **({"localityLbSetting": _locality(locality)} if locality else {}),
        }
    if policy.connection_pool:
        made["connectionPool"] = _pool(policy.connection_pool)
    if policy.outlier_detection:
        made["outlierDetection"] = _outliers(policy.outlier_detection)
    return made


def _balancer(balancer: str | ConsistentHash) -> dict[str, Any]:
    if not isinstance(balancer, ConsistentHash):
        return {"simple": balancer}
    cookie = balancer.cookie
    size = balancer.minimum_ring_size
    hashed = _given(
        httpHeaderName=balancer.header,
        httpCookie=_given(
            name=cookie.name,
            path=cookie.path or None,
            ttl=duration_text(cookie.ttl) if cookie.ttl is not None else None,
        )
        if cookie
        else None,
        httpQueryParameterName=balancer.query_parameter or None,
        useSourceIp=balancer.source_ip or None,
        ringHash={"minimumRingSize": size} if size is not None else None,
    )
    return {"consistentHash": hashed}


def _locality(locality: Locality) -> dict[str, Any]:
    return _given(
        distribute=[{"from": origin, "to": shares} for origin, shares in locality.distribute.items()] or None,
        failover=[{"from": origin, "to": target} for origin, target in locality.failover.items()] or None,
        failoverPriority=list(locality.failover_priority) or None,
        enabled=locality.enabled,
    )


def _tls(tls: UpstreamTLS) -> dict[str, Any]:
    return _given(
        mode=tls.mode,
        sni=tls.sni,
        subjectAltNames=list(tls.subject_alt_names) or None,
        credentialName=tls.credential or None,
        caCertificates=tls.ca_certificates or None,
        clientCertificate=tls.client_certificate or None,
        privateKey=tls.private_key or None,
        insecureSkipVerify=tls.insecure_skip_verify or None,
    )


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
