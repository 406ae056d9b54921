"""Limits toward a cluster: connections, requests, timeouts, keep-alive; and when an endpoint is taken out."""

from __future__ import annotations

from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap, thaw
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.manifests.facts import ServicePort
from pulumi_mesh.proxy.resolve.durations import duration, proto_json
from pulumi_mesh.proxy.resolve.proxy_headers import KEPT_CASE
from pulumi_mesh.proxy.view.clusters import CircuitBreakers, HttpOptions, OutlierDetection, TcpKeepalive
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.typed import build

HTTP2 = ("HTTP2", "GRPC", "GRPC_WEB")
"""Protocols on top of HTTP/2."""

_UNLIMITED = 2**32 - 1
"""Istio's default: in effect none. Mirrors getDefaultCircuitBreakerThresholds (core/cluster_traffic_policy.go)."""

CONNECT_TIMEOUT = timedelta(seconds=10)
"""MeshConfig's default ``connectTimeout``."""


def circuit_breakers(
    pool: destination_rule.ConnectionPool | None, budget: destination_rule.RetryBudget | None
) -> CircuitBreakers:
    """The limits of a cluster; a limit of 0 counts as not set.

    Mirrors applyConnectionPool and applyRetryBudget (core/cluster_traffic_policy.go).
    """
    http = pool.http if pool else None
    tcp = pool.tcp if pool else None
    return CircuitBreakers(
        max_connections=(tcp.max_connections if tcp else None) or _UNLIMITED,
        max_pending_requests=(http.http1_max_pending_requests if http else None) or _UNLIMITED,
        max_requests=(http.http2_max_requests if http else None) or _UNLIMITED,
        max_retries=(http.max_retries if http else None) or _UNLIMITED,
        extra=_retry_budget(budget) if budget else EMPTY,
    )


def _retry_budget(budget: destination_rule.RetryBudget) -> FrozenMap[str, object]:
    fields: dict[str, object] = {
        "budget_percent": FrozenMap({"value": 20.0 if budget.percent is None else float(budget.percent)}),
        "min_retry_concurrency": budget.min_retry_concurrency or 3,
    }
    interval = duration(budget.budget_interval)
    if interval is not None:
        fields["budget_interval"] = proto_json(interval)
    return FrozenMap({"retry_budget": FrozenMap(fields)})


def connect_timeout(pool: destination_rule.ConnectionPool | None, default: timedelta = CONNECT_TIMEOUT) -> timedelta:
    """How long a connection may take to be made. default: the mesh's."""
    given = duration(pool.tcp.connect_timeout) if pool and pool.tcp else None
    return default if given is None else given


def keepalive(
    pool: destination_rule.ConnectionPool | None, default: FrozenMap[str, object] | None = None
) -> TcpKeepalive | None:
    """TCP keep-alive, in whole seconds. default: the mesh's, in MeshConfig's words; a pool overrides each of its
    fields. Mirrors applyTCPKeepalive and setKeepAliveSettings (core/cluster.go)."""
    own = pool.tcp.tcp_keepalive if pool and pool.tcp else None
    mesh = None
    if default is not None:
        mesh = build(destination_rule.TcpKeepalive, thaw(default), "MeshConfig.tcpKeepalive", {"reading": True})
    given = [each for each in (own, mesh) if each is not None]
    if not given:
        return None
    return TcpKeepalive(
        next((each.probes for each in given if each.probes), None),
        next((_whole_seconds(each.time) for each in given if each.time is not None), None),
        next((_whole_seconds(each.interval) for each in given if each.interval is not None), None),
    )


