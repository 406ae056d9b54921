"""Faults, mirrors' shares and cross-origin rules of a route."""

from __future__ import annotations

from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.proxy.resolve.durations import duration
from pulumi_mesh.proxy.view.matching import EMPTY, Fraction
from pulumi_mesh.proxy.view.routes import Fault

_GRPC_STATUSES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
"""In the order of their numbers, from 0."""


def fault(injection: virtual_service.Fault | None) -> Fault | None:
    """Mirrors TranslateFault (core/route/route.go): delays of fixed length, aborts by HTTP or gRPC status."""
    if injection is None:
        return None
    delay = duration(injection.delay.fixed_delay) if injection.delay else None
    abort = injection.abort
    grpc = abort.grpc_status if abort else None
    if abort is not None and abort.http_status is None and grpc not in _GRPC_STATUSES:
        abort = None
    if delay is None and abort is None:
        return None
    extra = {"abort": FrozenMap({"grpc_status": _GRPC_STATUSES.index(grpc)})} if abort and grpc else {}
    return Fault(
        delay=delay,
        delay_fraction=_delayed(injection.delay) if injection.delay and delay is not None else None,
        abort_status=abort.http_status if abort else None,
        abort_fraction=percentage(abort.percentage) if abort and abort.percentage else None,
        extra=FrozenMap(extra) if extra else EMPTY,
    )


def percentage(percent: virtual_service.Percent) -> Fraction:
    """Percent, to four places. Mirrors translatePercentToFractionalPercent (core/route/route.go)."""
    return Fraction(int((percent.value or 0) * 10_000), 1_000_000)


def _delayed(delay: virtual_service.Delay) -> Fraction:
    return percentage(delay.percentage) if delay.percentage else Fraction(delay.percent or 0)


def cors(policy: virtual_service.CorsPolicy) -> FrozenMap[str, object]:
    """The cross-origin filter's config of one route. Mirrors TranslateCORSPolicy (core/route/route.go)."""
    fields: dict[str, object] = {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "forward_not_matching_preflights": policy.unmatched_preflights != "IGNORE",
        "filter_enabled": FrozenMap({"default_value": FrozenMap({"numerator": 100})}),
    }
    origins = [_origin(each) for each in policy.allow_origins or ()]
    if policy.allow_origins is None:
        origins = [FrozenMap({"exact": each}) for each in policy.allow_origin or ()]
    if origins:
        fields["allow_origin_string_match"] = tuple(origins)
    if policy.allow_credentials is not None:
        fields["allow_credentials"] = policy.allow_credentials
    for name, values in (
        ("allow_headers", policy.allow_headers),
        ("allow_methods", policy.allow_methods),
        ("expose_headers", policy.expose_headers),
    ):
        if values:
            fields[name] = ",".join(values)
    if (age := duration(policy.max_age)) is not None:
        fields["max_age"] = str(age // timedelta(seconds=1))
    return FrozenMap(fields)


def _origin(match: virtual_service.StringMatch) -> FrozenMap[str, object]:
    if match.regex is not None:
        return FrozenMap({"safe_regex": FrozenMap({"regex": match.regex})})
    return FrozenMap({"prefix": match.prefix} if match.prefix is not None else {"exact": match.exact or ""})
