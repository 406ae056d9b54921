"""What changes where requests are routed: at gateways, and in the sidecars of clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from pulumi_mesh.proxy.diff.changes import Change
from pulumi_mesh.proxy.diff.classes import Treated, routed, treated
from pulumi_mesh.proxy.diff.deciders import deciders
from pulumi_mesh.proxy.diff.doors import Door, doors, manager_of, sample_host
from pulumi_mesh.proxy.diff.policies import questions
from pulumi_mesh.proxy.diff.samples import asks_of, requests_for
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.destinations import cluster_error, speech
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import FilterChain
from pulumi_mesh.proxy.view.routes import Forward, Route, VirtualHost


def outgoing(
    old: ProxyView, new: ProxyView, side: Literal["gateway", "client"], proxies: tuple[str, ...]
) -> Iterator[Change]:
    """The classes of requests that the two views treat differently."""
    direction: Literal["gateway", "outbound"] = "gateway" if side == "gateway" else "outbound"
    before, after = doors(old, direction), doors(new, direction)
    moved = _moved_clusters(old, new)
    classes: dict[object, Treated] = {}
    for template in {**before, **after}:
        for request in _requests(template, before.get(template), after.get(template), moved):
            if (found := treated(old, new, request)) is not None:
                classes.setdefault((request.host, request.port, request.tls, request.claims, found.shape), found)
    for each in classes.values():
        yield each.change(side, proxies, routed(each), deciders((old, new), (each.old, each.new)))


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


def _requests(template: Request, old: Door | None, new: Door | None, moved: frozenset[str]) -> Iterator[Request]:
    """Requests that may be treated differently: none for hosts whose routes, filters and clusters are the same."""
    chains = [each.chain for each in (old, new) if each]
    filters = len(chains) != 2 or _filters(chains[0]) != _filters(chains[1])
    if not any(each.routes for each in (old, new) if each):
        if filters or chains[0].filters != chains[1].filters or _names(chains) & moved:
            yield template
        return
    asked = questions(chains)
    claims = asked.claims if filters else asked.claims[:1]
    for host, before, after in _hosts(old, new):
        routes = [each for side in (before, after) if side for each in side.routes]
        if before == after and not filters and not any(_clusters(each) & moved for each in routes):
            continue
        asks = [ask for each in dict.fromkeys(routes) for ask in asks_of(each.match)]
        name = sample_host(host)
        named = replace(template, host=name, sni=template.sni or (name if template.tls != "plaintext" else ""))
        for claim in claims:
            yield from requests_for(replace(named, claims=claim), [*asks, *(asked.asks if filters else ())])


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
