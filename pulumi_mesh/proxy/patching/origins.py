"""Which object each message came from, while messages are patched: patches change them in place, so that a message is
known by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import (
    FilterChain,
    HttpConnectionManager,
    HttpFilter,
    Listener,
    NetworkFilter,
    OpaqueFilter,
)
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac, Policy, Rules
from pulumi_mesh.proxy.view.routes import Forward, Route, RouteConfig, VirtualHost, WeightedCluster
from pulumi_mesh.refs import Ref

T = TypeVar("T")
P = TypeVar(
    "P",
    bound=Listener | FilterChain | OpaqueFilter | Policy | VirtualHost | Route | WeightedCluster | Cluster | Endpoint,
)
RuleFilter = TypeVar("RuleFilter", HttpRbac, NetworkRbac)


class Visit(Protocol):
    """What is done with each part that may say where it came from, and its message."""

    def __call__(self, part: P, written: Json, /) -> P:
        """The part that stands there then."""


@dataclass(slots=True)
class Origins:
    """Messages, by identity, and where they came from."""

    _refs: dict[int, tuple[object, Ref | None]] = field(default_factory=dict)

    def copied(self, value: Any, ref: Ref | None) -> Any:
        """A copy of what a patch puts in, of which every message is noted."""
        if isinstance(value, dict):
            made = {key: self.copied(each, ref) for key, each in value.items()}
            self._refs[id(made)] = made, ref
            return made
        return [self.copied(each, ref) for each in value] if isinstance(value, list) else value

    def note(self, part: P, written: Json, /) -> P:
        """Remember where a part came from (a Visit)."""
        self._refs[id(written)] = written, part.ref
        return part

    def restore(self, part: P, written: Json, /) -> P:
        """A part that was read again, with where it came from (a Visit)."""
        found = self._refs.get(id(written))
        return replace(part, ref=found[1]) if found and found[1] != part.ref else part


def listener(value: Listener, written: Json, visit: Visit) -> Listener:
    """Visit all of a listener."""
    default = value.default_filter_chain
    return visit(
        replace(
            value,
            filter_chains=_each(value.filter_chains, written.get("filter_chains"), visit, _chain),
            default_filter_chain=_chain(default, written["default_filter_chain"], visit) if default else None,
        ),
        written,
    )


def route_config(value: RouteConfig, written: Json, visit: Visit) -> RouteConfig:
    """Visit all of a route table."""
    return replace(value, virtual_hosts=_each(value.virtual_hosts, written.get("virtual_hosts"), visit, _host))


def cluster(value: Cluster, written: Json, visit: Visit) -> Cluster:
    """Visit all of a cluster."""
    localities = written.get("load_assignment", {}).get("endpoints")
    return visit(replace(value, endpoints=_each(value.endpoints, localities, visit, _locality)), written)


def _each(
    values: tuple[T, ...], written: list[Json] | None, visit: Visit, go: Callable[[T, Json, Visit], T]
) -> tuple[T, ...]:
    # A list that the view has no place for stays in ``extra``: then there is none of it here.
    return tuple(go(value, message, visit) for value, message in zip(values, written or (), strict=bool(values)))


def _chain(value: FilterChain, written: Json, visit: Visit) -> FilterChain:
    return visit(replace(value, filters=_each(value.filters, written.get("filters"), visit, _network_filter)), written)


def _network_filter(value: NetworkFilter, written: Json, visit: Visit) -> NetworkFilter:
    match value:
        case OpaqueFilter():
            return visit(value, written)
        case NetworkRbac():
            return _rbac(value, written, visit)
        case HttpConnectionManager(routes=routes):
            config = written["typed_config"]
            if isinstance(routes, RouteConfig):
                routes = route_config(routes, config["route_config"], visit)
            filters = _each(value.http_filters, config.get("http_filters"), visit, _http_filter)
            return replace(value, routes=routes, http_filters=filters)
    return value


def _http_filter(value: HttpFilter, written: Json, visit: Visit) -> HttpFilter:
    match value:
        case OpaqueFilter():
            return visit(value, written)
        case HttpRbac():
            return _rbac(value, written, visit)
    return value


def _rbac(value: RuleFilter, written: Json, visit: Visit) -> RuleFilter:
    config = written["typed_config"]
    return replace(
        value,
        rules=_rules(value.rules, config.get("rules", {}), visit),
        shadow=_rules(value.shadow, config.get("shadow_rules", {}), visit),
    )


def _rules(value: Rules | None, written: Json, visit: Visit) -> Rules | None:
    if value is None:
        return None
    return replace(value, policies=tuple(visit(each, written["policies"][each.name]) for each in value.policies))


def _host(value: VirtualHost, written: Json, visit: Visit) -> VirtualHost:
    return visit(replace(value, routes=_each(value.routes, written.get("routes"), visit, _route)), written)


def _route(value: Route, written: Json, visit: Visit) -> Route:
    if isinstance(value.action, Forward) and value.action.weighted:
        shares = written["route"]["weighted_clusters"]["clusters"]
        value = replace(
            value, action=replace(value.action, weighted=_each(value.action.weighted, shares, visit, _share))
        )
    return visit(value, written)


def _locality(value: LocalityEndpoints, written: Json, visit: Visit) -> LocalityEndpoints:
    return replace(value, endpoints=_each(value.endpoints, written.get("lb_endpoints"), visit, _endpoint))


def _share(value: WeightedCluster, written: Json, visit: Visit) -> WeightedCluster:
    return visit(value, written)


def _endpoint(value: Endpoint, written: Json, visit: Visit) -> Endpoint:
    return visit(value, written)
