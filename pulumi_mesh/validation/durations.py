"""Durations as Go's time.ParseDuration reads them: ``1h30m``, ``1.5s``, ``100ms``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.verdict import Problem

MILLISECOND = 1_000_000
SECOND = 1_000_000_000

_UNITS = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_part = re.compile(r"([0-9]*)(?:\.([0-9]*))?([a-zµμ]+)")
_MOST = 1 << 63
_FRACTION = 18  # digits; Go drops those that 64 bits do not hold


@lru_cache(maxsize=1 << 12)
def nanoseconds(text: str) -> int | None:
    """The length of a duration, or None where the text is none or does not fit 64 bits."""
    sign = text[:1]
    rest = text[1:] if sign and sign in "+-" else text
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest):
        match = _part.match(rest, at)
        if match is None or match[3] not in _UNITS or not (match[1] or match[2]):
            return None
        unit = _UNITS[match[3]]
        number, fraction = whole(match[1] or "0"), (match[2] or "")[:_FRACTION]
        if number is None:
            return None
        total += number * unit
        if fraction:
            total += int(fraction) * unit // 10 ** len(fraction)
        at = match.end()
        if total > _MOST:
            return None
    if not rest or (total == _MOST and sign != "-"):
        return None
    return -total if sign == "-" else total


def duration(text: str, path: str) -> Iterator[Problem]:
    """At least a millisecond, in whole milliseconds."""
    length = nanoseconds(text)
    if length is None:
        yield Problem(path, f"{text!r} is not a duration")
    elif length < MILLISECOND:
        yield Problem(path, f"a duration is at least 1ms, not {text}")
    elif length % MILLISECOND:
        yield Problem(path, f"a duration is a number of whole milliseconds, not {text}")


def readable(text: str, path: str) -> Iterator[Problem]:
    """Any duration: what the schema has no rule on, and istiod cannot decode if it is none."""
    if nanoseconds(text) is None:
        yield Problem(path, f"{text!r} is not a duration")
