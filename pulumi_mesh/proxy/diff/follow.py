"""What becomes of a request beyond the proxy that sends it otherwise: a server may refuse how it is spoken to now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.diff.changes import Change
from pulumi_mesh.proxy.journey import Answer, journey
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.view import ProxyView

_FAILED = 400
_ALL = 100
"""Percent."""


def followed(changes: Iterable[Change], old: Snapshot, new: Snapshot) -> Iterator[Change]:
    """The changes; where requests that went through on both sides are sent by another transport, with what the next
    proxies make of it: more that fail there than before are a worsening, fewer a mending."""
    views = cache(partial(resolve, old)), cache(partial(resolve, new))
    for change in changes:
        if change.side == "server" or not _sent_otherwise(change):
            yield change
            continue
        name = change.proxies[0]
        before = _refused(old, name, change.sample, views[0])
        after = _refused(new, name, change.sample, views[1])
        yield _judged(change, before, after) if before != after else change


def _sent_otherwise(change: Change) -> bool:
    old, new = change.old, change.new
    return bool(old.transport and new.transport) and old.transport != new.transport and not (old.fails or new.fails)


def _judged(change: Change, before: dict[str, float], after: dict[str, float]) -> Change:
    lost, now = sum(before.values()), sum(after.values())
    told = [f"{where}: {100 * share:.4g} %" for where, share in after.items() if share > before.get(where, 0)]
    told += [f"{where}: no longer" for where in before if where not in after]
    severity = change.severity if now == lost else "reachable" if now < lost else "unreachable"
    return replace(
        change,
        severity=severity,
        old=replace(change.old, failing=round(_ALL * lost, 6)),
        new=replace(change.new, failing=round(_ALL * now, 6)),
        what=(*change.what, *told),
    )


def _refused(
    snapshot: Snapshot, name: str, request: Request, view_of: Callable[[Proxy], ProxyView]
) -> dict[str, float]:
    """Who refuses, and why, with the fraction of requests."""
    source = next(each for each in snapshot.proxies if f"{each.name}.{each.namespace}" == name)
    found: dict[str, float] = {}
    for each in journey(snapshot, request, source, view_of=view_of).answers:
        if each.error or (each.status or 0) >= _FAILED:
            where = _place(each)
            found[where] = found.get(where, 0.0) + each.fraction
    return found


def _place(answer: Answer) -> str:
    return f"refused by {answer.hops[-1].workload} ({answer.error or answer.status})"
