"""Parts of a view that are not modelled, read from ``extra``: Envoy's messages under their own field names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_mesh.proxy.view.matching import EMPTY, Fraction, HeaderMatch, QueryMatch, StringMatch

_DENOMINATORS: dict[object, Any] = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


def part(message: object, *path: str) -> Mapping[str, Any]:
    """The message at a path; empty when there is none."""
    for name in path:
        message = message.get(name) if isinstance(message, Mapping) else None
    return message if isinstance(message, Mapping) else EMPTY


def each(message: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    """The messages of a list; empty when there is none."""
    return tuple(item for item in message.get(name, ()) if isinstance(item, Mapping))


def string_match(message: Mapping[str, Any], ending: str = "") -> StringMatch | None:
    """envoy.type.matcher.v3.StringMatcher; None when it holds no test that is known."""
    ignore_case = bool(message.get("ignore_case"))
    if f"exact{ending}" in message:
        return StringMatch("exact", str(message[f"exact{ending}"]), ignore_case)
    if f"prefix{ending}" in message:
        return StringMatch("prefix", str(message[f"prefix{ending}"]), ignore_case)
    if f"suffix{ending}" in message:
        return StringMatch("suffix", str(message[f"suffix{ending}"]), ignore_case)
    if f"contains{ending}" in message:
        return StringMatch("contains", str(message[f"contains{ending}"]), ignore_case)
    if f"safe_regex{ending}" in message:
        return StringMatch("regex", str(part(message, f"safe_regex{ending}").get("regex", "")))
    return None


def header_match(message: Mapping[str, Any]) -> HeaderMatch:
    """envoy.config.route.v3.HeaderMatcher."""
    inner = part(message, "string_match")
    known = {"name", "invert_match", "present_match", "treat_missing_header_as_empty", "string_match"}
    return HeaderMatch(
        str(message.get("name", "")),
        string_match(inner) if inner else string_match(message, "_match"),
        invert=bool(message.get("invert_match")) != (message.get("present_match") is False),
        missing_as_empty=bool(message.get("treat_missing_header_as_empty")),
        extra=type(EMPTY)({name: value for name, value in message.items() if name not in known}),
    )


def query_match(message: Mapping[str, Any]) -> tuple[QueryMatch, bool]:
    """envoy.config.route.v3.QueryParameterMatcher, and whether it wants the parameter to be absent."""
    inner = part(message, "string_match")
    match = QueryMatch(str(message.get("name", "")), string_match(inner) if inner else None)
    return match, message.get("present_match") is False


def fraction(message: Mapping[str, Any]) -> Fraction:
    """envoy.type.v3.FractionalPercent."""
    return Fraction(int(message.get("numerator", 0)), _DENOMINATORS.get(message.get("denominator"), 100))


def network(message: Mapping[str, Any]) -> tuple[str, int]:
    """envoy.config.core.v3.CidrRange."""
    return str(message.get("address_prefix", "")), int(message.get("prefix_len", 0))
