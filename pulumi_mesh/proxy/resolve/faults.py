"""Faults, mirrors' shares and cross-origin rules of a route."""

from __future__ import annotations

from datetime import timedelta

from pulumi_mesh.istio import virtual_service
from pulumi_mesh.proxy.resolve.durations import duration
from pulumi_mesh.proxy.resolve.matches import string_match
from pulumi_mesh.proxy.view.matching import Fraction, StringMatch
from pulumi_mesh.proxy.view.routes import Cors, Fault
from pulumi_mesh.words.grpc_statuses import GRPC_STATUSES


def fault(injection: virtual_service.Fault | None) -> Fault | None:
    """Mirrors TranslateFault (core/route/route.go): delays of fixed length, aborts by HTTP or gRPC status."""
    if injection is None:
        return None
    delay = duration(injection.delay.fixed_delay) if injection.delay else None
    abort = injection.abort
    grpc = abort.grpc_status if abort else None
    if abort is not None and abort.http_status is None and grpc not in GRPC_STATUSES:
        abort = None
    if delay is None and abort is None:
        return None
    return Fault(
        delay=delay,
        delay_fraction=_delayed(injection.delay) if injection.delay and delay is not None else None,
        abort_status=abort.http_status if abort else None,
        abort_grpc_status=GRPC_STATUSES.index(grpc) if abort and grpc else None,
        abort_fraction=percentage(abort.percentage) if abort and abort.percentage else None,
    )


def percentage(percent: virtual_service.Percent) -> Fraction:
    """Percent, to four places. Mirrors translatePercentToFractionalPercent (core/route/route.go)."""
    return Fraction(int((percent.value or 0) * 10_000), 1_000_000)


def _delayed(delay: virtual_service.Delay) -> Fraction:
    return percentage(delay.percentage) if delay.percentage else Fraction(delay.percent or 0)


def cors(policy: virtual_service.CorsPolicy) -> Cors:
    """The cross-origin rules of one route. Mirrors TranslateCORSPolicy (core/route/route.go)."""
    origins = tuple(found for each in policy.allow_origins or () if (found := string_match(each)))
    if policy.allow_origins is None:
        origins = tuple(StringMatch("exact", each) for each in policy.allow_origin or ())
    age = duration(policy.max_age)
    return Cors(
        allow_origins=origins,
        allow_methods=",".join(policy.allow_methods or ()),
        allow_headers=",".join(policy.allow_headers or ()),
        expose_headers=",".join(policy.expose_headers or ()),
        max_age="" if age is None else str(age // timedelta(seconds=1)),
        allow_credentials=policy.allow_credentials,
        enabled=Fraction(100),
        forward_unmatched_preflights=policy.unmatched_preflights != "IGNORE",
    )
