"""Matches and shares of traffic (envoy.type.matcher.v3, envoy.type.v3, envoy.config.route.v3)."""

from __future__ import annotations

from pulumi_mesh.proxy.envoy.names import DENOMINATORS
from pulumi_mesh.proxy.envoy.write.message import Json, message
from pulumi_mesh.proxy.view.matching import (
    EitherMatch,
    Fraction,
    HeaderMatch,
    ListMatch,
    MetadataMatch,
    PresentMatch,
    QueryMatch,
    StringMatch,
    ValueMatch,
)


def string_matcher(match: StringMatch) -> Json:
    """envoy.type.matcher.v3.StringMatcher."""
    test: Json = {"safe_regex": {"regex": match.value}} if match.kind == "regex" else {match.kind: match.value}
    return message({**test, "ignore_case": match.ignore_case or None})


def value_matcher(match: ValueMatch) -> Json:
    """envoy.type.matcher.v3.ValueMatcher."""
    match match:
        case StringMatch():
            return {"string_match": string_matcher(match)}
        case ListMatch(item):
            return {"list_match": {"one_of": value_matcher(item)}}
        case EitherMatch(tests):
            return {"or_match": {"value_matchers": [value_matcher(each) for each in tests]}}
        case PresentMatch(present):
            return {"present_match": present}


def metadata_matcher(match: MetadataMatch) -> Json:
    """envoy.type.matcher.v3.MetadataMatcher."""
    return message(
        {
            "filter": match.filter,
            "path": [{"key": key} for key in match.path],
            "value": value_matcher(match.value),
            "invert": match.invert or None,
        }
    )


def header_matcher(match: HeaderMatch) -> Json:
    """envoy.config.route.v3.HeaderMatcher."""
    kept = any(name.endswith("_match") for name in match.extra)
    return message(
        {
            "name": match.name,
            "string_match": string_matcher(match.value) if match.value else None,
            "present_match": True if match.value is None and not kept else None,
            "invert_match": match.invert or None,
            "treat_missing_header_as_empty": match.missing_as_empty or None,
        },
        match.extra,
    )


def query_matcher(match: QueryMatch) -> Json:
    """envoy.config.route.v3.QueryParameterMatcher."""
    if match.value is None:
        return {"name": match.name, "present_match": True}
    return {"name": match.name, "string_match": string_matcher(match.value)}


def fractional_percent(share: Fraction) -> Json:
    """envoy.type.v3.FractionalPercent."""
    return {"numerator": share.numerator, "denominator": DENOMINATORS[share.denominator]}


def runtime_fraction(share: Fraction | None) -> Json | None:
    """envoy.config.core.v3.RuntimeFractionalPercent, without a runtime key."""
    return {"default_value": fractional_percent(share)} if share else None
