"""Cross-origin requests: preflights that the proxy answers, and what it tells browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view.matching import StringMatch
from pulumi_mesh.proxy.view.routes import Cors

Pairs = tuple[tuple[str, str], ...]


def cors(policy: Cors, exchange: Exchange) -> tuple[bool, Pairs]:
    """Whether the proxy answers itself (a preflight), and the headers of the answer that come of it.

    Mirrors CorsFilter (Envoy's source/extensions/filters/http/cors).
    """
    origin = exchange.headers.get("origin")
    if not origin or (policy.enabled is not None and exchange.chance.takes(policy.enabled) is False):
        return False, ()
    answered = (
        *_given(("access-control-allow-methods", _or_asked(policy.allow_methods, exchange, "method"))),
        *_given(("access-control-allow-headers", _or_asked(policy.allow_headers, exchange, "headers"))),
        *_given(("access-control-max-age", policy.max_age)),
    )
    if not any(_allows(each, origin) for each in policy.allow_origins):
        answers = _is_preflight(exchange) and policy.forward_unmatched_preflights is False
        return answers, answered if answers else ()
    granted: Pairs = (("access-control-allow-origin", origin),)
    if policy.allow_credentials:
        granted += (("access-control-allow-credentials", "true"),)
    exposed = _given(("access-control-expose-headers", policy.expose_headers))
    if not _is_preflight(exchange):
        return False, granted + exposed
    return True, (*granted, *answered, *exposed)


def _or_asked(allowed: str, exchange: Exchange, what: str) -> str:
    """What a policy allows; where that is everything, what the preflight asks for."""
    return exchange.headers.text(f"access-control-request-{what}") if allowed == "*" else allowed


def raw_cors(message: Mapping[str, Any]) -> Cors | None:
    """envoy.extensions.filters.http.cors.v3.CorsPolicy, or a route's older one, where the view does not model it."""
    if not message:
        return None
    found = (raw.string_match(each) for each in raw.each(message, "allow_origin_string_match"))
    enabled = raw.part(message, "filter_enabled")
    return Cors(
        allow_origins=tuple(each for each in found if each),
        allow_methods=str(message.get("allow_methods", "")),
        allow_headers=str(message.get("allow_headers", "")),
        expose_headers=str(message.get("expose_headers", "")),
        max_age=str(message.get("max_age", "")),
        allow_credentials=message.get("allow_credentials"),
        enabled=raw.fraction(raw.part(enabled, "default_value")) if enabled else None,
        forward_unmatched_preflights=message.get("forward_not_matching_preflights"),
    )


def _is_preflight(exchange: Exchange) -> bool:
    asked = exchange.headers.get("access-control-request-method")
    return exchange.headers.get(":method") == "OPTIONS" and bool(asked)


def _allows(test: StringMatch, origin: str) -> bool:
    return test == StringMatch("exact", "*") or text_matches(test, origin)


def _given(*pairs: tuple[str, str]) -> Pairs:
    return tuple(pair for pair in pairs if pair[1])
