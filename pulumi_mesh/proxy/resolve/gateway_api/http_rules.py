"""Rules of HTTPRoutes and GRPCRoutes as entries of a virtual service's ``http``, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from pulumi_mesh.gateway_api import GRPCRoute, HTTPRoute, grpc_route, http_route
from pulumi_mesh.proxy.resolve.durations import duration
from pulumi_mesh.proxy.resolve.gateway_api import filters
from pulumi_mesh.proxy.resolve.gateway_api.attachments import World
from pulumi_mesh.proxy.resolve.gateway_api.backends import RefusedError, destination, weight_sum, weighted
from pulumi_mesh.proxy.resolve.gateway_api.matches import grpc_match, http_match
from pulumi_mesh.proxy.resolve.gateway_api.references import GRPC_ROUTE, HTTP_ROUTE, Kind
from pulumi_mesh.proxy.resolve.gateway_api.words import Json

_ALWAYS_RETRIED = ("connect-failure", "refused-stream", "unavailable", "cancelled")
_DEFAULT_ATTEMPTS = 2
_NOTHING_SERVES: Json = {"status": 500}


@dataclass(frozen=True, slots=True)
class HttpRule:
    """One match of a rule. entry: of ``http``. place: where the user wrote it, ``KIND NAMESPACE NAME PATH``."""

    entry: Json
    place: str


@cache
def _every_path() -> http_route.Match:
    return http_route.Match(path=http_route.PathMatch(type="PathPrefix", value="/"))


def http_rules(world: World, route: HTTPRoute, *, granted: bool) -> tuple[HttpRule, ...]:
    """The rules of an HTTPRoute, one for each match, with the API's defaults; none where istiod refuses one of them.

    granted: whether backends in other namespaces need a ReferenceGrant.
    Mirrors computeRoute and HTTPRouteCollection (route_collections.go).
    """
    found: list[HttpRule] = []
    try:
        for position, rule in enumerate(route.spec.rules or (http_route.Rule(),)):
            entry = _http_entry(world, route, rule, position, granted=granted)
            for place, match in enumerate(rule.matches or (_every_path(),)):
                found.append(HttpRule({**entry, "match": [http_match(match)]}, _place(route, position, place)))
    except RefusedError:
        return ()
    return tuple(found)


def grpc_rules(world: World, route: GRPCRoute, *, granted: bool) -> tuple[HttpRule, ...]:
    """The rules of a GRPCRoute. Mirrors GRPCRouteCollection (route_collections.go)."""
    found: list[HttpRule] = []
    try:
        for position, rule in enumerate(route.spec.rules or ()):
            entry = _grpc_entry(world, route, rule, position, granted=granted)
            if not rule.matches:
                found.append(HttpRule(entry, _place(route, position)))
            for place, match in enumerate(rule.matches or ()):
                found.append(HttpRule({**entry, "match": [grpc_match(match)]}, _place(route, position, place)))
    except RefusedError:
        return ()
    return tuple(found)


def in_order(rules: Iterable[HttpRule]) -> list[HttpRule]:
    """By the Gateway API's precedence: exact paths, then prefixes, then expressions; longer ones first; then those
    with a method, with more headers, with more query parameters. What is alike stays in its order.

    Mirrors sortHTTPRoutes (conversion.go).
    """
    return sorted(rules, key=_precedence)


def at_port(rules: Iterable[HttpRule], port: int) -> list[HttpRule]:
    """The rules for one port of a service only. Mirrors augmentPortMatch (conversion.go)."""
    return [
        HttpRule(
            {**each.entry, "match": [{**match, "port": port} for match in each.entry.get("match", [{}])]}, each.place
        )
        for each in rules
    ]


def _precedence(rule: HttpRule) -> tuple[int, ...]:
    if "match" not in rule.entry:
        return (1,)
    match = rule.entry["match"][0]
    kind, value = next(iter(match.get("uri", {}).items()), ("", ""))
    rank = {"exact": 3, "prefix": 2, "regex": 1}.get(kind, -1)
    headers, query = match.get("headers", {}), match.get("queryParams", {})
    return 0, -rank, -len(value), "method" not in match, -len(headers), -len(query)


def _place(route: HTTPRoute | GRPCRoute, position: int, match: int | None = None) -> str:
    path = f"spec.rules[{position}]" + ("" if match is None else f".matches[{match}]")
    return f"{route.kind} {route.namespace} {route.name} {path}"


def _named(route: HTTPRoute | GRPCRoute, name: str | None, position: int) -> Json:
    return {"name": name or f"{route.namespace}.{route.name}.{position}"}


def _http_entry(world: World, route: HTTPRoute, rule: http_route.Rule, position: int, *, granted: bool) -> Json:
    """A rule without its matches. Mirrors convertHTTPRoute (conversion.go)."""
    entry = _named(route, rule.name, position)
    headers, others = filters.header_filters(rule.filters or ())
    if headers:
        entry["headers"] = headers
    for each in cast("list[http_route.Filter]", others):
        _put_filter(entry, world, route, each, granted=granted)
    # The fields of the experimental channel: a rule of the standard one has none of them.
    retry: Any = getattr(rule, "retry", None)
    if retry is not None:
        entry["retries"] = _retries(retry)
    if rule.timeouts is not None:
        _put_timeouts(entry, rule.timeouts)
    if weight_sum(rule.backend_refs) == 0 and "redirect" not in entry:
        return {**entry, "directResponse": _NOTHING_SERVES}
    return {**entry, **_backends(world, rule.backend_refs, route.namespace, HTTP_ROUTE, granted=granted)}


def _grpc_entry(world: World, route: GRPCRoute, rule: grpc_route.Rule, position: int, *, granted: bool) -> Json:
    """Mirrors convertGRPCRoute (conversion.go)."""
    entry = _named(route, rule.name, position)
    headers, others = filters.header_filters(rule.filters or ())
    if headers:
        entry["headers"] = headers
    for each in others:
        if each.type != "RequestMirror":
            raise RefusedError
        made, usable = filters.mirror(world, each.request_mirror, route.namespace, GRPC_ROUTE, granted=granted)
        if not usable:
            raise RefusedError
        if made:
            entry["mirrors"] = [*entry.get("mirrors", ()), made]
    if weight_sum(rule.backend_refs) == 0:
        return {**entry, "directResponse": _NOTHING_SERVES}
    return {**entry, **_backends(world, rule.backend_refs, route.namespace, GRPC_ROUTE, granted=granted)}


def _put_filter(entry: Json, world: World, route: HTTPRoute, each: http_route.Filter, *, granted: bool) -> None:
    if each.type == "RequestMirror":
        try:
            made, usable = filters.mirror(world, each.request_mirror, route.namespace, HTTP_ROUTE, granted=granted)
        except RefusedError:
            return
        if made and usable:
            entry["mirrors"] = [*entry.get("mirrors", ()), made]
        return
    if each.type == "RequestRedirect":
        word, done = "redirect", filters.redirect(each.request_redirect)
    elif each.type == "URLRewrite":
        word, done = "rewrite", filters.rewrite(each.url_rewrite)
    elif each.type == "CORS":
        word, done = "corsPolicy", filters.cors(each.cors)
    else:
        raise RefusedError
    if done is not None:
        entry[word] = done


def _backends(
    world: World,
    references: Iterable[http_route.BackendRef | grpc_route.BackendRef] | None,
    namespace: str,
    kind: Kind,
    *,
    granted: bool,
) -> Json:
    """``route``. Mirrors buildHTTPDestination and buildGRPCDestination (conversion.go)."""
    made: list[Json] = []
    for reference, weight in weighted(tuple(references or ())):
        place, _ = destination(world, reference, namespace, kind, granted=granted)
        share: Json = {"destination": place}
        if weight:
            share["weight"] = weight
        headers, others = filters.header_filters(getattr(reference, "filters", None) or ())
        if others:
            raise RefusedError
        if headers:
            share["headers"] = headers
        made.append(share)
    return {"route": made} if made else {}


def _retries(retry: Any) -> Json:
    attempts = _DEFAULT_ATTEMPTS if retry.attempts is None else retry.attempts
    made: Json = {"attempts": attempts}
    if attempts:
        made["retryOn"] = ",".join((*_ALWAYS_RETRIED, *(str(code) for code in retry.codes or ())))
    if retry.backoff is not None:
        made["backoff"] = retry.backoff
    return made


def _put_timeouts(entry: Json, timeouts: http_route.Timeouts) -> None:
    """A backend's limit is one of each try where there are retries, else of the whole."""
    if duration(timeouts.request):
        entry["timeout"] = timeouts.request
    if duration(timeouts.backend_request):
        if "retries" in entry:
            entry["retries"]["perTryTimeout"] = timeouts.backend_request
        else:
            entry["timeout"] = timeouts.backend_request
