"""What became of a request, in the words that expectations use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pulumi_mesh.expectations.expectation import Application
from pulumi_mesh.expectations.returned import returned
from pulumi_mesh.proxy.journey import Answer, Hop, Journey, ViewOf
from pulumi_mesh.proxy.simulate.outcome import Outcome, Step
from pulumi_mesh.proxy.view.routes import Mirror
from pulumi_mesh.words.cluster_names import parsed


@dataclass(frozen=True, slots=True)
class Destination:
    """A share of the requests. host: as the cluster names it, or the cluster's own name. fraction: 0 to 1.

    workload: what gets it there, ``NAME.NAMESPACE``; empty where only a cluster is known.
    """

    host: str
    subset: str = ""
    port: int = 0
    fraction: float = 1.0
    workload: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a request.

    first: what the first proxy did. destinations: what may get it, in the order of weights.
    status: what the client gets; None when there is no HTTP answer. error: why it goes no further.
    location, body: of a proxy's own answer. request_headers, host, path: as the destination sees them, empty without.
    response_headers: of the answer, as the client gets it. mirrors: who gets copies, and of how many.
    policy: the authorization policy that decided last.
    """

    first: Outcome
    destinations: tuple[Destination, ...]
    status: int | None
    error: str
    location: str
    body: str
    host: str
    path: str
    request_headers: tuple[tuple[str, str], ...]
    response_headers: tuple[tuple[str, str], ...]
    mirrors: tuple[Destination, ...]
    policy: str
    why: tuple[Step, ...]


def seen_of(outcome: Outcome) -> Seen:
    """What one proxy's answer comes to; a destination that it sends to is taken to answer with 200."""
    total = sum(each.weight for each in outcome.clusters)
    sent = bool(outcome.clusters)
    return Seen(
        first=outcome,
        destinations=tuple(
            destination_of(each.cluster, each.weight / total)
            for each in outcome.clusters
            if each.weight and not outcome.error
        ),
        status=outcome.status if outcome.status is not None or not outcome.passes else 200,
        error=outcome.error,
        location=outcome.location,
        body=outcome.body,
        host=outcome.host if sent else "",
        path=outcome.path if sent else "",
        request_headers=outcome.request_headers if sent else (),
        response_headers=outcome.response_headers,
        mirrors=tuple(map(_mirror, outcome.mirrors)),
        policy=outcome.policy,
        why=outcome.why,
    )


def seen_on(journey: Journey, view_of: ViewOf, application: Application | None = None) -> Seen:
    """What a whole way comes to. Where its ends differ, what is told beside the destinations is of the largest share
    that fails, or if none does, of the largest.

    view_of: the views of the proxies on the way. application: what answers; default: at once and without headers.
    Raises ValueError for a journey without a hop.
    """
    answers = journey.answers
    told = max([each for each in answers if each.error] or answers, key=lambda each: each.fraction)
    last = told.hops[-1]
    seen = seen_of(told.hops[0].outcome)
    if len(told.hops) > 1:
        sent = last.request
        seen = replace(seen, host=sent.host, path=sent.path, request_headers=sent.headers)
    outcomes = [hop.outcome for hop in told.hops]
    back = returned(told, view_of, application or Application())
    return replace(
        seen,
        destinations=joined(_end(each) for each in answers if not each.error and len(each.hops) > 1),
        status=back.status,
        error=told.error,
        location=last.outcome.location,
        body=last.outcome.body if back.status == told.status else "",
        response_headers=back.headers,
        mirrors=tuple(dict.fromkeys(_mirror(each) for one in outcomes for each in one.mirrors)),
        policy=next((each.policy for each in reversed(outcomes) if each.policy), ""),
        why=(
            *(replace(step, text=f"{hop.workload}: {step.text}") for hop in told.hops for step in _said(hop)),
            *back.why,
        ),
    )


def _mirror(mirror: Mirror) -> Destination:
    share = mirror.fraction
    return destination_of(mirror.cluster, share.numerator / share.denominator if share else 1.0)


def _end(answer: Answer) -> Destination:
    """The destination in the terms of the share that led there; what is not Istio's is called as it is reached."""
    hop = answer.hops[-1]
    named = destination_of(hop.share.cluster if hop.share else "", answer.fraction)
    host = named.host if named.port else hop.workload.rpartition(":")[0] or hop.workload
    return replace(named, host=host, workload=hop.workload)


def _said(hop: Hop) -> tuple[Step, ...]:
    """What decided at a hop; of a workload without a proxy, that it is reached."""
    if hop.proxy is not None:
        return hop.outcome.why
    return (Step(hop.error or f"is reached by {hop.request.tls}"),)


def destination_of(cluster: str, fraction: float = 1.0) -> Destination:
    """What a cluster stands for."""
    named = parsed(cluster)
    if named is None:
        return Destination(cluster, fraction=fraction)
    return Destination(named.host, named.subset, named.port, fraction)


def joined(destinations: Iterable[Destination]) -> tuple[Destination, ...]:
    """The shares with one of each destination."""
    found: dict[Destination, float] = {}
    for each in destinations:
        key = replace(each, fraction=0.0)
        found[key] = found.get(key, 0.0) + each.fraction
    return tuple(replace(key, fraction=fraction) for key, fraction in found.items())
