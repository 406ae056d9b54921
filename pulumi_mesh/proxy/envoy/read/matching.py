"""Matches and shares of traffic (envoy.type.matcher.v3, envoy.type.v3, envoy.config.route.v3)."""

from __future__ import annotations

from typing import Literal

from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
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

_KINDS: tuple[Literal["exact", "prefix", "suffix", "contains"], ...] = (
    "exact",
    "prefix",
    "suffix",
    "contains",
)
_DENOMINATORS: dict[str, Literal[100, 10_000, 1_000_000]] = {
    "HUNDRED": 100,
    "TEN_THOUSAND": 10_000,
    "MILLION": 1_000_000,
}


def string_matcher(message: Message) -> StringMatch:
    """envoy.type.matcher.v3.StringMatcher."""
    match = _test(message, "")
    if match is None:
        raise UnmodelledError
    ignore_case = bool(message.flag("ignore_case"))
    message.end()
    return StringMatch(match.kind, match.value, ignore_case)


def value_matcher(message: Message) -> ValueMatch:
    """envoy.type.matcher.v3.ValueMatcher, but for tests of null, numbers and true or false."""
    found: ValueMatch | None = message.one("string_match", string_matcher)
    item = message.part("list_match").one("one_of", value_matcher)
    either = message.part("or_match").each("value_matchers", value_matcher)
    present = message.flag("present_match")
    if item is not None:
        found = ListMatch(item)
    elif either:
        found = EitherMatch(either)
    elif present is not None:
        found = PresentMatch(present)
    message.end()
    if found is None:
        raise UnmodelledError
    return found


def metadata_matcher(message: Message) -> MetadataMatch:
    """envoy.type.matcher.v3.MetadataMatcher."""
    path = message.each("path", _segment)
    value = message.one("value", value_matcher)
    found = message.text("filter")
    invert = bool(message.flag("invert"))
    message.end()
    if value is None:
        raise UnmodelledError
    return MetadataMatch(found, path, value, invert)


def _segment(message: Message) -> str:
    key = message.text("key")
    message.end()
    return key


def header_matcher(message: Message) -> HeaderMatch:
    """envoy.config.route.v3.HeaderMatcher, its older forms (``exact_match`` and others) too."""
    name = message.text("name")
    value = message.one("string_match", string_matcher) or _test(message, "_match")
    present = message.flag("present_match")
    invert = bool(message.flag("invert_match"))
    return HeaderMatch(
        name,
        value,
        invert=invert != (present is False),
        missing_as_empty=bool(message.flag("treat_missing_header_as_empty")),
        extra=message.rest(),
    )


def query_matcher(message: Message) -> QueryMatch:
    """envoy.config.route.v3.QueryParameterMatcher."""
    match = QueryMatch(message.text("name"), message.one("string_match", string_matcher))
    if message.flag("present_match") is False:
        raise UnmodelledError
    message.end()
    return match


def regex(message: Message) -> str:
    """envoy.type.matcher.v3.RegexMatcher; its engine is always RE2."""
    value = message.text("regex")
    message.part("google_re2").drop("max_program_size")
    message.end()
    return value


def fractional_percent(message: Message) -> Fraction:
    """envoy.type.v3.FractionalPercent."""
    numerator = message.number("numerator") or 0
    denominator = message.choice("denominator", _DENOMINATORS, _DENOMINATORS["HUNDRED"])
    message.end()
    return Fraction(numerator, denominator)


def runtime_fraction(message: Message) -> Fraction:
    """envoy.config.core.v3.RuntimeFractionalPercent, without a runtime key."""
    share = message.one("default_value", fractional_percent)
    message.end()
    if share is None:
        raise UnmodelledError
    return share


def _test(message: Message, ending: str) -> StringMatch | None:
    for kind in _KINDS:
        if kind + ending in message:
            return StringMatch(kind, message.text(kind + ending))
    value = message.one("safe_regex" + ending, regex)
    return None if value is None else StringMatch("regex", value)
