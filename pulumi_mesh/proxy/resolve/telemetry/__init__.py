"""Telemetry: access logs and tracing of all listeners of a proxy.

Metrics are the business of ``istio.stats``, a filter of Istio's own that a stock Envoy lacks: views leave it out, and
with it what Telemetry says of metrics. Not resolved either: ``enableEnvoyAccessLogService``, whose cluster the
bootstrap has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.telemetry.access_logs import access_logs
from pulumi_mesh.proxy.resolve.telemetry.applicable import Mode, applicable
from pulumi_mesh.proxy.resolve.telemetry.traces import Traces, traces
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, NetworkFilter, TcpProxy
from pulumi_mesh.proxy.view.telemetry import AccessLog

__all__ = ["observed"]

_BLACK_HOLE = "-blackhole"
_CAUGHT = "virtualOutbound"
_NO_CHAIN = "NR"
"""Envoy's flag where no filter chain took a connection: only the listener can log that."""

_NOT_BY_ID: FrozenMap[str, object] = freeze(
    {
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
            "use_request_id_for_trace_sampling": False,
        }
    }
)


@dataclass(frozen=True, slots=True)
class _Side:
    """What holds on one side of requests."""

    logs: tuple[AccessLog, ...]
    traces: Traces


def observed(snapshot: Snapshot, proxy: Proxy, listeners: tuple[Listener, ...]) -> tuple[Listener, ...]:
    """The listeners of a proxy with their access logs and tracing.

    Mirrors setListenerAccessLog, setHTTPAccessLog, setTCPAccessLog (core/accesslog.go) and configureTracing
    (core/tracing.go).
    """
    telemetries = applicable(snapshot, proxy)
    sides: dict[Mode, _Side] = {}
    for side in _SIDES:
        logs = access_logs(snapshot, telemetries, side)
        sides[side] = _Side(logs, traces(snapshot, proxy, telemetries, side))
    listens = snapshot.mesh.listener_log
    return tuple(
        _listener(each, sides[_side(proxy, each)], listens and _logs_itself(proxy, each)) for each in listeners
    )


_SIDES: tuple[Mode, ...] = ("CLIENT", "SERVER")


def _side(proxy: Proxy, listener: Listener) -> Mode:
    return "SERVER" if proxy.kind == "sidecar" and listener.traffic_direction == "INBOUND" else "CLIENT"


def _logs_itself(proxy: Proxy, listener: Listener) -> bool:
    """Outbound listeners that connections are handed to log nothing themselves."""
    return proxy.kind == "router" or listener.traffic_direction == "INBOUND" or listener.name == _CAUGHT


def _listener(listener: Listener, side: _Side, itself: bool) -> Listener:
    default = listener.default_filter_chain
    return replace(
        listener,
        filter_chains=tuple(_chain(each, side) for each in listener.filter_chains),
        default_filter_chain=_chain(default, side) if default else None,
        access_logs=tuple(replace(each, response_flags=(_NO_CHAIN,)) for each in side.logs) if itself else (),
    )


def _chain(chain: FilterChain, side: _Side) -> FilterChain:
    if chain.name.endswith(_BLACK_HOLE):
        return chain
    return replace(chain, filters=tuple(_filter(each, side) for each in chain.filters))


def _filter(value: NetworkFilter, side: _Side) -> NetworkFilter:
    if isinstance(value, TcpProxy):
        return replace(value, access_logs=side.logs)
    if not isinstance(value, HttpConnectionManager):
        return value
    extra: dict[str, Any] = dict(value.extra)
    if not side.traces.by_request_id:
        extra["request_id_extension"] = _NOT_BY_ID
    return replace(value, access_logs=side.logs, tracing=side.traces.tracing, extra=FrozenMap(extra))
