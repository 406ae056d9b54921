"""The answer on its way back, from the application or the proxy that gives it to the client."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pulumi_mesh.expectations.expectation import Application
from pulumi_mesh.proxy.journey import Answer, Hop, ViewOf
from pulumi_mesh.proxy.simulate import Share, simulate
from pulumi_mesh.proxy.simulate.grpc import in_grpc, is_grpc
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.outcome import Step

_TOOK_TOO_LONG = 504


@dataclass(frozen=True, slots=True)
class Returned:
    """What the client gets. why: what was decided on the way back."""

    status: int | None
    headers: tuple[tuple[str, str], ...]
    why: tuple[Step, ...] = ()


def returned(answer: Answer, view_of: ViewOf, application: Application) -> Returned:
    """An answer after all proxies have passed it on, each with its own changes of headers, unless one of them did not
    wait for it.
    """
    hops, last = answer.hops, answer.hops[-1]
    by_proxy = last.proxy is not None and not last.outcome.passes
    reached = not by_proxy and not answer.error
    back = Returned(
        answer.status,
        last.outcome.response_headers if by_proxy else tuple(application.headers.items()) if reached else (),
    )
    senders = hops[:-1] if by_proxy or last.proxy is None else hops
    for position in reversed(range(len(senders))):
        share = hops[position + 1].share if position + 1 < len(hops) else None
        back = _through(senders[position], share, view_of, back, application if reached else None)
    return back


def _through(
    hop: Hop, share: Share | None, view_of: ViewOf, back: Returned, application: Application | None
) -> Returned:
    """What a proxy that sent the request on makes of its answer. share: None is the only one. application: None where
    the request did not come to it."""
    if hop.proxy is None or (not hop.outcome.route_config and not hop.outcome.virtual_host):
        return back
    limits = (hop.outcome.timeout, hop.outcome.retry.per_try_timeout if hop.outcome.retry else None)
    passed = [each for each in limits if each and application and application.after > each]
    if passed:
        step = Step(f"{hop.workload}: no answer within {min(passed).total_seconds():g}s", hop.outcome.ref)
        back = Returned(_TOOK_TOO_LONG, (), (*back.why, step))
    there = simulate(view_of(hop.proxy), hop.request, answer=back.headers)
    of = next((each for each in there.clusters if share is not None and each.cluster == share.cluster), None)
    headers = (of or there).response_headers
    if passed and is_grpc(Headers.of(hop.request.headers)):
        told = in_grpc(replace(there, status=_TOOK_TOO_LONG, response_headers=headers))
        return Returned(told.status, told.response_headers, back.why)
    return replace(back, headers=headers)
