"""Faults that an HTTP route injects, and the statuses that a route may answer with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.durations import duration
from pulumi_mesh.validation.verdict import Problem
from pulumi_mesh.words.grpc_statuses import GRPC_STATUSES


def http_status(status: int, path: str) -> Iterator[Problem]:
    """200 to 600: Istio takes the upper end too."""
    if not 200 <= status <= 600:
        yield Problem(path, f"HTTP status {status} is not in 200..599")


def http_fault(fault: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """An abort, a delay, or both."""
    abort, delay = fault.get("abort"), fault.get("delay")
    if abort is None and delay is None:
        yield Problem(path, "a fault has an abort or a delay")
    if abort is not None:
        yield from _percentage(abort.get("percentage"), f"{path}.abort.percentage")
        if (status := abort.get("grpcStatus")) is not None:
            if status not in GRPC_STATUSES:
                yield Problem(f"{path}.abort.grpcStatus", f"{status!r} is not a status of gRPC, such as NOT_FOUND")
        elif abort.get("http2Error") is not None:
            yield Problem(f"{path}.abort.http2Error", "Istio has no aborts with an HTTP/2 error")
        elif (number := abort.get("httpStatus")) is not None:
            yield from http_status(number, f"{path}.abort.httpStatus")
    if delay is not None:
        yield from _percentage(delay.get("percentage"), f"{path}.delay.percentage")
        if (length := delay.get("fixedDelay")) is not None:
            yield from duration(length, f"{path}.delay.fixedDelay")
        if delay.get("exponentialDelay") is not None:
            yield Problem(f"{path}.delay.exponentialDelay", "Istio has no exponential delays")


def _percentage(percentage: Mapping[str, Any] | None, path: str) -> Iterator[Problem]:
    value = (percentage or {}).get("value") or 0
    if not (value == 0 or 0.0001 <= value <= 100):
        yield Problem(f"{path}.value", f"{value} is neither 0 nor in 0.0001..100")
