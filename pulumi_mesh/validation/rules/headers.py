"""Names and values of HTTP headers: which of them a route may match on, add, set and remove."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pulumi_mesh.validation.verdict import Problem

CLAIM = "@request.auth.claims"
"""What the name of a match on a JWT's claim begins with: ``@request.auth.claims.group``."""

_is_name = re.compile(r"[!#$%&'*+\-.^_`|~A-Za-z0-9]+").fullmatch
_is_strict_name = re.compile(r"[-_A-Za-z0-9]+").fullmatch
_is_probe_name = re.compile(r"[-A-Za-z0-9]+").fullmatch
_has_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_PSEUDO = frozenset({":method", ":scheme", ":authority", ":path", ":status"})


def is_claim(name: str) -> bool:
    """Whether a match's name stands for a claim, after a dot or in brackets, and not for a header."""
    if name[: len(CLAIM)].lower() != CLAIM:
        return False
    rest = name[len(CLAIM) :]
    return len(rest) > 1 and (rest[0] == "." or (rest[0] == "[" and rest[-1] == "]" and len(rest) > 2))


def matched_name(name: str, path: str) -> Iterator[Problem]:
    """A header that a route matches on: a token of RFC 9110, a pseudo-header or a claim."""
    if name not in _PSEUDO and _is_name(name) is None and not is_claim(name):
        yield Problem(path, f"{name!r} is not the name of a header")


def cors_name(name: str, path: str) -> Iterator[Problem]:
    """A header that CORS allows or exposes; ``*`` is all of them."""
    if _is_name(name) is None:
        yield Problem(path, f"{name!r} is not the name of a header")


def strict_name(name: str, path: str) -> Iterator[Problem]:
    """A header that a claim is written to: letters, digits, dashes and underscores."""
    if _is_strict_name(name) is None:
        yield Problem(path, f"{name!r} is not the name of a header")


def probe_name(name: str, path: str) -> Iterator[Problem]:
    """A header that a readiness probe sends: letters, digits and dashes."""
    if _is_probe_name(name) is None:
        yield Problem(path, f"{name!r} is not the name of a header")


def is_authority(name: str) -> bool:
    """``:authority``, or ``host`` in any case."""
    return name.lower() in {":authority", "host"}


def _requested_name(name: str, path: str) -> Iterator[Problem]:
    if not name:
        yield Problem(path, "the name of a header is empty")
    elif name[0] == ":" and not is_authority(name):
        yield Problem(path, f"{name!r}: of all pseudo-headers only :authority can be set")


def _other_name(name: str, path: str) -> Iterator[Problem]:
    if not name:
        yield Problem(path, "the name of a header is empty")
    elif name.lower() == "host":
        yield Problem(path, "Host cannot be set or removed here")
    elif name[0] == ":":
        yield Problem(path, f"{name!r}: a pseudo-header cannot be set or removed here")


def manipulation(headers: Mapping[str, Any] | None, path: str) -> Iterator[Problem]:
    """``headers`` of an HTTP route or of one of its destinations."""
    if not headers:
        return
    for part, name_problems in (("request", _requested_name), ("response", _other_name)):
        operations = headers.get(part)
        if not operations:
            continue
        at = f"{path}.{part}"
        for verb in ("add", "set"):
            for name, value in (operations.get(verb) or {}).items():
                yield from name_problems(name, f"{at}.{verb}")
                if problem := value_problem(value):
                    yield Problem(f"{at}.{verb}[{name}]", problem)
        for index, name in enumerate(operations.get("remove") or ()):
            yield from _other_name(name, f"{at}.remove[{index}]")


@lru_cache(maxsize=1 << 12)
def value_problem(value: str) -> str | None:
    """Why Envoy does not take a header's value: control characters, or a ``%COMMAND(...)%`` that does not end."""
    if _has_control(value):
        return f"the header value {value!r} has a control character"
    return _command_problem(value) if "%" in value else None


def _command_problem(value: str) -> str | None:
    state, at = "text", 0
    while at < len(value):
        char = value[at]
        if state == "text":
            if char == "%":
                if at + 1 == len(value):
                    return f"the header value {value!r} ends with a single %; a percent sign is written %%"
                if value[at + 1] == "%":
                    at += 1
                else:
                    state = "command"
        elif state == "command":
            if char == "%":
                state = "text"
            elif char == "(":
                state = "arguments"
        elif state == "arguments":
            if char == "[":
                state = "list"
            elif char != " ":
                state = "argument"
        elif state == "list":
            if char == '"':
                state = "argument"
            elif char != " ":
                return f"the header value {value!r}: a quote is expected before {value[at:]!r}"
        elif state == "argument":
            if char == "\\":
                if at + 1 == len(value):
                    return f"the header value {value!r} ends with a backslash"
                at += 1
            elif char == ")":
                state = "end"
            elif char == '"':
                state = "next"
        elif state == "next":
            if char == ",":
                state = "list"
            elif char == "]":
                state = "close"
            elif char != " ":
                return f"the header value {value!r}: a comma or ] is expected before {value[at:]!r}"
        elif state == "close":
            if char == ")":
                state = "end"
            elif char != " ":
                return f"the header value {value!r}: ) is expected before {value[at:]!r}"
        elif char == "%":
            state = "text"
        elif char != " ":
            return f"the header value {value!r}: % is expected before {value[at:]!r}"
        at += 1
    return None if state == "text" else f"the header value {value!r}: a %COMMAND% is not closed; a percent sign is %%"
