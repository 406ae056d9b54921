"""Regular expressions in RE2's syntax, as Istio's webhook compiles them with Go's regexp."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import re2

from pulumi_mesh.validation.verdict import Problem

MAX_LENGTH = 1024
"""Bytes of a pattern that Istio gives to Envoy: a program's size is never less."""


@lru_cache(maxsize=1 << 12)
def pattern_problem(text: str) -> str | None:
    """Why RE2 does not take the pattern, or None."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        return f"regular expression {text!r}: {reason.decode() if isinstance(reason, bytes) else reason}"
    return None


def pattern(text: str, path: str) -> Iterator[Problem]:
    """A pattern that Envoy is to match with."""
    if len(text.encode()) > MAX_LENGTH:
        yield Problem(path, f"a regular expression may have {MAX_LENGTH} bytes")
    elif problem := pattern_problem(text):
        yield Problem(path, problem)
