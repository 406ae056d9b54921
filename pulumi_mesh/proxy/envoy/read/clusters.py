"""Clusters (envoy.config.cluster.v3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.read.endpoints import locality_endpoints
from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
from pulumi_mesh.proxy.envoy.read.tls import transport
from pulumi_mesh.proxy.view.clusters import (
    CircuitBreakers,
    Cluster,
    HttpOptions,
    LoadBalancing,
    LocalityEndpoints,
    OutlierDetection,
    TcpKeepalive,
    TransportMatch,
)
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.tls import OpaqueTransport, PlainText

_TYPES: dict[str, Literal["EDS", "STATIC", "STRICT_DNS", "LOGICAL_DNS", "ORIGINAL_DST"]] = {
    "EDS": "EDS",
    "STATIC": "STATIC",
    "STRICT_DNS": "STRICT_DNS",
    "LOGICAL_DNS": "LOGICAL_DNS",
    "ORIGINAL_DST": "ORIGINAL_DST",
}
_Policy = Literal["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "RING_HASH", "MAGLEV", "CLUSTER_PROVIDED"]
_POLICIES: dict[str, _Policy] = {
    "ROUND_ROBIN": "ROUND_ROBIN",
    "LEAST_REQUEST": "LEAST_REQUEST",
    "RANDOM": "RANDOM",
    "RING_HASH": "RING_HASH",
    "MAGLEV": "MAGLEV",
    "CLUSTER_PROVIDED": "CLUSTER_PROVIDED",
}


def cluster(message: Message) -> Cluster:
    """envoy.config.cluster.v3.Cluster. One of a type of its own (``cluster_type``) reads as STATIC."""
    name = message.text("name")
    kind = message.choice("type", _TYPES, "STATIC")
    return Cluster(
        name=name,
        type=kind,
        endpoints=_endpoints(message, name, kind),
        connect_timeout=message.duration("connect_timeout"),
        load_balancing=_load_balancing(message),
        circuit_breakers=message.one("circuit_breakers", _circuit_breakers),
        outlier_detection=message.one("outlier_detection", _outlier_detection),
        http=message.part("typed_extension_protocol_options", raw=True).one(names.HTTP_PROTOCOL_OPTIONS, _http_options),
        transport=message.one("transport_socket", transport) or PlainText(),
        transport_matches=message.each("transport_socket_matches", _transport_match),
        keepalive=message.part("upstream_connection_options").one("tcp_keepalive", _keepalive),
        bind_address=message.one("upstream_bind_config", _bind_address) or "",
        metadata=message.part("metadata").map("filter_metadata"),
        extra=message.rest(),
    )


def _endpoints(message: Message, name: str, kind: str) -> tuple[LocalityEndpoints, ...]:
    if kind == "EDS":
        config = message.part("eds_cluster_config")
        config.drop("eds_config")
        config.choice("service_name", {name: name}, name)
        return ()
    if kind == "ORIGINAL_DST" or "cluster_type" in message or "type" in message:
        return ()
    assignment = message.part("load_assignment")
    assignment.choice("cluster_name", {name: name}, name)
    return assignment.each("endpoints", locality_endpoints)


def _load_balancing(message: Message) -> LoadBalancing:
    policy = message.choice("lb_policy", _POLICIES, "ROUND_ROBIN")
    slow_field = "least_request" if policy == "LEAST_REQUEST" else "round_robin"
    panic, extra = message.one("common_lb_config", _common) or (None, EMPTY)
    return LoadBalancing(
        policy=policy,
        hash_minimum=message.part("ring_hash_lb_config").number("minimum_ring_size") or 0,
        table_size=message.part("maglev_lb_config").number("table_size") or 0,
        slow_start=message.part(f"{slow_field}_lb_config").part("slow_start_config").duration("slow_start_window"),
        healthy_panic_threshold=panic,
        extra=extra,
    )


def _common(message: Message) -> tuple[float | None, FrozenMap[str, object]]:
    return message.one("healthy_panic_threshold", _percent), message.rest()


def _percent(message: Message) -> float:
    value = message.decimal("value")
    message.end()
    return value or 0.0


def _circuit_breakers(message: Message) -> CircuitBreakers:
    """The DEFAULT priority's thresholds alone; UnmodelledError when there are others."""
    thresholds = message.each("thresholds", _thresholds)
    message.end()
    if len(thresholds) != 1:
        raise UnmodelledError
    return thresholds[0]


