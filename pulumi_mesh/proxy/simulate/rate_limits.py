"""Rate limits on the way of one request: what may refuse it is told; the request itself is taken to be within."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.outcome import Step
from pulumi_mesh.proxy.simulate.route_choice import Choice
from pulumi_mesh.proxy.view.listeners import OpaqueFilter
from pulumi_mesh.proxy.view.routes import Forward

_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
LOCAL = f"{_HTTP}.local_ratelimit.v3.LocalRateLimit"
GLOBAL = f"{_HTTP}.ratelimit.v3.RateLimit"


class Limit(NamedTuple):
    """What is told of a limit; may_refuse: as in Outcome."""

    step: Step
    may_refuse: tuple[str, ...]


def rate_limit(filter: OpaqueFilter, config: Mapping[str, Any], choice: Choice) -> Limit | None:
    """What a filter of one of these types does with a request; None where it does nothing.

    config: the filter's own. Mirrors envoy.extensions.filters.http.local_ratelimit.v3 and .ratelimit.v3: what a route
    says under the filter's name comes first, then its virtual host, then the filter.
    """
    if config.get("@type") == GLOBAL:
        return _asked(filter, config, choice)
    told = _per_route(filter.name, choice) or config
    bucket, enabled = raw.part(told, "token_bucket"), _share(told, "filter_enabled")
    if not bucket or not enabled:
        return None
    most, fill = bucket.get("max_tokens"), bucket.get("tokens_per_fill", 1)
    limit = f"{most} requests at once, then {fill} every {bucket.get('fill_interval')}"
    if not _share(told, "filter_enforced"):
        return Limit(Step(f"counted, not limited, by this proxy: {limit}", filter.ref), ())
    limit += "" if enabled == 1 else f" ({100 * enabled:g} % of requests)"
    step = Step(f"limited by this proxy to {limit}: taken to be within; else 429", filter.ref)
    return Limit(step, (f"a limit of {limit}",))


def _asked(filter: OpaqueFilter, config: Mapping[str, Any], choice: Choice) -> Limit | None:
    action = choice.route.action if choice.route else None
    limits = (
        *(raw.each(action.extra, "rate_limits") if isinstance(action, Forward) else ()),
        *(raw.each(choice.host.extra, "rate_limits") if choice.host else ()),
        *raw.each(raw.part(_per_route(filter.name, choice)), "rate_limits"),
    )
    if not limits:
        return None
    service = raw.part(config, "rate_limit_service", "grpc_service", "envoy_grpc").get("cluster_name", "")
    failing = "refused" if config.get("failure_mode_deny") else "let through"
    text = f"{service} is asked whether the request is within its limits: taken to say yes; else 429"
    step = Step(f"{text}; without an answer it is {failing}", filter.ref)
    return Limit(step, (f"{service}, which is asked for limits",))


def _per_route(name: str, choice: Choice) -> Mapping[str, Any]:
    """What the route, or else its virtual host, says to the filter of that name."""
    of_route = raw.part(choice.route.extra, "typed_per_filter_config", name) if choice.route else {}
    return of_route or (raw.part(choice.host.extra, "typed_per_filter_config", name) if choice.host else {})


def _share(config: Mapping[str, Any], name: str) -> float:
    """A RuntimeFractionalPercent of the filter: none where it is not said."""
    found = raw.part(config, name, "default_value")
    fraction = raw.fraction(found)
    return fraction.numerator / fraction.denominator if found else 0
