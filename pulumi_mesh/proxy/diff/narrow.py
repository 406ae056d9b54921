"""The part of two snapshots in which they can differ: a change of one route needs no look at four thousand services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import (
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    RequestAuthentication,
    VirtualService,
)
from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.manifests.snapshot import Snapshot, selects
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve.hosts import fqdn, is_wildcard, matches

_POLICIES = (AuthorizationPolicy, PeerAuthentication, RequestAuthentication)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left of two snapshots. servers: the sidecars whose inbound side may differ; clients: whether any outbound
    side may."""

    old: Snapshot
    new: Snapshot
    servers: tuple[Proxy, ...]
    clients: bool = True


def narrowed(old: Snapshot, new: Snapshot) -> Narrowed:
    """The snapshots without what a change cannot concern; whole where it is not of routes or policies alone."""
    whole = Narrowed(old, new, tuple(each for each in new.proxies if each.kind == "sidecar"))
    if any(
        getattr(old, name) != getattr(new, name) for name in ("services", "workloads", "proxies", "namespaces", "mesh")
    ):
        return whole
    changed = list(_changed(old, new))
    if not changed:
        return Narrowed(old, new, (), clients=False)
    if not all(isinstance(each, (VirtualService, DestinationRule, *_POLICIES)) for each in changed):
        return whole
    policies = [each for each in changed if isinstance(each, _POLICIES)]
    servers = tuple(each for each in whole.servers if any(_takes(policy, each, new) for policy in policies))
    if any(_takes(policy, each, new) for policy in policies for each in new.proxies if each.kind == "router"):
        return replace(whole, servers=servers)  # a gateway's policies count for all hosts that it serves
    hosts = list(_hosts(changed, new))
    if any(isinstance(each, VirtualService) and not each.spec.hosts for each in changed):
        return whole  # a delegate: whose hosts it serves, others say
    served = {each: [one.hostname for one, _, _ in new.targets_of(each)] for each in servers}
    # A server's mutual TLS decides how its clients speak to it.
    sending = [policy for policy in policies if isinstance(policy, PeerAuthentication)]
    hosts += [host for each in servers if any(_takes(policy, each, new) for policy in sending) for host in served[each]]
    if len(hosts) > len(new.services) // 2:
        return replace(whole, servers=servers)
    kept = _services(old, new, dict.fromkeys(hosts)) | {host for names in served.values() for host in names}
    kept |= {host for side in (old, new) for host in _gateways(side)}
    return Narrowed(_part(old, kept, hosts), _part(new, kept, hosts), servers, clients=bool(hosts))


def _gateways(snapshot: Snapshot) -> Iterator[str]:
    """The services of gateways: by them the Gateway API says which proxies serve, and on which ports."""
    for each in snapshot.proxies:
        if each.kind == "router":
            yield from (service.hostname for service, _, _ in snapshot.targets_of(each))


def _changed(old: Snapshot, new: Snapshot) -> Iterator[Object]:
    """Objects that one snapshot has and the other has not, or otherwise."""
    for kind in {*old.objects, *new.objects}:
        before = {each.identity: each for each in old.objects.get(kind, ())}
        after = {each.identity: each for each in new.objects.get(kind, ())}
        for identity in {*before, *after}:
            if before.get(identity) != after.get(identity):
                yield from (each for each in (before.get(identity), after.get(identity)) if each is not None)


def _takes(policy: Any, proxy: Proxy, snapshot: Snapshot) -> bool:
    """Whether a policy may count for a workload."""
    if policy.namespace not in (proxy.namespace, snapshot.mesh.root_namespace):
        return False
    selector = policy.spec.selector
    return selector is None or selects(selector.match_labels or {}, proxy.labels)


def _hosts(changed: Iterable[Object], snapshot: Snapshot) -> Iterator[str]:
    """The hosts that changed routes and rules are for."""
    domain = snapshot.mesh.domain
    for each in changed:
        if isinstance(each, VirtualService):
            yield from (fqdn(host, each.namespace, domain) for host in each.spec.hosts or ())
        elif isinstance(each, DestinationRule):
            yield fqdn(each.spec.host, each.namespace, domain)


def _services(old: Snapshot, new: Snapshot, hosts: Iterable[str]) -> frozenset[str]:
    """The services that are called by these hosts, and those that their routes send to."""
    wanted = _hosts_of(hosts)
    routes = [
        each
        for side in (old, new)
        for each in side.of(VirtualService)
        if _concerns(each, wanted, side)
    ]  # fmt: skip
    named = {fqdn(host, each.namespace, new.mesh.domain) for each in routes for host in _destinations(each)}
    return frozenset(
        each.hostname
        for side in (old, new)
        for each in side.services
        if each.hostname in named or wanted.meet(each.hostname)
    )


@dataclass(frozen=True, slots=True)
class _Hosts:
    """Hosts, to be asked thousands of times: most are exact, and so is what is asked for."""

    exact: frozenset[str]
    wildcards: tuple[str, ...]

    def meet(self, host: str) -> bool:
        """Whether one of them and this one cover a name in common."""
        if not is_wildcard(host):
            return host in self.exact or any(matches(host, each) for each in self.wildcards)
        return any(matches(host, each) for each in (*self.exact, *self.wildcards))


def _hosts_of(hosts: Iterable[str]) -> _Hosts:
    every = frozenset(hosts)
    wildcards = frozenset(filter(is_wildcard, every))
    return _Hosts(every - wildcards, tuple(sorted(wildcards)))


def _concerns(item: VirtualService, hosts: _Hosts, snapshot: Snapshot) -> bool:
    """Whether a virtual service is for one of the hosts. One without hosts is a delegate, which always may be."""
    own = [fqdn(host, item.namespace, snapshot.mesh.domain) for host in item.spec.hosts or ()]
    return not own or any(map(hosts.meet, own))


def _destinations(item: VirtualService) -> Iterator[str]:
    for route in item.spec.http or ():
        yield from (each.destination.host for each in route.route or ())
        yield from (each.destination.host for each in route.mirrors or () if each.destination)
        if route.mirror:
            yield route.mirror.host
    for streams in (item.spec.tls, item.spec.tcp):
        for stream in streams or ():
            yield from (each.destination.host for each in stream.route or ())


def _part(side: Snapshot, services: frozenset[str], hosts: list[str]) -> Snapshot:
    """A snapshot with these services only, and the routes and rules that concern them."""
    known: tuple[KnownService, ...] = tuple(each for each in side.services if each.hostname in services)
    wanted = _hosts_of((*hosts, *(each.hostname for each in known)))
    kept: dict[str, tuple[Any, ...]] = dict(side.objects)
    for kind, items in side.objects.items():
        if items and isinstance(items[0], VirtualService):
            kept[kind] = tuple(each for each in items if _concerns(each, wanted, side))
        elif items and isinstance(items[0], DestinationRule):
            kept[kind] = tuple(
                each for each in items if wanted.meet(fqdn(each.spec.host, each.namespace, side.mesh.domain))
            )
    return replace(side, services=known, objects=FrozenMap(kept))