def _whole_seconds(text: str | None) -> timedelta | None:
    length = duration(text)
    return None if length is None else timedelta(seconds=length // timedelta(seconds=1))


def http_options(
    pool: destination_rule.ConnectionPool | None,
    port: ServicePort,
    *,
    router: bool = False,
    upgrade: bool = False,
    keeps_case: bool = False,
) -> HttpOptions | None:
    """HTTP toward the endpoints; None where Envoy's defaults hold: HTTP/1.1 without limits.

    router: a gateway's, which does not look for a port's protocol. upgrade: whether the mesh upgrades to HTTP/2.
    keeps_case: whether the mesh wants HTTP/1 header names as they are, because of which nothing is upgraded.

    Mirrors setUpstreamProtocol (core/cluster_builder.go), applyH2Upgrade and applyConnectionPool
    (core/cluster_traffic_policy.go).
    """
    http = pool.http if pool else None
    tcp = pool.tcp if pool else None
    use_client_protocol = bool(http and http.use_client_protocol)
    found_out = port.protocol == "UNSUPPORTED" and not router
    keeps_case = keeps_case and port.protocol in ("HTTP", "HTTP_PROXY", "UNSUPPORTED")
    http2 = port.protocol in HTTP2 or (not found_out and not keeps_case and _upgraded(http, port, upgrade))
    use_client_protocol = use_client_protocol or found_out
    idle = duration(http.idle_timeout) if http else None
    if idle is None and tcp is not None:
        idle = duration(tcp.idle_timeout)
    longest = duration(tcp.max_connection_duration) if tcp else None
    requests = (http.max_requests_per_connection if http else None) or 0
    streams = (http.max_concurrent_streams if http else None) or 0
    alive = http.http2_keep_alive if http else None
    needed = idle is not None or longest is not None or requests or streams or alive is not None
    if not (http2 or use_client_protocol or keeps_case or needed):
        return None
    extra = _http2_keepalive(alive) if alive is not None and http2 and not use_client_protocol else EMPTY
    if keeps_case:
        kind = "use_downstream_protocol_config" if use_client_protocol else "explicit_http_config"
        extra = FrozenMap({kind: FrozenMap({"http_protocol_options": KEPT_CASE})})
    return HttpOptions(
        protocol="downstream" if use_client_protocol else "http2" if http2 else "http1",
        max_requests_per_connection=requests,
        idle_timeout=idle,
        max_connection_duration=longest,
        max_concurrent_streams=streams if http2 and not use_client_protocol else 0,
        extra=extra,
    )


def _upgraded(http: destination_rule.Http | None, port: ServicePort, mesh: bool) -> bool:
    """Mirrors shouldH2Upgrade (core/cluster_traffic_policy.go)."""
    if http is not None and http.use_client_protocol:
        return False
    said = http.h2_upgrade_policy if http else None
    if said in ("UPGRADE", "DO_NOT_UPGRADE"):
        return said == "UPGRADE"
    return mesh and port.protocol in ("HTTP", "HTTP_PROXY", *HTTP2)


def _http2_keepalive(alive: destination_rule.Http2KeepAlive) -> FrozenMap[str, object]:
    lengths = {"interval": duration(alive.interval), "timeout": duration(alive.timeout)}
    fields = FrozenMap({name: proto_json(each) for name, each in lengths.items() if each is not None})
    options = FrozenMap({"http2_protocol_options": FrozenMap({"connection_keepalive": fields})})
    return FrozenMap({"explicit_http_config": options})


def outlier_detection(settings: destination_rule.OutlierDetection | None) -> OutlierDetection | None:
    """When an endpoint is taken out; never for its success rate.

    Mirrors applyOutlierDetection (core/cluster_traffic_policy.go).
    """
    if settings is None:
        return None
    split = bool(settings.split_external_local_origin_errors)
    local = settings.consecutive_local_origin_failures if split else None
    return OutlierDetection(
        consecutive_5xx=settings.consecutive_5xx_errors,
        enforcing_consecutive_5xx=_enforced(settings.consecutive_5xx_errors),
        consecutive_gateway_failure=settings.consecutive_gateway_errors,
        enforcing_consecutive_gateway_failure=_enforced(settings.consecutive_gateway_errors),
        split_external_local_origin_errors=split,
        consecutive_local_origin_failure=local or None,
        enforcing_consecutive_local_origin_failure=100 if local else None,
        interval=duration(settings.interval),
        base_ejection_time=duration(settings.base_ejection_time),
        max_ejection_percent=settings.max_ejection_percent or None,
        enforcing_success_rate=0,
        extra=FrozenMap({"enforcing_local_origin_success_rate": 0}) if split else EMPTY,
    )


def _enforced(count: int | None) -> int | None:
    """Percent: a count of 0 turns the check off."""
    return None if count is None else min(count, 1) * 100


def panic_threshold(settings: destination_rule.OutlierDetection | None) -> float:
    """Percent of healthy endpoints under which health is ignored; 0, so that it never is, where nothing is said."""
    return float(max((settings.min_health_percent if settings else None) or 0, 0))
