"""Requests that are treated differently, gathered into classes: same routes, same change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from pulumi_mesh.proxy.diff.changes import Change, Severity
from pulumi_mesh.proxy.diff.effects import Effect, differences, effect_of
from pulumi_mesh.proxy.simulate import Outcome, Request, simulate
from pulumi_mesh.proxy.simulate.header_tests import header_shown
from pulumi_mesh.proxy.tables.describe import route_match
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.routes import RouteMatch

_TRANSPORTS = {"plaintext": 0, "mixed": 1, "tls": 2, "mtls": 2, "": 2}
"""How well what is sent is protected."""


@dataclass(slots=True)
class _Class:
    request: Request
    old: Outcome
    new: Outcome
    effects: tuple[Effect, Effect]
    clients: dict[str, None]


@dataclass(slots=True)
class Classes:
    """What two views do with requests, one after the other."""

    old: ProxyView
    new: ProxyView
    side: Literal["gateway", "client", "server"]
    proxies: tuple[str, ...]
    found: dict[object, _Class] = field(default_factory=dict)

    def take(self, request: Request, clients: tuple[str, ...] = ()) -> None:
        """Simulate a request on both, and note it when what becomes of it differs. clients: who makes it."""
        old, new = simulate(self.old, request), simulate(self.new, request)
        before, after = effect_of(old, request), effect_of(new, request)
        if before == after:
            return
        key = (request.host, request.port, request.tls, request.claims, _shape(old, before), _shape(new, after))
        there = self.found.get(key)
        if there is None:
            self.found[key] = _Class(request, old, new, (before, after), dict.fromkeys(clients))
            return
        there.clients.update(dict.fromkeys(clients))

    def changes(self) -> Iterator[Change]:
        """One change a class."""
        for each in self.found.values():
            before, after = each.effects
            yield Change(
                severity=severity(before, after),
                side=self.side,
                proxies=self.proxies,
                requests=_requests(each),
                sample=each.request,
                old=before,
                new=after,
                what=differences(before, after) or ("what is sent on differs",),
                clients=tuple(each.clients),
                refs=tuple(dict.fromkeys(ref for ref in (each.old.ref, each.new.ref) if ref is not None)),
            )


def severity(old: Effect, new: Effect) -> Severity:
    """What a change comes to."""
    if new.fails and not old.fails:
        return "denied" if new.error == "denied" or new.status in (401, 403) else "unreachable"
    if old.fails and not new.fails:
        return "reachable"
    if _TRANSPORTS[new.transport] < _TRANSPORTS[old.transport] and new.transport:
        return "plaintext"
    return "changed"


def _shape(outcome: Outcome, effect: Effect) -> object:
    """What makes requests of one class: the same route with the same effect, but for what depends on the path."""
    return outcome.virtual_host, outcome.route, outcome.matched, replace(effect, path="", location="", host="")


def _requests(found: _Class) -> str:
    """The class in words: what is asked of its requests before and after."""
    request = found.request
    place = f"{request.host}:{request.port}" if request.host else f"{request.address or 'any address'}:{request.port}"
    if request.protocol == "tcp":
        sni = f" for {request.sni}" if request.sni else ""
        return f"connections to {place}{sni}"
    matches = dict.fromkeys(match for match in (found.old.matched, found.new.matched) if match is not None)
    taken = " and ".join(map(match_shown, matches)) or request.path
    token = ""
    if request.claims is not None:
        token = " with a token of " + str(request.claims.get("iss", "someone"))
    return f"{place} {taken}{token}"


def match_shown(match: RouteMatch) -> str:
    """What a route asks for: ``/a* with end-user exact jason``."""
    tests = [header_shown(each) for each in match.headers]
    tests += [
        f"query {each.name}{f' {each.value.kind} {each.value.value}' if each.value else ''}" for each in match.query
    ]
    return route_match(match) + (f" with {', '.join(tests)}" if tests else "")
