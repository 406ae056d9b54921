"""Durations as Istio objects write them."""

from __future__ import annotations

import re
from datetime import timedelta

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.typed import has_token

_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SIZES = {"ns": 0.001, "us": 1, "µs": 1, "μs": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}


def duration(text: str | None) -> timedelta | None:
    """``1h30m``, ``2s``, ``1.5s``, ``500ms``, ``0s``; to the microsecond.

    None where there is none, or where a token stands for one that is not known yet. Raises InvalidError.
    """
    if text is None or has_token(text):
        return None
    if text == "0":
        return timedelta(0)
    rest = text.removeprefix("+")
    parts = _PART.findall(rest)
    if not parts or "".join(number + unit for number, unit in parts) != rest:
        raise InvalidError([("", f'{text!r} is not a duration; write it as "10m", "1h30m", "2s" or "500ms"')])
    return timedelta(microseconds=int(sum(float(number) * _SIZES[unit] for number, unit in parts)))
