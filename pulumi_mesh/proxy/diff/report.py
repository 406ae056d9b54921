"""A diff for people, as text and as Markdown, and for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pulumi_mesh.proxy.diff.changes import SEVERITIES, Change, Diff, Severity
from pulumi_mesh.proxy.diff.effects import Effect, ending
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.refs import Ref

Place = Callable[[Ref], str]
"""Where an object is written; empty where nobody knows."""

TITLES: dict[Severity, str] = {
    "unreachable": "No longer reachable",
    "denied": "Refused from now on",
    "plaintext": "No longer encrypted",
    "changed": "Goes elsewhere, or otherwise",
    "reachable": "Reachable from now on",
}
_MARKS: dict[Severity, str] = {"unreachable": "✗", "denied": "✗", "plaintext": "!", "changed": "~", "reachable": "+"}
_SHOWN = 4
"""Proxies or clients that are named before they are only counted."""


def summary(diff: Diff) -> str:
    """One line: how many classes of requests, by what becomes of them."""
    if not diff.changes:
        return "no request goes elsewhere" if not diff.untried else "no request that was tried goes elsewhere"
    counts = {each: sum(change.severity == each for change in diff.changes) for each in SEVERITIES}
    words = {"plaintext": "no longer encrypted", "reachable": "newly reachable"}
    parts = [f"{count} {words.get(each, each)}" for each, count in counts.items() if count]
    total = len(diff.changes)
    return f"{total} class{'es' * (total != 1)} of requests: {', '.join(parts)}"


def text_of(diff: Diff, place: Place, before: Place) -> Iterator[str]:
    """Lines for a terminal. place, before: where objects are written in the new snapshot, and in the old one."""
    for severity, changes in _by_severity(diff):
        yield f"{TITLES[severity]}:"
        for each in changes:
            yield f"  {_MARKS[severity]} {each.requests}"
            yield f"      {_who(each)}"
            yield from (f"      {what}" for what in each.what)
            yield f"      such as: {sample(each.sample)}"
            yield from (f"      see {where}" for where in _places(each.refs, place))
            yield from (f"      before: {where}" for where in _left(each, place, before))
    yield from _proxies(diff)
    yield from _untried(diff)
    yield summary(diff)


def markdown_of(diff: Diff, place: Place, before: Place) -> Iterator[str]:
    """Markdown for a pull request. place, before: as for text."""
    yield f"### Requests: {summary(diff)}"
    yield ""
    for severity, changes in _by_severity(diff):
        yield f"**{TITLES[severity]}**"
        yield ""
        yield "| requests | who | what changes | such as |"
        yield "|---|---|---|---|"
        for each in changes:
            cells = (each.requests, _who(each), "; ".join(each.what), f"`{sample(each.sample)}`")
            yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
        yield ""
        decided = (
            ("Decided", [where for each in changes for where in _places(each.refs, place)]),
            ("Before", [where for each in changes for where in _left(each, place, before)]),
        )
        for word, places in decided:
            if places:
                yield f"{word} in " + ", ".join(f"`{where}`" for where in dict.fromkeys(places)) + "."
                yield ""
    yield from (f"{line}  " for line in (*_proxies(diff), *_untried(diff)))


def data_of(diff: Diff, place: Place, before: Place) -> dict[str, Any]:
    """The same for a machine. ``places`` and ``oldPlaces``: where what decides is written, after and before."""
    return {
        "summary": summary(diff),
        "breaks": bool(diff.breaks),
        "changes": [
            {
                "severity": each.severity,
                "side": each.side,
                "proxies": list(each.proxies),
                "clients": list(each.clients),
                "requests": each.requests,
                "sample": sample(each.sample),
                "what": list(each.what),
                "old": _effect(each.old),
                "new": _effect(each.new),
                "places": _places(each.refs, place),
                "oldPlaces": _places(each.old_refs, before),
            }
            for each in diff.changes
        ],
        "proxiesAdded": list(diff.proxies_added),
        "proxiesRemoved": list(diff.proxies_removed),
        "complete": not diff.untried,
        "untried": [
            {"side": each.side, "proxies": list(each.proxies), "requests": each.requests, "why": list(each.why)}
            for each in diff.untried
        ],
    }


def sample(request: Request) -> str:
    """A request as one would type it."""
    host = request.host or request.sni or request.address or "ANY"
    secure = request.tls != "plaintext" and request.direction != "inbound"
    if request.protocol == "tcp":
        text = f"{'tls' if secure else 'tcp'}://{host}:{request.port}"
    else:
        scheme = "https" if secure else "http"
        usual = {"http": 80, "https": 443}[scheme] == request.port
        text = f"{request.method} {scheme}://{host}{'' if usual else f':{request.port}'}{request.path}"
    return text + "".join(f" -H '{name}: {value}'" for name, value in request.headers)


def _by_severity(diff: Diff) -> Iterator[tuple[Severity, list[Change]]]:
    for severity in SEVERITIES:
        changes = [each for each in diff.changes if each.severity == severity]
        if changes:
            yield severity, changes


def _who(change: Change) -> str:
    """Who makes the requests, or who decides."""
    if change.side == "server":
        return f"from {_names(change.clients)} to {_names(change.proxies)}"
    if change.side == "gateway":
        return f"through {_names(change.proxies)}"
    return f"from {_names(change.proxies)}"


def _names(names: Iterable[str]) -> str:
    known = list(names)
    if len(known) <= _SHOWN:
        return ", ".join(known)
    return f"{', '.join(known[: _SHOWN - 1])} and {len(known) - _SHOWN + 1} more"


def _places(refs: Iterable[Ref], place: Place) -> list[str]:
    return list(dict.fromkeys(where for where in map(place, refs) if where))


def _left(change: Change, place: Place, before: Place) -> list[str]:
    """Where was decided before, as far as that is not where it is decided now."""
    now = _places(change.refs, place)
    return [where for where in _places(change.old_refs, before) if where not in now]


def _proxies(diff: Diff) -> Iterator[str]:
    if diff.proxies_added:
        yield f"new proxies: {_names(diff.proxies_added)}"
    if diff.proxies_removed:
        yield f"proxies that are gone: {_names(diff.proxies_removed)}"


def _untried(diff: Diff) -> Iterator[str]:
    """Where there may be more than is told of."""
    for each in diff.untried:
        verb = "through" if each.side == "gateway" else "to" if each.side == "server" else "from"
        whose = f"{each.requests} {verb} {_names(each.proxies)}"
        yield f"not every kind of request was tried of {whose}: {'; '.join(each.why)}"


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "ending": ending(effect),
        "status": effect.status,
        "error": effect.error,
        "failingPercent": effect.failing,
        "destinations": dict(effect.destinations),
        "transport": effect.transport,
    }


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
