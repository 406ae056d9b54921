"""What became of a request, in the words that expectations use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pulumi_mesh.proxy.journey import Answer, Hop, Journey
from pulumi_mesh.proxy.simulate.outcome import Outcome, Step
from pulumi_mesh.words.cluster_names import parsed


@dataclass(frozen=True, slots=True)
class Destination:
    """A share of the requests. host: as the cluster names it, or the cluster's own name. fraction: 0 to 1."""

    host: str
    subset: str = ""
    port: int = 0
    fraction: float = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a request.

    first: what the first proxy did. destinations: what may get it, in the order of weights.
    status: what the client gets; None when there is no HTTP answer. error: why it goes no further.
    request_headers, host, path: as the destination sees them. response_headers, response_headers_removed: what proxies
    do to the answer. mirrors: hosts that get a copy. policy: the authorization policy that decided last.
    """

    first: Outcome
    destinations: tuple[Destination, ...]
    status: int | None
    error: str
    host: str
    path: str
    request_headers: tuple[tuple[str, str], ...]
    response_headers: tuple[tuple[str, str], ...]
    response_headers_removed: tuple[str, ...]
    mirrors: tuple[str, ...]
    policy: str
    why: tuple[Step, ...]


def seen_of(outcome: Outcome) -> Seen:
    """What one proxy's answer comes to; a destination that it sends to is taken to answer with 200."""
    total = sum(each.weight for each in outcome.clusters)
    return Seen(
        first=outcome,
        destinations=tuple(
            destination_of(each.cluster, each.weight / total)
            for each in outcome.clusters
            if each.weight and not outcome.error
        ),
        status=outcome.status if outcome.status is not None or not outcome.passes else 200,
        error=outcome.error,
        host=outcome.host,
        path=outcome.path,
        request_headers=outcome.request_headers,
        response_headers=outcome.response_headers,
        response_headers_removed=outcome.response_headers_removed,
        mirrors=tuple(destination_of(each.cluster).host for each in outcome.mirrors),
        policy=outcome.policy,
        why=outcome.why,
    )


def seen_on(journey: Journey) -> Seen:
    """What a whole way comes to. Where its ends differ, what is told beside the destinations is of the largest share
    that fails, or if none does, of the largest.

    Raises ValueError for a journey without a hop.
    """
    answers = journey.answers
    told = max([each for each in answers if each.error] or answers, key=lambda each: each.fraction)
    last = told.hops[-1]
    sent = last.request if len(told.hops) > 1 else None
    outcomes = [hop.outcome for hop in told.hops]
    return replace(
        seen_of(outcomes[0]),
        destinations=joined(_end(each) for each in answers if not each.error and len(each.hops) > 1),
        status=told.status,
        error=told.error,
        host=sent.host if sent else outcomes[0].host,
        path=sent.path if sent else outcomes[0].path,
        request_headers=sent.headers if sent else outcomes[0].request_headers,
        response_headers=tuple(_set(told)),
        response_headers_removed=tuple(
            name for hop in told.hops if hop.share for name in hop.share.response_headers_removed
        ),
        mirrors=tuple(dict.fromkeys(destination_of(each.cluster).host for one in outcomes for each in one.mirrors)),
        policy=next((each.policy for each in reversed(outcomes) if each.policy), ""),
        why=tuple(replace(step, text=f"{hop.workload}: {step.text}") for hop in told.hops for step in _said(hop)),
    )


def _end(answer: Answer) -> Destination:
    """The destination in the terms of the share that led there; what is not Istio's is called as it is reached."""
    hop = answer.hops[-1]
    named = destination_of(hop.share.cluster if hop.share else "", answer.fraction)
    return named if named.port else replace(named, host=hop.workload.rpartition(":")[0] or hop.workload)


def _set(answer: Answer) -> Iterator[tuple[str, str]]:
    """Headers that proxies set on the answer: each as it sends on, the last also on what it answers itself."""
    for hop in answer.hops[1:]:
        if hop.share is not None:
            yield from hop.share.response_headers
    yield from answer.hops[-1].outcome.response_headers


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
    found: dict[tuple[str, str, int], float] = {}
    for each in destinations:
        key = (each.host, each.subset, each.port)
        found[key] = found.get(key, 0.0) + each.fraction
    return tuple(Destination(*key, fraction) for key, fraction in found.items())
