"""Clusters: how a proxy reaches a set of endpoints; and the endpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.addresses import Address
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.tls import PlainText, Transport
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class LoadBalancing:
    """How an endpoint is chosen.

    policy: Envoy's lb_policy. hash_minimum: the ring's minimum size (RING_HASH), 0 leaves Envoy's default.
    table_size: Maglev's, 0 leaves Envoy's default. slow_start: warming time of a new endpoint.
    healthy_panic_threshold: percent under which health is ignored; None leaves Envoy's 50.
    """

    policy: Literal["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "RING_HASH", "MAGLEV", "CLUSTER_PROVIDED"] = "ROUND_ROBIN"
    hash_minimum: int = 0
    table_size: int = 0
    slow_start: timedelta | None = None
    healthy_panic_threshold: float | None = None
    extra: FrozenMap[str, object] = EMPTY
    """Fields of common_lb_config that are not modelled."""


@dataclass(frozen=True, slots=True)
class CircuitBreakers:
    """Limits of one cluster in one proxy (the DEFAULT priority's thresholds); None leaves Envoy's default."""

    max_connections: int | None = None
    max_pending_requests: int | None = None
    max_requests: int | None = None
    max_retries: int | None = None
    track_remaining: bool = False
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class OutlierDetection:
    """When an endpoint is taken out for a while; None leaves Envoy's default."""

    consecutive_5xx: int | None = None
    enforcing_consecutive_5xx: int | None = None
    consecutive_gateway_failure: int | None = None
    enforcing_consecutive_gateway_failure: int | None = None
    split_external_local_origin_errors: bool = False
    consecutive_local_origin_failure: int | None = None
    enforcing_consecutive_local_origin_failure: int | None = None
    interval: timedelta | None = None
    base_ejection_time: timedelta | None = None
    max_ejection_percent: int | None = None
    enforcing_success_rate: int | None = None
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """HTTP toward the endpoints (envoy.extensions.upstreams.http.v3.HttpProtocolOptions).

    protocol: ``http1``, ``http2``, or ``downstream`` (the protocol the client used).
    max_requests_per_connection: 0 is no limit.
    """

    protocol: Literal["http1", "http2", "downstream"] = "http1"
    max_requests_per_connection: int = 0
    idle_timeout: timedelta | None = None
    max_connection_duration: timedelta | None = None
    max_concurrent_streams: int = 0
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class TransportMatch:
    """A transport for the endpoints whose metadata ``envoy.transport_socket_match`` holds ``match``."""

    name: str
    match: FrozenMap[str, str]
    transport: Transport


@dataclass(frozen=True, slots=True)
class TcpKeepalive:
    """TCP keep-alive of upstream connections; None leaves the system's."""

    probes: int | None = None
    time: timedelta | None = None
    interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a cluster.

    tls_mode: the endpoint's ``tlsMode`` under ``envoy.transport_socket_match``: ``istio`` takes mutual TLS.
    weight: 0 leaves Envoy's 1. health: Envoy's health_status, empty when not said.
    """

    address: Address
    tls_mode: str = ""
    weight: int = 0
    health: str = ""
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class LocalityEndpoints:
    """Endpoints of one locality (``region/zone/subzone``)."""

    endpoints: tuple[Endpoint, ...]
    locality: str = ""
    weight: int = 0
    priority: int = 0
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class EndpointSet:
    """The endpoints of a cluster (envoy.config.endpoint.v3.ClusterLoadAssignment)."""

    cluster: str
    localities: tuple[LocalityEndpoints, ...]
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class Cluster:
    """A named upstream (envoy.config.cluster.v3.Cluster).

    type: EDS takes its endpoints from the view's EndpointSet of the same name (asked for by discovery);
    STATIC and the DNS types hold theirs in ``endpoints``. One with a ``cluster_type`` of its own in ``extra``
    reads as STATIC.
    metadata: Envoy's filter metadata, by namespace.
    """

    name: str
    type: Literal["EDS", "STATIC", "STRICT_DNS", "LOGICAL_DNS", "ORIGINAL_DST"]
    endpoints: tuple[LocalityEndpoints, ...] = ()
    connect_timeout: timedelta | None = None
    load_balancing: LoadBalancing = LoadBalancing()
    circuit_breakers: CircuitBreakers | None = None
    outlier_detection: OutlierDetection | None = None
    http: HttpOptions | None = None
    transport: Transport = PlainText()
    transport_matches: tuple[TransportMatch, ...] = ()
    keepalive: TcpKeepalive | None = None
    bind_address: str = ""
    metadata: FrozenMap[str, object] = EMPTY
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = field(default=None, compare=False)
