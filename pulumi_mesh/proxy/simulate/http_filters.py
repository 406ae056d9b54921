"""The HTTP filters before the router, in their order: each passes a request on or answers it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pulumi_mesh.proxy.simulate import rate_limits, raw
from pulumi_mesh.proxy.simulate.authorization import authorize
from pulumi_mesh.proxy.simulate.conditions import noted
from pulumi_mesh.proxy.simulate.cors import cors, raw_cors
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.faults import aborts, applies, delays
from pulumi_mesh.proxy.simulate.outcome import Error, Step
from pulumi_mesh.proxy.simulate.route_choice import Choice
from pulumi_mesh.proxy.simulate.tokens import Refusal, authenticate
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz
from pulumi_mesh.proxy.view.jwt import JwtAuthentication
from pulumi_mesh.proxy.view.listeners import FaultFilter, HttpFilter, OpaqueFilter, RouterFilter
from pulumi_mesh.proxy.view.rbac import HttpRbac
from pulumi_mesh.proxy.view.routes import Cors, Fault, Forward

_CORS = "envoy.filters.http.cors"
_SILENT = frozenset({"istio.metadata_exchange", "istio.alpn", "istio.stats", "envoy.filters.http.grpc_stats", _CORS})
"""Filters that decide nothing about where a request goes, or that are looked at by their name."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What a filter did. status: its own answer, None when the request passes. policy: which authorized it.

    complete: the answer is all there is: routes change nothing of it. may_refuse: as in Outcome.
    """

    exchange: Exchange
    why: tuple[Step, ...] = ()
    status: int | None = None
    error: Error = ""
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    policy: str = ""
    fault: Fault | None = None
    complete: bool = False
    may_refuse: tuple[str, ...] = ()


def treat(filter: HttpFilter, exchange: Exchange, choice: Choice) -> Treated:
    """What one filter does with a request."""
    match filter:
        case HttpRbac():
            return _authorized(filter, exchange)
        case JwtAuthentication():
            return _authenticated(filter, exchange)
        case HttpExtAuthz():
            return _asked(filter, exchange)
        case FaultFilter(fault):
            return _faulted((choice.route.fault if choice.route else None) or fault, exchange, choice)
        case RouterFilter():
            return Treated(exchange)
        case OpaqueFilter(name):
            return _shared_with_pages(exchange, choice) if name == _CORS else _opaque(filter, exchange, choice)


def _authorized(filter: HttpRbac, exchange: Exchange) -> Treated:
    allowed, policy, why, after = authorize(filter, exchange)
    name = policy.name if policy else ""
    if allowed:
        return Treated(after, why, policy=name)
    return Treated(after, why, 403, "denied", "RBAC: access denied", policy=name)


def _authenticated(filter: JwtAuthentication, exchange: Exchange) -> Treated:
    after, step = authenticate(filter, exchange)
    if isinstance(after, Refusal):
        return Treated(exchange, (step,), after.status, "denied", after.body)
    return Treated(after, (step,))


def _asked(filter: HttpExtAuthz, exchange: Exchange) -> Treated:
    if filter.only_if is not None and not noted(filter.only_if, exchange.metadata):
        return Treated(exchange)
    why = (Step(f"{filter.cluster} is asked whether the request is allowed: taken to say yes"),)
    return Treated(exchange, why, may_refuse=(f"{filter.cluster}, which is asked",))


def _faulted(fault: Fault, exchange: Exchange, choice: Choice) -> Treated:
    action = choice.route.action if choice.route else None
    if not applies(fault, exchange, action.cluster if isinstance(action, Forward) else ""):
        return Treated(exchange)
    ref = choice.route.ref if choice.route else None
    late, cut = delays(fault, exchange), aborts(fault, exchange)
    if late is False and cut is False:
        return Treated(exchange)
    steps = []
    if late is not False:
        steps.append(Step(f"{'a share waits' if late is None else 'waits'} {fault.delay} on purpose", ref))
    if cut is not False:
        status = fault.abort_status or 200
        steps.append(Step(f"{'a share gets' if cut is None else 'gets'} {status} on purpose", ref))
    treated = Treated(exchange, tuple(steps), fault=fault)
    if not cut:
        return treated
    return replace(treated, status=fault.abort_status or 200, body="fault filter abort")


def _shared_with_pages(exchange: Exchange, choice: Choice) -> Treated:
    policy = _cors_policy(choice)
    if policy is None:
        return Treated(exchange)
    answers, headers = cors(policy, exchange)
    ref = choice.route.ref if choice.route else None
    if answers:
        why = (Step("the preflight is answered by the proxy", ref),)
        return Treated(exchange, why, 200, headers=headers, complete=True)
    return Treated(exchange, (Step("its origin may ask", ref),) if headers else (), headers=headers)


def _cors_policy(choice: Choice) -> Cors | None:
    """Only what is sent on is shared: redirects and direct responses have no policy."""
    if choice.route is None or choice.host is None or not isinstance(choice.route.action, Forward):
        return None
    return (
        choice.route.cors
        or raw_cors(raw.part(choice.route.extra, "typed_per_filter_config", _CORS))
        or raw_cors(raw.part(choice.route.action.extra, "cors"))
        or raw_cors(raw.part(choice.host.extra, "typed_per_filter_config", _CORS))
        or raw_cors(raw.part(choice.host.extra, "cors"))
    )


def _opaque(filter: OpaqueFilter, exchange: Exchange, choice: Choice) -> Treated:
    config = raw.part(filter.config, "typed_config") or filter.config
    if filter.name in _SILENT or filter.config.get("disabled") is True:
        return Treated(exchange)
    if config.get("@type") in (rate_limits.LOCAL, rate_limits.GLOBAL):
        limit = rate_limits.rate_limit(filter, config, choice)
        return Treated(exchange, (limit.step,), may_refuse=limit.may_refuse) if limit else Treated(exchange)
    text = f"filter {filter.name} is not known here: taken to let the request pass"
    return Treated(exchange, (Step(text, filter.ref),), may_refuse=(f"filter {filter.name}",))
