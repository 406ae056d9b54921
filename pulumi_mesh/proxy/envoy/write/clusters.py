"""Clusters and endpoints (envoy.config.cluster.v3, envoy.config.endpoint.v3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pulumi_mesh.errors import MeshError
from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.message import Json, address, duration, message, plain, typed
from pulumi_mesh.proxy.envoy.write.tls import transport
from pulumi_mesh.proxy.view.clusters import (
    CircuitBreakers,
    Cluster,
    Endpoint,
    EndpointSet,
    HttpOptions,
    LoadBalancing,
    LocalityEndpoints,
    OutlierDetection,
    TcpKeepalive,
)
from pulumi_mesh.proxy.view.tls import PlainText

NamedEndpoints = Callable[[str], Json]
"""The fields of a cluster that give the endpoints of a name: its type with ``eds_cluster_config`` or them."""


def cluster(value: Cluster, named_endpoints: NamedEndpoints) -> Json:
    """envoy.config.cluster.v3.Cluster."""
    options = typed(names.HTTP_PROTOCOL_OPTIONS_TYPE, http_options(value.http)) if value.http else None
    matches = [
        {"name": each.name, "match": plain(each.match), "transport_socket": transport(each.transport)}
        for each in value.transport_matches
    ]
    plaintext = isinstance(value.transport, PlainText)
    return message(
        {
            "name": value.name,
            **_endpoints(value, named_endpoints),
            "connect_timeout": duration(value.connect_timeout),
            **_load_balancing(value.load_balancing),
            "circuit_breakers": _circuit_breakers(value.circuit_breakers),
            "outlier_detection": _outlier_detection(value.outlier_detection),
            "upstream_bind_config": _bind(value.bind_address) if value.bind_address else None,
            "upstream_connection_options": _keepalive(value.keepalive, value.name),
            "typed_extension_protocol_options": {names.HTTP_PROTOCOL_OPTIONS: options} if options else None,
            "transport_socket": None if plaintext else transport(value.transport),
            "transport_socket_matches": matches or None,
            "metadata": {"filter_metadata": plain(value.metadata)} if value.metadata else None,
        },
        value.extra,
    )


def _endpoints(value: Cluster, named_endpoints: NamedEndpoints) -> Json:
    if value.type == "EDS":
        return named_endpoints(value.name)
    # A cluster of a type of its own (``cluster_type``) says no other.
    fields: Json = {} if "cluster_type" in value.extra else {"type": value.type}
    if value.type != "ORIGINAL_DST" and "type" in fields:
        fields["load_assignment"] = load_assignment(EndpointSet(value.name, value.endpoints))
    return fields


def load_assignment(value: EndpointSet) -> Json:
    """envoy.config.endpoint.v3.ClusterLoadAssignment."""
    fields = {
        "cluster_name": value.cluster,
        "endpoints": [_locality_endpoints(each) for each in value.localities] or None,
    }
    return message(fields, value.extra)


def _locality_endpoints(value: LocalityEndpoints) -> Json:
    return message(
        {
            "locality": _locality(value.locality) if value.locality else None,
            "lb_endpoints": [_endpoint(each) for each in value.endpoints] or None,
            "load_balancing_weight": value.weight or None,
            "priority": value.priority or None,
        },
        value.extra,
    )


def _locality(value: str) -> Json:
    region, zone, sub_zone = (*value.split("/", 2), "", "")[:3]
    return message({"region": region or None, "zone": zone or None, "sub_zone": sub_zone or None})


def _endpoint(value: Endpoint) -> Json:
    where = address(value.address)
    mode = {names.TRANSPORT_SOCKET_MATCH: {"tlsMode": value.tls_mode}} if value.tls_mode else None
    return message(
        {
            "endpoint": {"address": where} if where else None,
            "health_status": value.health or None,
            "metadata": {"filter_metadata": mode} if mode else None,
            "load_balancing_weight": value.weight or None,
        },
        value.extra,
    )


def _load_balancing(value: LoadBalancing) -> Json:
    slow = {"slow_start_config": {"slow_start_window": duration(value.slow_start)}}
    slow_field = "least_request" if value.policy == "LEAST_REQUEST" else "round_robin"
    panic = value.healthy_panic_threshold
    common = message({"healthy_panic_threshold": None if panic is None else {"value": panic}}, value.extra)
    return message(
        {
            "lb_policy": value.policy,
            f"{slow_field}_lb_config": slow if value.slow_start is not None else None,
            "ring_hash_lb_config": ({"minimum_ring_size": value.hash_minimum} if value.hash_minimum else None),
            "maglev_lb_config": {"table_size": value.table_size} if value.table_size else None,
            "common_lb_config": common or None,
        }
    )


def _circuit_breakers(value: CircuitBreakers | None) -> Json | None:
    if value is None:
        return None
    thresholds = message(
        {
            "max_connections": value.max_connections,
            "max_pending_requests": value.max_pending_requests,
            "max_requests": value.max_requests,
            "max_retries": value.max_retries,
            "track_remaining": value.track_remaining or None,
        },
        value.extra,
    )
    return {"thresholds": [thresholds]}


def _outlier_detection(value: OutlierDetection | None) -> Json | None:
    if value is None:
        return None
    return message(
        {
            "consecutive_5xx": value.consecutive_5xx,
            "interval": duration(value.interval),
            "base_ejection_time": duration(value.base_ejection_time),
            "max_ejection_percent": value.max_ejection_percent,
            "enforcing_consecutive_5xx": value.enforcing_consecutive_5xx,
            "enforcing_success_rate": value.enforcing_success_rate,
            "consecutive_gateway_failure": value.consecutive_gateway_failure,
            "enforcing_consecutive_gateway_failure": value.enforcing_consecutive_gateway_failure,
            "split_external_local_origin_errors": value.split_external_local_origin_errors or None,
            "consecutive_local_origin_failure": value.consecutive_local_origin_failure,
            "enforcing_consecutive_local_origin_failure": value.enforcing_consecutive_local_origin_failure,
        },
        value.extra,
    )


def http_options(value: HttpOptions) -> Json:
    """envoy.extensions.upstreams.http.v3.HttpProtocolOptions."""
    common = message(
        {
            "idle_timeout": duration(value.idle_timeout),
            "max_connection_duration": duration(value.max_connection_duration),
            "max_requests_per_connection": value.max_requests_per_connection or None,
        }
    )
    fields = {"common_http_protocol_options": common or None, **_protocol(value)}
    return message(fields, value.extra)


def _protocol(value: HttpOptions) -> Json:
    http2 = message({"max_concurrent_streams": value.max_concurrent_streams or None})
    if value.protocol == "downstream":
        return {"use_downstream_protocol_config": {"http_protocol_options": {}, "http2_protocol_options": http2}}
    if value.protocol == "http2":
        return {"explicit_http_config": {"http2_protocol_options": http2}}
    if http2:
        raise MeshError("max_concurrent_streams is a limit of HTTP/2; the protocol is http1")
    return {"explicit_http_config": {"http_protocol_options": {}}}


def _keepalive(value: TcpKeepalive | None, cluster_name: str) -> Json | None:
    if value is None:
        return None
    keepalive = message(
        {
            "keepalive_probes": value.probes,
            "keepalive_time": _seconds(value.time, f"cluster {cluster_name}: keepalive.time"),
            "keepalive_interval": _seconds(value.interval, f"cluster {cluster_name}: keepalive.interval"),
        }
    )
    return {"tcp_keepalive": keepalive}


def _seconds(value: timedelta | None, where: str) -> int | None:
    if value is None:
        return None
    seconds, rest = divmod(value, timedelta(seconds=1))
    if rest:
        raise MeshError(f"TCP keep-alive takes whole seconds, not {value}", where=where)
    return seconds


def _bind(host: str) -> Json:
    return {"source_address": {"address": host, "port_value": 0}}
