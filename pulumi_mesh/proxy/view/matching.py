"""Matches on text, headers and query parameters, and shares of traffic, as Envoy has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Union

from pulumi_mesh.frozen import FrozenMap

EMPTY: FrozenMap[str, object] = FrozenMap()
"""Fields of a message that the view does not model: none."""


@dataclass(frozen=True, slots=True)
class StringMatch:
    """A test of one text (envoy.type.matcher.v3.StringMatcher). Envoy refuses a regex with ignore_case."""

    kind: Literal["exact", "prefix", "suffix", "contains", "regex"]
    value: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class ListMatch:
    """A list of which one item passes (envoy.type.matcher.v3.ListMatcher)."""

    item: ValueMatch


@dataclass(frozen=True, slots=True)
class EitherMatch:
    """A value that one of the tests passes (envoy.type.matcher.v3.OrMatcher)."""

    tests: tuple[ValueMatch, ...]


@dataclass(frozen=True, slots=True)
class PresentMatch:
    """A value of any kind that is there, or is not (``present_match``)."""

    present: bool


ValueMatch = Union[StringMatch, ListMatch, EitherMatch, PresentMatch]  # noqa: UP007 - named before it is there
"""A test of structured data (envoy.type.matcher.v3.ValueMatcher); a StringMatch takes text only."""


@dataclass(frozen=True, slots=True)
class MetadataMatch:
    """A test of what a filter noted about a request or a connection (envoy.type.matcher.v3.MetadataMatcher).

    filter: whose notes. path: keys, outermost first.
    """

    filter: str
    path: tuple[str, ...]
    value: ValueMatch
    invert: bool = False


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A test of one request header (envoy.config.route.v3.HeaderMatcher).

    value: None tests only that the header is there. ``:method`` and ``:authority`` are headers too.
    missing_as_empty: a missing header is tested as empty text.
    """

    name: str
    value: StringMatch | None = None
    invert: bool = False
    missing_as_empty: bool = False
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class QueryMatch:
    """A test of one query parameter (envoy.config.route.v3.QueryParameterMatcher); None tests presence."""

    name: str
    value: StringMatch | None = None


@dataclass(frozen=True, slots=True)
class Fraction:
    """A share of traffic: ``numerator`` of ``denominator`` (envoy.type.v3.FractionalPercent)."""

    numerator: int
    denominator: Literal[100, 10_000, 1_000_000] = 100
