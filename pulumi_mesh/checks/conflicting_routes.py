"""Rules for the same requests in several VirtualServices of one gateway and host."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._gateways import named_gateways, server_host
from pulumi_mesh.checks._hosts import seen_together
from pulumi_mesh.checks._rules import Match, anything, matches_at, rule_name, takes_all
from pulumi_mesh.checks._wording import listed
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import Gateway, VirtualService
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.full_names import gateway_name
from pulumi_mesh.proxy.resolve.gateway_servers import HTTP_PROTOCOLS
from pulumi_mesh.proxy.resolve.hosts import fqdn, matches
from pulumi_mesh.typed import is_known

ABOUT = About(
    "conflicting-routes",
    ("warning",),
    "Two VirtualServices of one gateway and host have rules for the same requests",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding a gateway and two VirtualServices.

    At a gateway istiod puts the rules of a host's VirtualServices one after another, in general by the age of the
    objects, and then every rule that takes all requests last (SortVHostRoutes in core/route/route.go). So such a rule
    hides only those of its kind, and any other rule those with the same match.
    """
    gateways = {f"{each.namespace}/{each.name}": each for each in snapshot.of(Gateway)}
    bound: dict[str, list[VirtualService]] = {}
    for route in snapshot.of(VirtualService):
        names = {gateway_name(name, route.namespace) for _, name in named_gateways(route) if is_known(name)}
        for name in sorted(names):
            bound.setdefault(name, []).append(route)
    for name, routes in bound.items():
        for one, other in combinations(routes, 2):
            same = _hosts(one, snapshot) & _hosts(other, snapshot)
            if name in gateways:
                same = {host for host in same if _served(gateways[name], host, one, other)}
            if same and seen_together(one, other):
                yield from _between(name, listed(same), one, other)


def _between(gateway: str, hosts: str, one: VirtualService, other: VirtualService) -> Iterator[Finding]:
    ours, theirs = _taken(one, gateway), _taken(other, gateway)
    pairs = list(dict.fromkeys((ours[key], theirs[key]) for key in ours if key in theirs))
    if not pairs:
        return
    names = f"{one.namespace}/{one.name}", f"{other.namespace}/{other.name}"
    same = ", ".join(
        f"{rule_name('http', one.spec.http or (), mine)} of {names[0]} and "
        f"{rule_name('http', other.spec.http or (), its)} of {names[1]}"
        for mine, its in pairs
    )
    places = [ref_of(each, f"spec.http[{at}]") for pair in pairs for each, at in zip((one, other), pair, strict=True)]
    yield ABOUT.finding(
        f"VirtualServices {names[0]} and {names[1]} both route {hosts} at Gateway {gateway}, with rules for the same "
        f"requests: {same}; only the rule of the object that was created first is used",
        *dict.fromkeys(places),
        fix="put the rules into one VirtualService, in the order they are to be tried, or take different hosts",
    )


def _taken(route: VirtualService, gateway: str) -> dict[Match, int]:
    """The first rule with each match at a gateway, up to one that takes every request; delegating rules take none."""
    taken: dict[Match, int] = {}
    for position, rule in enumerate(route.spec.http or ()):
        if rule.delegate is not None:
            continue
        for match in matches_at(rule, gateway, route.namespace):
            if takes_all(match):
                taken[anything()] = position
                return taken
            taken.setdefault(match, position)
    return taken


def _hosts(route: VirtualService, snapshot: Snapshot) -> set[str]:
    return {fqdn(each, route.namespace, snapshot.mesh.domain) for each in route.spec.hosts or () if is_known(each)}


def _served(gateway: Gateway, host: str, *routes: VirtualService) -> bool:
    """Whether one HTTP server of the gateway takes the host for all of the VirtualServices."""
    for server in gateway.spec.servers or ():
        if server.port.protocol.upper() not in (*HTTP_PROTOCOLS, "HTTPS"):
            continue
        offers = [server_host(each, gateway.namespace) for each in server.hosts if is_known(each)]
        if all(any(place in ("*", route.namespace) and matches(at, host) for place, at in offers) for route in routes):
            return True
    return False
