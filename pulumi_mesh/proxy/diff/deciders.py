"""The objects by which a class of requests is treated as it is, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pulumi_mesh.proxy.resolve.mtls import WorkloadModes
from pulumi_mesh.proxy.simulate import Outcome
from pulumi_mesh.proxy.simulate.destinations import cluster_error, cluster_of, speech
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.refs import Ref

Refs = tuple[Ref, ...]
_POLICIES = ("AuthorizationPolicy", "RequestAuthentication")


def deciders(views: tuple[ProxyView, ProxyView], outcomes: tuple[Outcome, Outcome]) -> tuple[Refs, Refs]:
    """What decides, in the old view and in the new one.

    Where requests are refused these are the policies; else the routes, and the objects behind the clusters that can be
    reached, or are spoken to, in one of the views otherwise than in the other.
    """
    if any(each.error == "denied" for each in outcomes):
        refused = tuple(_unique(_policies(each)) for each in outcomes)
        if any(refused):
            return refused[0], refused[1]
    moved = [name for name in _clusters(outcomes) if _state(views[0], name) != _state(views[1], name)]
    before, after = (
        _unique([outcome.ref, *_behind(moved, view, other)])
        for view, other, outcome in ((views[0], views[1], outcomes[0]), (views[1], views[0], outcomes[1]))
    )
    return before, after


def mutual_tls(modes: tuple[WorkloadModes, WorkloadModes], port: int) -> tuple[Refs, Refs] | None:
    """The PeerAuthentications that decide how clients speak to a port; None where that is as it was."""
    old, new = modes
    if old.of(port) == new.of(port):
        return None
    return _unique([old.ref_of(port)]), _unique([new.ref_of(port)])


def _policies(outcome: Outcome) -> Iterator[Ref | None]:
    """The policy that refuses a request, which is the last that was asked; or those that let it pass."""
    found = [each.ref for each in outcome.why if each.ref is not None and each.ref.kind in _POLICIES]
    yield from found[-1:] if outcome.error == "denied" else found


def _clusters(outcomes: tuple[Outcome, Outcome]) -> dict[str, None]:
    """Where requests go in either view."""
    return dict.fromkeys(share.cluster for each in outcomes for share in each.clusters)


def _state(view: ProxyView, cluster: str) -> object:
    """Whether and how requests get to a cluster."""
    return cluster_error(view, cluster), speech(view, cluster)


def _behind(names: Iterable[str], view: ProxyView, other: ProxyView) -> Iterator[Ref | None]:
    """The objects behind clusters; of a subset that only the other view has, the rule that names it there."""
    for name in names:
        if (found := cluster_of(view, name)) is not None:
            yield found.ref
        elif (found := cluster_of(other, name)) is not None and found.ref is not None:
            yield replace(found.ref, path="spec.subsets") if found.ref.kind == "DestinationRule" else None


def _unique(refs: Iterable[Ref | None]) -> Refs:
    return tuple(dict.fromkeys(each for each in refs if each is not None))
