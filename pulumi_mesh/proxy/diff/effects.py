"""What an outcome comes to: two outcomes with equal effects are the same to clients and destinations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from pulumi_mesh.proxy.simulate import Outcome, Request
from pulumi_mesh.proxy.simulate.outcome import TO_HTTPS, Error, Share
from pulumi_mesh.proxy.view.matching import Fraction
from pulumi_mesh.proxy.view.routes import Fault, RetryPolicy
from pulumi_mesh.words.cluster_names import parsed

_FAILED = 400
"""Statuses from here on are errors."""
_ALL = 100
"""Percent."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of a request.

    error, status, location, body, timeout, retry, fault: as in Outcome. destinations: ``HOST:PORT (SUBSET)`` and the
    percent of requests that each gets, by name; what goes no further is among them with its error. transport: how
    all of them are spoken to. failing: the percent of requests that get an error, 0 to 100.
    host, path: sent on, where they are rewritten. headers_set, headers_removed: of the request. answer_set,
    answer_removed: of the answer. mirrors: with their percent.
    may_refuse: as in Outcome. policy: the authorization policy that refused it, which is the same to client and
    destination.
    """

    error: Error = ""
    status: int | None = None
    destinations: tuple[tuple[str, float], ...] = ()
    transport: str = ""
    failing: float = 0.0
    location: str = ""
    body: str = ""
    host: str = ""
    path: str = ""
    headers_set: tuple[tuple[str, str], ...] = ()
    headers_removed: tuple[str, ...] = ()
    answer_set: tuple[tuple[str, str], ...] = ()
    answer_removed: tuple[str, ...] = ()
    timeout: timedelta | None = None
    retry: RetryPolicy | None = None
    mirrors: tuple[tuple[str, float], ...] = ()
    fault: Fault | None = None
    may_refuse: tuple[str, ...] = ()
    policy: str = field(default="", compare=False)

    @property
    def fails(self) -> bool:
        """Whether clients get an error, for all or for some of the requests."""
        return self.failing > 0


def effect_of(outcome: Outcome, request: Request) -> Effect:
    """What an outcome comes to for the request that it is of."""
    given = Counter((name.lower(), value) for name, value in request.headers)
    sent = Counter((name.lower(), value) for name, value in outcome.request_headers)
    names = {name for name, _ in sent}
    if outcome.error and outcome.error != TO_HTTPS:
        # Where it would have gone, and how, nobody notices.
        return Effect(
            # To clients one 404 is as the other.
            error="no route matched" if outcome.error == "no virtual host matched" else outcome.error,
            status=outcome.status,
            failing=100.0,
            location=outcome.location,
            body=outcome.body,
            answer_set=outcome.response_headers,
            answer_removed=outcome.response_headers_removed,
            policy=outcome.policy if outcome.error == "denied" else "",
        )
    passes = outcome.passes
    return Effect(
        status=outcome.status,
        destinations=_shares(outcome.clusters) if passes else (),
        transport=outcome.transport if passes else "",
        failing=_failing(outcome),
        location=outcome.location,
        body=outcome.body,
        host=outcome.host if passes and outcome.host != request.host else "",
        path=outcome.path if passes and outcome.path != request.path else "",
        headers_set=tuple(sorted((sent - given).elements())) if passes else (),
        headers_removed=tuple(sorted({name for name, _ in given - sent} - names)) if passes else (),
        answer_set=outcome.response_headers,
        answer_removed=outcome.response_headers_removed,
        timeout=outcome.timeout,
        retry=outcome.retry,
        mirrors=tuple(
            (
                destination(each.cluster),
                100 * each.fraction.numerator / each.fraction.denominator if each.fraction else 100,
            )
            for each in outcome.mirrors
        ),
        fault=outcome.fault,
        may_refuse=outcome.may_refuse,
    )


def _failing(outcome: Outcome) -> float:
    """The percent of requests that get an error: by the answer, by a fault on purpose, or for want of a destination."""
    if (outcome.status or 0) >= _FAILED:
        return 100.0
    total = sum(each.weight for each in outcome.clusters)
    lost = sum(each.weight for each in outcome.clusters if each.error)
    passed = 1 - lost / total if total else 1.0
    fault = outcome.fault
    if fault is not None and ((fault.abort_status or 0) >= _FAILED or fault.abort_grpc_status):
        share = fault.abort_fraction or Fraction(0)
        passed *= 1 - min(1.0, share.numerator / share.denominator)
    return round(100 * (1 - passed), 6)


def destination(cluster: str) -> str:
    """A cluster as people call it: ``HOST (SUBSET)``, its name where it is not one of Istio's."""
    named = parsed(cluster)
    if named is None:
        return cluster
    return f"{named.host or 'the workload'}:{named.port}{f' ({named.subset})' if named.subset else ''}"


