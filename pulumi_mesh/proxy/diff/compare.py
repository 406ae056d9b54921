"""Comparing two snapshots: the proxies of both, kind by kind, and which requests they treat differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.diff.changes import SEVERITIES, Change, Diff, Untried
from pulumi_mesh.proxy.diff.clients import client_keys
from pulumi_mesh.proxy.diff.follow import followed
from pulumi_mesh.proxy.diff.incoming import inbound, incoming
from pulumi_mesh.proxy.diff.narrow import narrowed
from pulumi_mesh.proxy.diff.outgoing import outgoing
from pulumi_mesh.proxy.resolve import resolve_all
from pulumi_mesh.proxy.resolve.mtls import modes_of
from pulumi_mesh.proxy.resolve.terms import in_istio_terms
from pulumi_mesh.words.identities import spiffe_id


def diff(old: Snapshot, new: Snapshot) -> Diff:
    """Which requests go elsewhere when ``new`` takes the place of ``old``.

    Clients that are told the same are looked at once. Of requests, those are tried that the matches of routes and the
    conditions of policies tell apart; a class is told of once, with one of its requests.
    """
    old, new = in_istio_terms(old), in_istio_terms(new)
    part = narrowed(old, new)
    found = (
        [*_gateways(part.old, part.new), *_clients(part.old, part.new), *_servers(part.old, part.new, part.servers)]
        if (part.clients or part.servers)
        else []
    )
    changes = [each for each in found if isinstance(each, Change)]
    kinds = {_kind(each) for each in old.proxies} & {_kind(each) for each in new.proxies}
    gone, come = _without(old, kinds), _without(new, kinds)
    same = {(each.kind, _name(each)) for each in old.proxies} & {(each.kind, _name(each)) for each in new.proxies}
    paired = {name for _, name in same}
    return Diff(
        tuple(sorted(_joined(followed(changes, part.old, part.new)), key=_order)),
        proxies_added=tuple(sorted(come - paired)),
        proxies_removed=tuple(sorted(gone - paired)),
        untried=_missed(each for each in found if isinstance(each, Untried)),
    )


def _name(proxy: Proxy) -> str:
    return f"{proxy.name}.{proxy.namespace}"


def _kind(proxy: Proxy) -> tuple[object, ...]:
    """What instances of one workload have in common: what they are called, and how many there are, may differ."""
    return proxy.kind, proxy.namespace, proxy.labels


def _without(snapshot: Snapshot, kinds: set[tuple[object, ...]]) -> set[str]:
    """The proxies of no such kind."""
    return {_name(each) for each in snapshot.proxies if _kind(each) not in kinds}


def _pairs(old: Snapshot, new: Snapshot, kind: str) -> Iterator[tuple[str, Proxy, Proxy]]:
    """Proxies of both: those of one name, and of those that are called otherwise one for each kind."""
    before = {_name(each): each for each in old.proxies if each.kind == kind}
    after = {_name(each): each for each in new.proxies if each.kind == kind}
    paired = before.keys() & after.keys()
    yield from ((name, before[name], after[name]) for name in sorted(paired))
    known = {_kind(after[name]) for name in paired}
    others = {_kind(each): each for name, each in sorted(before.items(), reverse=True) if name not in paired}
    for name, each in sorted(after.items()):
        if name not in paired and _kind(each) not in known and _kind(each) in others:
            known.add(_kind(each))
            yield name, others[_kind(each)], each


def _gateways(old: Snapshot, new: Snapshot) -> Iterator[Change | Untried]:
    pairs = list(_pairs(old, new, "router"))
    before = resolve_all(old, [each for _, each, _ in pairs])
    after = resolve_all(new, [each for _, _, each in pairs])
    for name, one, other in pairs:
        yield from outgoing(before[one], after[other], "gateway", (name,))


def _clients(old: Snapshot, new: Snapshot) -> Iterator[Change | Untried]:
    """One sidecar of each kind stands for all of its kind."""
    old_key, new_key = client_keys(old), client_keys(new)
    kinds: dict[object, list[tuple[str, Proxy, Proxy]]] = {}
    for name, one, other in _pairs(old, new, "sidecar"):
        kinds.setdefault((old_key(one), new_key(other)), []).append((name, one, other))
    before = resolve_all(old, [each[0][1] for each in kinds.values()])
    after = resolve_all(new, [each[0][2] for each in kinds.values()])
    for alike in kinds.values():
        _, one, other = alike[0]
        yield from outgoing(before[one], after[other], "client", tuple(name for name, _, _ in alike))


def _servers(old: Snapshot, new: Snapshot, servers: tuple[Proxy, ...]) -> Iterator[Change | Untried]:
    wanted = set(servers)
    pairs = [each for each in _pairs(old, new, "sidecar") if each[2] in wanted]
    before = resolve_all(old, [each for _, each, _ in pairs])
    after = resolve_all(new, [each for _, _, each in pairs])
    principals = _principals(new)
    bare = tuple(dict.fromkeys(f"{each.name}.{each.namespace}" for each in new.workloads if not each.mesh))
    kinds: dict[object, list[tuple[str, Proxy, Proxy]]] = {}
    for name, one, other in pairs:
        labelled = one.namespace, one.labels, other.namespace, other.labels
        key = labelled, inbound(before[one]), inbound(after[other])
        kinds.setdefault(key, []).append((name, one, other))
    for alike in kinds.values():
        _, one, other = alike[0]
        modes = modes_of(old, one.namespace, one.labels), modes_of(new, other.namespace, other.labels)
        names = tuple(name for name, _, _ in alike)
        yield from incoming(before[one], after[other], names, principals, bare, modes)


def _principals(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """The identity of each workload and gateway, and what people call it."""
    found: dict[str, str] = {}
    for each in snapshot.proxies:
        principal = spiffe_id(snapshot.mesh.trust_domain, each.namespace, each.service_account)
        found.setdefault(principal, f"{each.namespace}/{each.service_account}")
    return tuple(found.items())


def _joined(changes: Iterable[Change]) -> Iterator[Change]:
    """Changes that are the same but for the proxies that make them, as one."""
    found: dict[object, Change] = {}
    for each in changes:
        key = replace(each, proxies=())
        there = found.get(key)
        found[key] = _with(there, each) if there else each
    yield from found.values()


def _with(one: Change, other: Change) -> Change:
    return replace(
        one,
        proxies=(*one.proxies, *other.proxies),
        refs=tuple(dict.fromkeys((*one.refs, *other.refs))),
        old_refs=tuple(dict.fromkeys((*one.old_refs, *other.old_refs))),
    )


def _missed(untried: Iterable[Untried]) -> tuple[Untried, ...]:
    """The same of several proxies as one."""
    found: dict[object, Untried] = {}
    for each in untried:
        key = each.side, each.requests, each.why
        there = found.get(key)
        found[key] = replace(there, proxies=tuple(dict.fromkeys((*there.proxies, *each.proxies)))) if there else each
    return tuple(sorted(found.values(), key=lambda each: (each.side, each.requests, each.proxies)))


def _order(change: Change) -> tuple[object, ...]:
    return SEVERITIES.index(change.severity), change.side, change.requests, change.proxies
