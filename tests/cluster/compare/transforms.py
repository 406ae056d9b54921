"""What differs on purpose between our views and istiod's: each a function on views, with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Endpoint, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager
from pulumi_mesh.proxy.view.routes import RouteMatch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Transform:
    """A purposeful difference, taken out of a view. reason: why it is there."""

    apply: Callable[[ProxyView], ProxyView]
    reason: str


def _without_node(view: ProxyView) -> ProxyView:
    return replace(view, node="", service_cluster="")


def _by_name(view: ProxyView) -> ProxyView:
    return replace(
        view,
        listeners=tuple(sorted(view.listeners, key=lambda each: each.name)),
        routes=tuple(sorted(view.routes, key=lambda each: each.name)),
        clusters=tuple(sorted(view.clusters, key=lambda each: each.name)),
        endpoints=tuple(sorted(view.endpoints, key=lambda each: each.cluster)),
    )


def _sorted_endpoints(view: ProxyView) -> ProxyView:
    def ordered(locality: LocalityEndpoints) -> LocalityEndpoints:
        return replace(locality, endpoints=tuple(sorted(locality.endpoints, key=lambda each: each.address)))

    return _each(view, LocalityEndpoints, ordered)


def _sorted_query(view: ProxyView) -> ProxyView:
    def ordered(match: RouteMatch) -> RouteMatch:
        return replace(match, query=tuple(sorted(match.query, key=lambda each: each.name)))

    return _each(view, RouteMatch, ordered)


def _without_tracing(view: ProxyView) -> ProxyView:
    def untraced(manager: HttpConnectionManager) -> HttpConnectionManager:
        return replace(manager, extra=_without(manager.extra, "tracing"))

    return _each(view, HttpConnectionManager, untraced)


def _without_workload(view: ProxyView) -> ProxyView:
    def unnamed(endpoint: Endpoint) -> Endpoint:
        metadata: Any = endpoint.extra.get("metadata", {})
        found = metadata.get("filter_metadata", {})
        if {*metadata} != {"filter_metadata"} or {*found} != {"istio"} or {*found["istio"]} != {"workload"}:
            return endpoint
        return replace(endpoint, extra=_without(endpoint.extra, "metadata"))

    return _each(view, Endpoint, unnamed)


TRANSFORMS = (
    Transform(
        _without_node, "Who a proxy is stands in its bootstrap, which the agent writes: istiod sends none of it."
    ),
    Transform(_by_name, "Discovery has no order of listeners, route tables, clusters and endpoint sets."),
    Transform(_sorted_endpoints, "Endpoints of a locality have no order: the load balancer chooses."),
    Transform(_sorted_query, "All query parameters of a match must hold; istiod writes them in the order of a Go map."),
    Transform(
        _without_tracing, "istiod samples 1 % of requests for tracing; without a provider nothing receives them."
    ),
    Transform(
        _without_workload, "The name of an endpoint's workload is there for the telemetry filters of Istio's own Envoy."
    ),
)


def comparable(view: ProxyView) -> ProxyView:
    """A view without what differs on purpose."""
    for each in TRANSFORMS:
        view = each.apply(view)
    return view


def _each(value: T, kind: type[Any], change: Callable[[Any], Any]) -> T:
    """The same data with every part of a kind changed, wherever it stands."""
    found: Any = value
    if isinstance(found, tuple):
        made: Any = tuple(_each(each, kind, change) for each in found)
        return made if any(one is not other for one, other in zip(found, made, strict=True)) else value
    if not is_dataclass(found) or isinstance(found, type):
        return value
    changes = {}
    for field in fields(found):
        before = getattr(found, field.name)
        after = _each(before, kind, change)
        if after is not before:
            changes[field.name] = after
    if changes:
        found = replace(found, **changes)
    made = change(found) if isinstance(found, kind) else found
    return made  # type: ignore[no-any-return]


def _without(extra: FrozenMap[str, object], name: str) -> FrozenMap[str, object]:
    return FrozenMap({key: value for key, value in extra.items() if key != name})
