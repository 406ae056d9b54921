"""Traffic policies of a DestinationRule (validateTrafficPolicy): of its host, a subset or a port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.addresses import is_ip, port
from pulumi_mesh.validation.durations import MILLISECOND, duration, nanoseconds, readable
from pulumi_mesh.validation.rules.load_balancer import load_balancer
from pulumi_mesh.validation.rules.names import fqdn
from pulumi_mesh.validation.rules.tls import client_tls
from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]

_PORT_FIELDS = ("outlierDetection", "connectionPool", "loadBalancer", "tls")
_FIELDS = (*_PORT_FIELDS, "tunnel", "proxyProtocol", "retryBudget")


def traffic_policy(policy: Object, path: str, namespace: str) -> Iterator[Problem]:
    """At least one field, and each of them right. namespace: of the DestinationRule."""
    if all(policy.get(field) is None for field in _FIELDS) and not policy.get("portLevelSettings"):
        yield Problem(path, "a traffic policy sets something")
        return
    tunnel = policy.get("tunnel")
    if tunnel is not None and policy.get("proxyProtocol") is not None:
        yield Problem(path, "a traffic policy has tunnel or proxyProtocol, not both")
        return
    yield from _shared(policy, path, namespace)
    for index, each in enumerate(policy.get("portLevelSettings") or ()):
        at = f"{path}.portLevelSettings[{index}]"
        if each.get("port") is None:
            yield Problem(f"{at}.port", "the settings of a port name it")
        if all(each.get(field) is None for field in _PORT_FIELDS):
            yield Problem(at, "the settings of a port set something")
        for problem in _shared(each, at, namespace):
            if problem.severity == "error":  # Istio tells no warnings of ports
                yield problem
    if tunnel is not None:
        yield from _tunnel(tunnel, f"{path}.tunnel")


def _shared(policy: Object, path: str, namespace: str) -> Iterator[Problem]:
    outlier = policy.get("outlierDetection")
    if outlier is not None:
        yield from _outlier_detection(outlier, f"{path}.outlierDetection")
    if (pool := policy.get("connectionPool")) is not None:
        yield from connection_pool(pool, f"{path}.connectionPool")
    if (balancer := policy.get("loadBalancer")) is not None:
        yield from load_balancer(balancer, f"{path}.loadBalancer", detects_outliers=outlier is not None)
    if (length := (policy.get("retryBudget") or {}).get("budgetInterval")) is not None:
        yield from readable(length, f"{path}.retryBudget.budgetInterval")
    if (tls := policy.get("tls")) is not None:
        yield from client_tls(tls, f"{path}.tls", namespace)


def _tunnel(tunnel: Object, path: str) -> Iterator[Problem]:
    if (protocol := tunnel.get("protocol") or "CONNECT") not in {"CONNECT", "POST"}:
        yield Problem(f"{path}.protocol", f"the protocol is CONNECT or POST, not {protocol}")
    host = tunnel.get("targetHost") or ""
    if (problem := fqdn(host)) and not is_ip(host):
        yield Problem(f"{path}.targetHost", f"neither an IP address nor a domain name: {problem}")
    yield from port(tunnel.get("targetPort") or 0, f"{path}.targetPort")


def _outlier_detection(outlier: Object, path: str) -> Iterator[Problem]:
    for field in ("baseEjectionTime", "interval"):
        if (length := outlier.get(field)) is not None:
            yield from duration(length, f"{path}.{field}")
    if outlier.get("consecutiveErrors"):
        yield warning(
            f"{path}.consecutiveErrors", "consecutiveGatewayErrors and consecutive5xxErrors have taken its place"
        )
    if (outlier.get("consecutiveLocalOriginFailures") or 0) > 0 and not outlier.get("splitExternalLocalOriginErrors"):
        yield Problem(
            f"{path}.consecutiveLocalOriginFailures", "it has no effect unless splitExternalLocalOriginErrors is true"
        )
    for field in ("maxEjectionPercent", "minHealthPercent"):
        if not 0 <= (outlier.get(field) or 0) <= 100:
            yield Problem(f"{path}.{field}", f"{outlier[field]} is not in 0..100")


def connection_pool(pool: Object, path: str) -> Iterator[Problem]:
    """Limits of connections: of TCP, of HTTP, or both."""
    http, tcp = pool.get("http"), pool.get("tcp")
    if http is None and tcp is None:
        yield Problem(path, "a connection pool has http or tcp settings")
    if http is not None:
        yield from _http_pool(http, f"{path}.http")
    if tcp is not None:
        yield from _tcp_pool(tcp, f"{path}.tcp")


def _http_pool(http: Object, path: str) -> Iterator[Problem]:
    for field in (
        "http1MaxPendingRequests",
        "http2MaxRequests",
        "maxRequestsPerConnection",
        "maxRetries",
        "maxConcurrentStreams",
    ):
        yield from _not_negative(http, field, path)
    if (length := http.get("idleTimeout")) is not None:
        yield from duration(length, f"{path}.idleTimeout")
    if http.get("h2UpgradePolicy") == "UPGRADE" and http.get("useClientProtocol"):
        yield Problem(f"{path}.useClientProtocol", "the client's protocol is not used where h2UpgradePolicy is UPGRADE")
    if (keepalive := http.get("http2KeepAlive")) is not None:
        for field in ("interval", "timeout"):
            if (length := keepalive.get(field)) is None:
                yield Problem(f"{path}.http2KeepAlive.{field}", "it is required")
            else:
                yield from duration(length, f"{path}.http2KeepAlive.{field}")


def _tcp_pool(tcp: Object, path: str) -> Iterator[Problem]:
    yield from _not_negative(tcp, "maxConnections", path)
    for field in ("connectTimeout", "maxConnectionDuration"):
        if (length := tcp.get(field)) is not None:
            yield from duration(length, f"{path}.{field}")
    if (length := tcp.get("idleTimeout")) is not None:
        parsed = nanoseconds(length)
        if parsed is None or abs(parsed) >= MILLISECOND:  # 0s is no timeout at all
            yield from duration(length, f"{path}.idleTimeout")
    for field in ("time", "interval"):
        if (length := (tcp.get("tcpKeepalive") or {}).get(field)) is not None:
            yield from duration(length, f"{path}.tcpKeepalive.{field}")


def _not_negative(settings: Object, field: str, path: str) -> Iterator[Problem]:
    if (settings.get(field) or 0) < 0:
        yield Problem(f"{path}.{field}", f"{settings[field]} is below 0")
