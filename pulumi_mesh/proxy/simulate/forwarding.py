"""A request that a route sends on: to which clusters, rewritten how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pulumi_mesh.proxy.simulate.destinations import cluster_error, speech
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.formatting import formatted
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.incoming import sent_headers
from pulumi_mesh.proxy.simulate.mutations import Mutation, mutated, mutation, removed_names
from pulumi_mesh.proxy.simulate.outcome import Error, Outcome, Share, Step
from pulumi_mesh.proxy.simulate.rewrites import rewritten_host, rewritten_path
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.routes import Forward, Route, RouteConfig, VirtualHost, WeightedCluster

_DEFAULT_TIMEOUT = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Level:
    """Header changes for requests and answers, of each part of the route configuration, in the order they are made."""

    request: tuple[Mutation, ...]
    response: tuple[Mutation, ...]


def level(config: RouteConfig, host: VirtualHost, route: Route) -> Level:
    """The route's, the virtual host's, the configuration's; the other way round where the most specific wins."""
    request = [
        mutation(route.request_headers, route.extra, "request"),
        mutation(None, host.extra, "request"),
        mutation(None, config.extra, "request"),
    ]
    response = [
        mutation(route.response_headers, route.extra, "response"),
        mutation(None, host.extra, "response"),
        mutation(None, config.extra, "response"),
    ]
    if config.extra.get("most_specific_header_mutations_wins"):
        request.reverse()
        response.reverse()
    return Level(tuple(request), tuple(response))


def set_on_answer(
    mutations: Sequence[Mutation], exchange: Exchange, own: tuple[tuple[str, str], ...] = ()
) -> tuple[tuple[str, str], ...]:
    """The headers that the proxy sets on an answer. own: what is there before, of its own answers."""
    return mutated(Headers(own), mutations, lambda text, _: formatted(text, exchange)).items


def forwarded(
    view: ProxyView, found: tuple[RouteConfig, VirtualHost, Route], forward: Forward, exchange: Exchange, known: Outcome
) -> Outcome:
    """The outcome of a request that is sent on. known: what was found out before."""
    config, host, route = found
    levels = level(config, host, route)
    path = rewritten_path(exchange.headers.text(":path"), route.match, forward)
    own = known.response_headers
    shares = tuple(_share(view, levels, forward, exchange, path, each, own) for each in _split(forward, exchange))
    common = _share(view, levels, forward, exchange, path, WeightedCluster("", 1), own)
    errors = {each.error for each in shares}
    error: Error = errors.pop() if len(errors) == 1 else ""
    ways = {each.transport for each in shares if not each.error}
    one = shares[0] if len(shares) == 1 or error else common
    return replace(
        known,
        clusters=shares,
        error=error,
        status=one.status if error else None,
        body="no healthy upstream" if error == "no healthy upstream" else "",
        host=one.host,
        path=path,
        request_headers=one.request_headers,
        response_headers=one.response_headers,
        response_headers_removed=one.response_headers_removed,
        timeout=_timeout(forward),
        retry=forward.retry,
        mirrors=forward.mirrors,
        transport=(ways.pop() if len(ways) == 1 else "mixed") if ways else "",
        why=(*known.why, *_reasons(shares, route)),
    )


def answer_mutations(levels: Level, forward: Forward, exchange: Exchange) -> tuple[Mutation, ...]:
    """What a route that sends on changes on an answer; of several shares, without what a share itself changes."""
    shares = _split(forward, exchange)
    own = (mutation(shares[0].response_headers, shares[0].extra, "response"),) if len(shares) == 1 else ()
    return (*own, *levels.response)


def _split(forward: Forward, exchange: Exchange) -> tuple[WeightedCluster, ...]:
    """The clusters with a share; the one that chance chooses where it is known."""
    header = forward.extra.get("cluster_header")
    if header:
        return (WeightedCluster(exchange.headers.text(str(header)), 1),)
    if not forward.weighted:
        return (WeightedCluster(forward.cluster, 1),)
    shares = tuple(_named(each, exchange) for each in forward.weighted if each.weight > 0)
    if exchange.chance.random is None or not shares:
        return shares
    place = exchange.chance.random % sum(each.weight for each in shares)
    for each in shares:
        if place < each.weight:
            return (each,)
        place -= each.weight
    return shares


def _named(share: WeightedCluster, exchange: Exchange) -> WeightedCluster:
    """A share whose cluster a header may name."""
    header = share.extra.get("cluster_header")
    return replace(share, cluster=exchange.headers.text(str(header))) if header else share


def _share(
    view: ProxyView,
    levels: Level,
    forward: Forward,
    exchange: Exchange,
    path: str,
    given: WeightedCluster,
    own: tuple[tuple[str, str], ...],
) -> Share:
    """own: the headers of answers that filters before the router set, in the place of an upstream's."""
    request = (mutation(given.request_headers, given.extra, "request"), *levels.request)
    response = (mutation(given.response_headers, given.extra, "response"), *levels.response)
    headers = mutated(
        exchange.headers, request, lambda text, before: formatted(text, replace(exchange, headers=before))
    )
    host = given.host_rewrite or rewritten_host(
        headers.text(":authority"), replace(exchange, headers=headers), forward.extra, forward.host_rewrite
    )
    error = cluster_error(view, given.cluster)
    sent = replace(exchange, headers=headers.replaced(":authority", host).replaced(":path", path))
    # An unknown cluster is noticed before the request is changed.
    answer = set_on_answer(
        response, exchange if error == "unknown cluster" else sent, () if error else exchange.answer.items
    )
    return Share(
        given.cluster,
        given.weight,
        error=error,
        transport=speech(view, given.cluster),
        status=forward.unknown_cluster_status if error == "unknown cluster" else 503 if error else None,
        host=host,
        request_headers=sent_headers(headers),
        response_headers=(*own, *(each for each in answer if each[0] not in dict(own))),
        response_headers_removed=removed_names(response),
        ref=given.ref,
    )


def _timeout(forward: Forward) -> timedelta | None:
    """Zero is no limit, and nothing is Envoy's own."""
    return (forward.timeout or None) if forward.timeout is not None else _DEFAULT_TIMEOUT


def _reasons(shares: Sequence[Share], route: Route) -> list[Step]:
    total = sum(each.weight for each in shares)
    steps = []
    for each in shares:
        part = f" ({100 * each.weight / total:g} %)" if len(shares) > 1 else ""
        text = f"to cluster {each.cluster}{part}"
        if each.error:
            text += f": {each.error}"
        elif each.transport:
            text += f" by {each.transport}"
        steps.append(Step(text, each.ref or route.ref))
    return steps
