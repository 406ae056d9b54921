"""Tests of request headers."""

from __future__ import annotations

import re

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view.matching import HeaderMatch

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")


def header_matches(match: HeaderMatch, headers: Headers) -> bool:
    """Whether a header is as it should be: one of its values passes, or none where the test is inverted. One that is
    missing fails a test of its value, inverted or not.

    Mirrors HeaderUtility::matchHeaders (Envoy's source/common/http/header_utility.cc).
    """
    values = headers.values(match.name)
    if _tests_presence(match):
        return (bool(values) or match.missing_as_empty) != match.invert
    if not values and not match.missing_as_empty:
        return False
    return any(_value_matches(match, each) for each in values or ("",)) != match.invert


def header_shown(match: HeaderMatch) -> str:
    """A test in words."""
    negation = "not " if match.invert else ""
    if match.value is None:
        return f"{match.name} {negation}{'as it should be' if match.extra else 'present'}"
    return f"{match.name} {negation}{match.value.kind} {match.value.value}"


def _tests_presence(match: HeaderMatch) -> bool:
    return match.value is None and "range_match" not in match.extra


def _value_matches(match: HeaderMatch, value: str) -> bool:
    if match.value is not None:
        return text_matches(match.value, value)
    limits = raw.part(match.extra, "range_match")
    number = int(value) if _INTEGER.fullmatch(value) else None
    return number is not None and int(limits.get("start", 0)) <= number < int(limits.get("end", 0))