def _shares(shares: tuple[Share, ...]) -> tuple[tuple[str, float], ...]:
    total = sum(each.weight for each in shares)
    found: dict[str, float] = {}
    for each in shares:
        if each.weight:
            name = destination(each.cluster) + (f" (fails): {each.error}" if each.error else "")
            found[name] = found.get(name, 0.0) + 100 * each.weight / total
    return tuple(sorted(found.items()))


def differences(old: Effect, new: Effect) -> tuple[str, ...]:
    """How two effects differ, in words."""
    return tuple(_differences(old, new))


def _differences(old: Effect, new: Effect) -> Iterator[str]:
    if (before := ending(old)) != (after := ending(new)):
        yield f"{before} → {after}"
    if old.failing != new.failing and any(0 < each.failing < _ALL for each in (old, new)):
        yield f"unreachable: {old.failing:.4g} % → {new.failing:.4g} %"
    if old.destinations and new.destinations and not old.error and not new.error:
        yield from _moved(old.destinations, new.destinations)
    if old.transport != new.transport and old.transport and new.transport:
        yield f"sent by {old.transport} → {new.transport}"
    # Where a redirect leads is said with how the request ends.
    for name, before, after in (("host", old.host, new.host), ("path", old.path, new.path)):
        if before != after:
            yield f"{name}: {before or 'as it came'} → {after or 'as it came'}"
    yield from _told("request headers set", old.headers_set, new.headers_set)
    yield from _told("request headers removed", old.headers_removed, new.headers_removed)
    yield from _told("answer's headers set", old.answer_set, new.answer_set)
    yield from _told("answer's headers removed", old.answer_removed, new.answer_removed)
    if old.timeout != new.timeout and old.destinations and new.destinations:
        yield f"timeout: {_time(old.timeout)} → {_time(new.timeout)}"
    if old.retry != new.retry and old.destinations and new.destinations:
        yield f"retries: {_retries(old.retry)} → {_retries(new.retry)}"
    yield from _told("copies", old.mirrors, new.mirrors)
    if old.fault != new.fault:
        yield f"fault: {_fault(old.fault)} → {_fault(new.fault)}"
    if not old.error and not new.error:
        yield from _told("may be refused by", old.may_refuse, new.may_refuse)


def ending(effect: Effect) -> str:
    """How a request ends, in a few words; empty where a destination gets it and all that differs is which."""
    if effect.error == "denied":
        return f"refused with {effect.status or 'a reset'}" + (f" by {effect.policy}" if effect.policy else "")
    if effect.error:
        return f"{effect.status} ({effect.error})" if effect.status else effect.error
    if effect.location:
        return f"{effect.status} to {effect.location}"
    if effect.status is not None:
        return str(effect.status)
    return "reaches a destination"


def _moved(old: tuple[tuple[str, float], ...], new: tuple[tuple[str, float], ...]) -> Iterator[str]:
    before, after = dict(old), dict(new)
    for name in sorted({*before, *after}):
        if before.get(name, 0.0) != after.get(name, 0.0):
            yield f"{_short(name)}: {before.get(name, 0):.4g} % → {after.get(name, 0):.4g} %"


def _short(destination: str) -> str:
    """A destination without the cluster's domain and the port, which its client named."""
    return re.sub(r"(\.svc\.[^: ]+)?:\d+", "", destination, count=1)


def _told(what: str, old: tuple[object, ...], new: tuple[object, ...]) -> Iterator[str]:
    if old != new:
        yield f"{what}: {_list(old)} → {_list(new)}"


def _list(items: tuple[object, ...]) -> str:
    return ", ".join(": ".join(map(_plain, each)) if isinstance(each, tuple) else str(each) for each in items) or "none"


def _plain(value: object) -> str:
    return f"{value:.4g} %" if isinstance(value, float | int) else str(value)


def _time(value: timedelta | None) -> str:
    return f"{value.total_seconds():g} s" if value else "none"


def _retries(policy: RetryPolicy | None) -> str:
    if policy is None:
        return "none"
    return f"{policy.attempts} on {', '.join(policy.conditions)}"


def _fault(fault: Fault | None) -> str:
    if fault is None:
        return "none"
    parts = []
    if fault.delay is not None:
        parts.append(f"{fault.delay.total_seconds():g} s late{_of(fault.delay_fraction)}")
    if fault.abort_status is not None or fault.abort_grpc_status is not None:
        status = fault.abort_status if fault.abort_status is not None else f"gRPC {fault.abort_grpc_status}"
        parts.append(f"{status}{_of(fault.abort_fraction)}")
    return " and ".join(parts) or "some"


def _of(share: Fraction | None) -> str:
    """A share of requests, in words; nothing for all of them."""
    percent = 100 * share.numerator / share.denominator if share else 0.0
    return "" if percent >= _ALL else f" for {percent:.4g} %"
