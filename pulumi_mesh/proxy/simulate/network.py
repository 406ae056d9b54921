"""The network filters of a chain: authorization of connections, and where bytes or requests go."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.proxy.simulate.authorization import authorize
from pulumi_mesh.proxy.simulate.chance import Chance
from pulumi_mesh.proxy.simulate.conditions import noted
from pulumi_mesh.proxy.simulate.destinations import cluster_error, speech
from pulumi_mesh.proxy.simulate.exchange import Exchange, Peer
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.http import http
from pulumi_mesh.proxy.simulate.outcome import Outcome, Share, Step
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.ext_authz import NetworkExtAuthz
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, OpaqueFilter, TcpProxy
from pulumi_mesh.proxy.view.rbac import NetworkRbac

_BY_SERVER_NAME = "envoy.filters.network.sni_cluster"
_SILENT = frozenset({"istio.metadata_exchange", "istio.stats", "envoy.filters.network.metadata_exchange"})


def through(
    view: ProxyView, chain: FilterChain, request: Request, peer: Peer, chance: Chance, known: Outcome, answer: Headers
) -> Outcome:
    """The outcome of what comes over a connection that a filter chain took."""
    fresh = Exchange(Headers(), peer, chance, request.claims, answer=answer)
    exchange = fresh
    named = ""
    for each in chain.filters:
        match each:
            case NetworkRbac():
                allowed, policy, why, exchange = authorize(each, exchange)
                known = replace(known, policy=policy.name if policy else known.policy, why=(*known.why, *why))
                if not allowed:
                    return replace(known, error="denied")
            case NetworkExtAuthz():
                if each.only_if is None or noted(each.only_if, exchange.metadata):
                    text = f"{each.cluster} is asked whether the connection is allowed: taken to say yes"
                    known = _taken_to_pass(known, f"{each.cluster}, which is asked", Step(text))
            case HttpConnectionManager():
                return http(
                    view, each, request, Exchange(Headers(), peer, chance, request.claims, answer=answer), known
                )
            case TcpProxy():
                return _bytes(view, each, named, chain, chance, replace(known, principal=peer.principal))
            case OpaqueFilter(name):
                if name == _BY_SERVER_NAME:
                    named = peer.connection.server_name
                elif name not in _SILENT:
                    text = f"filter {name} is not known here: taken to let the connection pass"
                    known = _taken_to_pass(known, f"filter {name}", Step(text, each.ref))
    return replace(known, error="protocol error", why=(*known.why, Step("the chain sends nothing on", chain.ref)))


def _bytes(view: ProxyView, proxy: TcpProxy, named: str, chain: FilterChain, chance: Chance, known: Outcome) -> Outcome:
    """Bytes that are forwarded. named: the cluster that a filter before chose."""
    weighted = tuple((name, weight) for name, weight in proxy.weighted if weight > 0)
    chosen = ((named, 1),) if named else weighted or ((proxy.cluster, 1),)
    if chance.random is not None and len(chosen) > 1:
        place = chance.random % sum(weight for _, weight in chosen)
        for name, weight in chosen:
            if place < weight:
                chosen = ((name, weight),)
                break
            place -= weight
    shares = tuple(
        Share(name, weight, cluster_error(view, name), speech(view, name), ref=chain.ref) for name, weight in chosen
    )
    errors = {each.error for each in shares}
    ways = {each.transport for each in shares if not each.error}
    total = sum(each.weight for each in shares)
    why = [
        Step(
            f"bytes to cluster {each.cluster}"
            + (f" ({100 * each.weight / total:g} %)" if len(shares) > 1 else "")
            + (f": {each.error}" if each.error else ""),
            chain.ref,
        )
        for each in shares
    ]
    return replace(
        known,
        clusters=shares,
        error=errors.pop() if len(errors) == 1 else "",
        transport=(ways.pop() if len(ways) == 1 else "mixed") if ways else "",
        why=(*known.why, *why),
    )


def _taken_to_pass(known: Outcome, by: str, step: Step) -> Outcome:
    return replace(known, may_refuse=(*known.may_refuse, by), why=(*known.why, step))
