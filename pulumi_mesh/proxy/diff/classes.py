"""Requests that are treated differently, gathered into classes: same routes, same change."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pulumi_mesh.proxy.diff.attributes import token_shown
from pulumi_mesh.proxy.diff.changes import Change, Severity, Side
from pulumi_mesh.proxy.diff.deciders import Refs
from pulumi_mesh.proxy.diff.doors import UNKNOWN_PORT
from pulumi_mesh.proxy.diff.effects import Effect, differences, effect_of
from pulumi_mesh.proxy.simulate import Outcome, Request, simulate
from pulumi_mesh.proxy.simulate.header_tests import header_shown
from pulumi_mesh.proxy.tables.describe import route_match
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.routes import RouteMatch

_TRANSPORTS = {"plaintext": 0, "mixed": 1, "tls": 2, "mtls": 2}
"""How well what is sent is protected."""


@dataclass(frozen=True, slots=True)
class Treated:
    """A request that two views treat differently: what becomes of it before and after."""

    request: Request
    old: Outcome
    new: Outcome
    effects: tuple[Effect, Effect]

    @property
    def shape(self) -> object:
        """What makes requests of one class: the same route with the same effect, but for what depends on the path."""
        return tuple(
            (outcome.virtual_host, outcome.route, outcome.matched, replace(effect, path="", location="", host=""))
            for outcome, effect in zip((self.old, self.new), self.effects, strict=True)
        )

    def change(
        self,
        side: Side,
        proxies: tuple[str, ...],
        requests: str,
        refs: tuple[Refs, Refs],
        clients: tuple[str, ...] = (),
    ) -> Change:
        """The change of the class that this request stands for. refs: what decides, before and after."""
        before, after = self.effects
        return Change(
            severity=severity(before, after),
            side=side,
            proxies=proxies,
            requests=requests,
            sample=self.request,
            old=before,
            new=after,
            what=differences(before, after) or ("what is sent on differs",),
            clients=clients,
            refs=refs[1],
            old_refs=refs[0],
        )


def treated(old: ProxyView, new: ProxyView, request: Request) -> Treated | None:
    """A request simulated on both views; None when the same becomes of it."""
    before, after = simulate(old, request), simulate(new, request)
    effects = effect_of(before, request), effect_of(after, request)
    return Treated(request, before, after, effects) if effects[0] != effects[1] else None


def severity(old: Effect, new: Effect) -> Severity:
    """What a change comes to: the worst of it. More that fail is worse, whatever failed before."""
    if new.failing > old.failing:
        return "denied" if new.error == "denied" or new.status in (401, 403) else "unreachable"
    if old.transport and new.transport and _TRANSPORTS[new.transport] < _TRANSPORTS[old.transport]:
        return "plaintext"
    return "reachable" if new.failing < old.failing else "changed"


def routed(found: Treated) -> str:
    """A class of requests that routes take, in words: what they ask for before and after."""
    request = found.request
    place = f"{request.host}:{request.port}" if request.host else f"{request.address or 'any address'}:{request.port}"
    if request.port == UNKNOWN_PORT:
        place = "addresses that no service has"
    if request.protocol == "tcp":
        sni = f" for {request.sni}" if request.sni else ""
        return f"connections to {place}{sni}"
    matches = dict.fromkeys(match for match in (found.old.matched, found.new.matched) if match is not None)
    taken = " and ".join(map(match_shown, matches)) or request.path
    source = f", from addresses such as {request.source}" if request.source else ""
    return f"{place} {taken}{token_shown(request.claims)}{source}"


def match_shown(match: RouteMatch) -> str:
    """What a route asks for: ``/a* with end-user exact jason``."""
    tests = [header_shown(each) for each in match.headers]
    tests += [
        f"query {each.name}{f' {each.value.kind} {each.value.value}' if each.value else ''}" for each in match.query
    ]
    return route_match(match) + (f" with {', '.join(tests)}" if tests else "")
