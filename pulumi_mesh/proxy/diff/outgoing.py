"""What changes where requests are routed: at gateways, and in the sidecars of clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Literal

from pulumi_mesh.proxy.diff.cells import Alike, Cells, cells
from pulumi_mesh.proxy.diff.changes import Change, Untried
from pulumi_mesh.proxy.diff.classes import Treated, routed, treated
from pulumi_mesh.proxy.diff.deciders import deciders
from pulumi_mesh.proxy.diff.doors import Door, doors, manager_of, sample_host
from pulumi_mesh.proxy.diff.policies import questions
from pulumi_mesh.proxy.diff.samples import Ask, asks_of, requests_for
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.destinations import cluster_error, speech
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import FilterChain
from pulumi_mesh.proxy.view.routes import Forward, PathMatch, Redirect, Route, RouteMatch, VirtualHost

_NO_MATCH = RouteMatch(PathMatch("prefix", "/"))


def outgoing(
    old: ProxyView, new: ProxyView, side: Literal["gateway", "client"], proxies: tuple[str, ...]
) -> Iterator[Change | Untried]:
    """The classes of requests that the two views treat differently, and where there may be more of them."""
    direction: Literal["gateway", "outbound"] = "gateway" if side == "gateway" else "outbound"
    before, after = doors(old, direction), doors(new, direction)
    moved = _moved_clusters(old, new)
    classes: dict[object, Treated] = {}
    for template in {**before, **after}:
        pair = before.get(template), after.get(template)
        for request, alike, asks in _kinds(template, *pair, moved):
            found = cells(old, new, request, alike) if alike else Cells((request,))
            if found.missed:
                yield Untried(side, proxies, f"{request.host}:{request.port}", found.missed)
            for each in dict.fromkeys((*requests_for(request, asks), *found.requests)):
                if (case := treated(old, new, each)) is not None:
                    classes.setdefault((each.host, each.port, each.tls, case.shape), case)
    for case in classes.values():
        yield case.change(side, proxies, routed(case), deciders((old, new), (case.old, case.new)))


def _moved_clusters(old: ProxyView, new: ProxyView) -> frozenset[str]:
    """Clusters of which one view has another, or which can be reached in one of them only."""
    before, after = ({each.name: each for each in view.clusters} for view in (old, new))
    names = {*before, *after}
    return frozenset(
        name
        for name in names
        if before.get(name) != after.get(name)
        or cluster_error(old, name) != cluster_error(new, name)
        or speech(old, name) != speech(new, name)
    )


def _kinds(
    template: Request, old: Door | None, new: Door | None, moved: frozenset[str]
) -> Iterator[tuple[Request, Alike | None, list[Ask]]]:
    """Requests that may be treated differently, one of each host, with what matches ask for; none of hosts whose
    routes, filters and clusters are the same. Of connections there is nothing to ask."""
    chains = [each.chain for each in (old, new) if each]
    filters = len(chains) != 2 or _filters(chains[0]) != _filters(chains[1])
    if not any(each.routes for each in (old, new) if each):
        if filters or chains[0].filters != chains[1].filters or _names(chains) & moved:
            yield template, None, []
        return
    asked = list(questions(chains).asks) if filters else []
    for host, before, after in _hosts(old, new):
        routes = [each for side in (before, after) if side for each in side.routes]
        if before == after and not filters and not any(_clusters(each) & moved for each in routes):
            continue
        asks = [ask for each in dict.fromkeys(routes) for ask in asks_of(each)]
        name = sample_host(host)
        named = replace(template, host=name, sni=template.sni or (name if template.tls != "plaintext" else ""))
        same = not filters and before is not None and after is not None and _level(before) == _level(after)
        yield named, partial(_alike, same=same, moved=moved), [*asks, *asked]


def _alike(one: Route | None, other: Route | None, *, same: bool, moved: frozenset[str]) -> bool:
    """Whether two routes do the same. same: whether all around them is; moved: clusters that are not."""
    if one is None or other is None or not same:
        return same and one is other
    return _essence(one) == _essence(other) and not _clusters(one) & moved


def _essence(route: Route) -> object:
    """What a route does, whatever it matches: a rewrite begins where the match ends."""
    rewrites = isinstance(route.action, Forward | Redirect) and route.action.prefix_rewrite
    match = replace(_NO_MATCH, path=route.match.path) if rewrites else _NO_MATCH
    return replace(route, match=match, name="", decorator="")


def _level(host: VirtualHost) -> VirtualHost:
    """What of a virtual host counts for all its routes."""
    return replace(host, name="", domains=(), routes=())


def _hosts(old: Door | None, new: Door | None) -> Iterator[tuple[str, VirtualHost | None, VirtualHost | None]]:
    """A domain for each pair of virtual hosts that have domains in common."""
    before, after = (each.hosts() if each else {} for each in (old, new))
    seen: list[tuple[VirtualHost | None, VirtualHost | None]] = []
    for domain in {**before, **after}:
        pair = (before.get(domain), after.get(domain))
        if not any(pair[0] is one and pair[1] is other for one, other in seen):
            seen.append(pair)
            yield domain, *pair


def _filters(chain: FilterChain) -> object:
    """What of a chain decides beside its routes."""
    manager = manager_of(chain)
    rest = replace(manager, routes="", stat_prefix="") if manager else None
    return chain.match, chain.tls, rest, tuple(each for each in chain.filters if each is not manager)


def _names(chains: list[FilterChain]) -> frozenset[str]:
    """Clusters that chains pass bytes on to."""
    found: set[str] = set()
    for chain in chains:
        for each in chain.filters:
            found.add(getattr(each, "cluster", ""))
            found.update(name for name, _ in getattr(each, "weighted", ()))
    return frozenset(found)


def _clusters(route: Route) -> frozenset[str]:
    """Clusters that a route sends to, or copies to."""
    action = route.action
    if not isinstance(action, Forward):
        return frozenset()
    return frozenset(
        (action.cluster, *(each.cluster for each in action.weighted), *(each.cluster for each in action.mirrors))
    )