def _thresholds(message: Message) -> CircuitBreakers:
    message.choice("priority", {"DEFAULT": ""}, "")
    if "priority" in message:
        raise UnmodelledError
    return CircuitBreakers(
        max_connections=message.number("max_connections"),
        max_pending_requests=message.number("max_pending_requests"),
        max_requests=message.number("max_requests"),
        max_retries=message.number("max_retries"),
        track_remaining=bool(message.flag("track_remaining")),
        extra=message.rest(),
    )


def _outlier_detection(message: Message) -> OutlierDetection:
    local = "local_origin_failure"
    return OutlierDetection(
        consecutive_5xx=message.number("consecutive_5xx"),
        enforcing_consecutive_5xx=message.number("enforcing_consecutive_5xx"),
        consecutive_gateway_failure=message.number("consecutive_gateway_failure"),
        enforcing_consecutive_gateway_failure=message.number("enforcing_consecutive_gateway_failure"),
        split_external_local_origin_errors=bool(message.flag("split_external_local_origin_errors")),
        consecutive_local_origin_failure=message.number(f"consecutive_{local}"),
        enforcing_consecutive_local_origin_failure=message.number(f"enforcing_consecutive_{local}"),
        interval=message.duration("interval"),
        base_ejection_time=message.duration("base_ejection_time"),
        max_ejection_percent=message.number("max_ejection_percent"),
        enforcing_success_rate=message.number("enforcing_success_rate"),
        extra=message.rest(),
    )


def _http_options(message: Message) -> HttpOptions:
    if message.text("@type") != names.HTTP_PROTOCOL_OPTIONS_TYPE:
        raise UnmodelledError
    protocol, streams = _protocol(message)
    common = message.part("common_http_protocol_options")
    return HttpOptions(
        protocol=protocol,
        max_requests_per_connection=common.number("max_requests_per_connection") or 0,
        idle_timeout=common.duration("idle_timeout"),
        max_connection_duration=common.duration("max_connection_duration"),
        max_concurrent_streams=streams,
        extra=message.rest(),
    )


def _protocol(message: Message) -> tuple[Literal["http1", "http2", "downstream"], int]:
    """The protocol, and HTTP/2's max_concurrent_streams; UnmodelledError for other ways of choosing."""
    explicit = message.part("explicit_http_config")
    if "http_protocol_options" in explicit:
        explicit.part("http_protocol_options")
        return "http1", 0
    if "http2_protocol_options" in explicit:
        return "http2", explicit.part("http2_protocol_options").number("max_concurrent_streams") or 0
    same = message.part("use_downstream_protocol_config")
    if "http_protocol_options" in same and "http2_protocol_options" in same:
        same.part("http_protocol_options")
        return "downstream", same.part("http2_protocol_options").number("max_concurrent_streams") or 0
    raise UnmodelledError


def _transport_match(message: Message) -> TransportMatch:
    match: dict[str, str] = {}
    for name, value in message.map("match").items():
        if not isinstance(value, str):
            raise UnmodelledError
        match[name] = value
    socket = message.one("transport_socket", transport) or OpaqueTransport("", EMPTY)
    found = TransportMatch(message.text("name"), FrozenMap(match), socket)
    message.end()
    return found


def _keepalive(message: Message) -> TcpKeepalive:
    keepalive = TcpKeepalive(
        probes=message.number("keepalive_probes"),
        time=_seconds(message.number("keepalive_time")),
        interval=_seconds(message.number("keepalive_interval")),
    )
    message.end()
    return keepalive


def _seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)


def _bind_address(message: Message) -> str:
    source = message.part("source_address")
    host = source.text("address")
    if source.number("port_value") or not host:
        raise UnmodelledError
    message.end()
    return host
