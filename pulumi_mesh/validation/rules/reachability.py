"""Rules of a VirtualService that no request reaches: warnings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]

_MATCHES = frozenset({"uri", "scheme", "method", "authority"})
"""Of these the empty match is one too."""


def reachability(spec: Object) -> Iterator[Problem]:
    """Routes behind one that takes all, matches that a route before has, prefixes that one before covers."""
    for field in ("http", "tcp", "tls"):
        routes = spec.get(field) or ()
        if len(routes) > 1 or (routes and len(routes[0].get("match") or ()) > 1):
            yield from _repeated(routes, f"spec.{field}")
            if field == "http":
                yield from _covered(routes)


def _repeated(routes: Sequence[Object], path: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    takes_all = None
    for index, route in enumerate(routes):
        at = f"{path}[{index}]"
        matches = route.get("match") or ()
        if takes_all is not None:
            yield warning(at, f"not reached: {path}[{takes_all}] has no match and takes everything")
        if not matches:
            takes_all = index
        if takes_all is not None:
            continue
        repeated = 0
        for number, match in enumerate(matches):
            text = _compared(match)
            if text in seen:
                repeated += 1
                yield warning(f"{at}.match[{number}]", f"not used: {path}[{seen[text]}] has the same match")
            else:
                seen[text] = index
        if repeated == len(matches):
            yield warning(at, "not reached: routes before it have all of its matches")


def _compared(match: Object) -> str:
    """What makes a match: all that is given but its name."""
    given = {key: match[key] for key in match if key != "name" and (match[key] or key in _MATCHES)}
    return json.dumps(given, sort_keys=True)


def _covered(routes: Sequence[Object]) -> Iterator[Problem]:
    """One warning a match: of several that cover it, the shortest is named."""
    seen: dict[str, list[tuple[str, Object]]] = {}
    lengths: set[int] = set()
    for index, route in enumerate(routes):
        for number, match in enumerate(route.get("match") or ()):
            longer = (match.get("uri") or {}).get("prefix")
            if not longer:
                continue
            path = f"spec.http[{index}].match[{number}]"
            before = (
                (first, longer[:length])
                for length in sorted(each for each in lengths if each < len(longer))
                for first, other in seen.get(longer[:length], ())
                if _as_narrow(other, match)
            )
            if found := next(before, None):
                yield warning(path, f"not used: the prefix {found[1]} of {found[0]} covers {longer}")
            seen.setdefault(longer, []).append((path, match))
            lengths.add(len(longer))


def _as_narrow(match: Object, other: Object) -> bool:
    """Whether all else that ``match`` asks for is asked for by ``other`` too, as Istio compares it."""
    if (match.get("port") or 0) != (other.get("port") or 0):
        return False
    if not _text(match.get("method"), "exact:GET").startswith(_text(other.get("method"), "exact:GET")):
        return False
    if not _text(match.get("authority")).startswith(_text(other.get("authority"))):
        return False
    for field in ("headers", "queryParams", "withoutHeaders"):
        ours, theirs = match.get(field) or {}, other.get(field) or {}
        if ours.keys() != theirs.keys():
            return False
        if not all(_text(ours[name]).startswith(_text(theirs[name])) for name in ours):
            return False
    return True


def _text(match: Object | None, default: str = "") -> str:
    if match and match.get("exact"):
        return f"exact:{match['exact']}"
    if match and match.get("prefix"):
        return f"prefix:{match['prefix']}"
    return default
