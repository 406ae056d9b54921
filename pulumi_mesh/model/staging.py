"""Routes at a stage of canaries: canaries become plain weights, so that nothing downstream knows them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping

from pulumi_mesh.model.backends import Backend
from pulumi_mesh.model.canary import Canary
from pulumi_mesh.model.match import Match
from pulumi_mesh.model.route import HTTPRoute, Rule
from pulumi_mesh.model.service import Destination, Service
from pulumi_mesh.model.values import LARGEST_WEIGHT


def staged(routes: Iterable[HTTPRoute], canaries: Iterable[Canary], stages: Mapping[str, int]) -> tuple[HTTPRoute, ...]:
    """The routes with each canary at its stage, as weights. stages: canary name to stage; default: 0 for each.

    A service whose clients no route covers gets one, ``SERVICE-canary``. Raises InvalidError for a stage that a canary
    lacks.
    """
    routes = list(routes)
    for canary in canaries:
        weights = canary.weights(stages.get(canary.name, 0))
        routes = [_with_weights(route, canary, weights) for route in routes]
        if not any(canary.service in route.services for route in routes):
            rules = [
                Rule(matches=matches, backends=_split(canary, port, weights))
                for port, matches in _each_port(canary.service)
            ]
            routes.append(HTTPRoute(f"{canary.service.name}-canary", services=[canary.service], rules=rules))
    return tuple(routes)


def _each_port(service: Service) -> Iterator[tuple[int, tuple[Match, ...]]]:
    """Each port that speaks HTTP with what tells its requests from those to the others."""
    for port in service.http_ports:
        yield port, () if len(service.http_ports) == 1 else (Match(port=port),)


def _with_weights(route: HTTPRoute, canary: Canary, weights: tuple[int, int]) -> HTTPRoute:
    if not any(_is_whole(backend, canary) for rule in route.rules for backend in rule.backends):
        return route
    return dataclasses.replace(route, rules=tuple(_rule_with_weights(rule, canary, weights) for rule in route.rules))


def _rule_with_weights(rule: Rule, canary: Canary, weights: tuple[int, int]) -> Rule:
    if not any(_is_whole(backend, canary) for backend in rule.backends):
        return rule
    if len(rule.backends) == 1:
        return dataclasses.replace(rule, backends=_split(canary, rule.backends[0].destination.port, weights))
    shares: dict[Destination, int] = {}
    for backend in rule.backends:
        whole = _is_whole(backend, canary)
        parts = (
            _split(canary, backend.destination.port, weights) if whole else (Backend(backend.destination, weight=100),)
        )
        for part in parts:
            shares[part.destination] = shares.get(part.destination, 0) + part.weight * backend.weight
    weights_of = zip(shares, _in_range(list(shares.values())), strict=True)
    return dataclasses.replace(rule, backends=tuple(Backend(each, weight=weight) for each, weight in weights_of))


def _in_range(shares: list[int]) -> list[int]:
    """The same ratios in the smallest numbers; where these pass the largest weight, to one part in a million."""
    common = math.gcd(*shares) or 1
    reduced = [share // common for share in shares]
    largest = max(reduced)
    if largest <= LARGEST_WEIGHT:
        return reduced
    return [max(1, round(share * LARGEST_WEIGHT / largest)) if share else 0 for share in reduced]


def _is_whole(backend: Backend, canary: Canary) -> bool:
    return backend.destination.service == canary.service and not backend.destination.version


def _split(canary: Canary, port: int | None, weights: tuple[int, int]) -> tuple[Backend, Backend]:
    stable, candidate = (
        Backend(dataclasses.replace(version, port=port), weight=weight)
        for version, weight in zip((canary.stable, canary.candidate), weights, strict=True)
    )
    return stable, candidate
