"""What differs on purpose between our views and istiod's: each a function on views, with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Endpoint, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, NetworkFilter
from pulumi_mesh.proxy.view.routes import Route, RouteConfig
from pulumi_mesh.proxy.view.telemetry import Tracing

_NO_HEALTH_CHECK = freeze({"health_check_config": {}})
_ALL_PORTS = "http_proxy"
_OVERPROVISIONED = freeze({"overprovisioning_factor": 140})


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

    return _each_locality(view, ordered)


def _without_workload(view: ProxyView) -> ProxyView:
    def unnamed(endpoint: Endpoint) -> Endpoint:
        metadata: Any = endpoint.extra.get("metadata", {})
        found = metadata.get("filter_metadata", {})
        if {*metadata} != {"filter_metadata"} or {*found} != {"istio"} or {*found["istio"]} != {"workload"}:
            return endpoint
        return replace(endpoint, extra=_without(endpoint.extra, "metadata"))

    return _each_locality(view, lambda each: replace(each, endpoints=tuple(map(unnamed, each.endpoints))))


def _without_envoys_defaults(view: ProxyView) -> ProxyView:
    def endpoint(value: Endpoint) -> Endpoint:
        return replace(value, extra=_without(value.extra, "endpoint", _NO_HEALTH_CHECK))

    def locality(value: LocalityEndpoints) -> LocalityEndpoints:
        return replace(value, endpoints=tuple(map(endpoint, value.endpoints)))

    made = _each_locality(view, locality)
    sets = (replace(each, extra=_without(each.extra, "policy", _OVERPROVISIONED)) for each in made.endpoints)
    return replace(made, endpoints=tuple(sets))


def _sorted_tests(view: ProxyView) -> ProxyView:
    def ordered(route: Route) -> Route:
        query = tuple(sorted(route.match.query, key=lambda each: each.name))
        claims: Any = route.match.extra.get("dynamic_metadata", ())
        if len(query) < 2 and len(claims) < 2:
            return route
        extra = FrozenMap(
            {**route.match.extra, **({"dynamic_metadata": tuple(sorted(claims, key=repr))} if claims else {})}
        )
        return replace(route, match=replace(route.match, query=query, extra=extra))

    def table(config: RouteConfig) -> RouteConfig:
        hosts = (replace(each, routes=tuple(map(ordered, each.routes))) for each in config.virtual_hosts)
        return replace(config, virtual_hosts=tuple(hosts))

    return replace(view, routes=tuple(map(table, view.routes)))


def _without_tracing(view: ProxyView) -> ProxyView:
    def untraced(filter: NetworkFilter) -> NetworkFilter:
        if not isinstance(filter, HttpConnectionManager) or not _is_default_tracing(filter.tracing):
            return filter
        return replace(filter, tracing=None)

    def chain(value: FilterChain) -> FilterChain:
        return replace(value, filters=tuple(map(untraced, value.filters)))

    def listener(value: Listener) -> Listener:
        default = value.default_filter_chain
        chains = tuple(map(chain, value.filter_chains))
        return replace(value, filter_chains=chains, default_filter_chain=chain(default) if default else None)

    return replace(view, listeners=tuple(map(listener, view.listeners)))


def _without_shared_names(view: ProxyView) -> ProxyView:
    def table(config: RouteConfig) -> RouteConfig:
        if config.name != _ALL_PORTS:
            return config
        owners = Counter(each.name.rpartition(":")[0] for each in config.virtual_hosts)
        hosts = (
            replace(each, domains=tuple(name for name in each.domains if ":" in name))
            if owners[each.name.rpartition(":")[0]] > 1
            else each
            for each in config.virtual_hosts
        )
        return replace(config, virtual_hosts=tuple(hosts))

    return replace(view, routes=tuple(map(table, view.routes)))


TRANSFORMS = (
    Transform(
        _without_node, "Who a proxy is stands in its bootstrap, which the agent writes: istiod sends none of it."
    ),
    Transform(_by_name, "Discovery has no order of listeners, route tables, clusters and endpoint sets."),
    Transform(_sorted_endpoints, "Endpoints of a locality have no order: the load balancer chooses."),
    Transform(_without_envoys_defaults, "Envoy's own dump of endpoints has its defaults filled in."),
    Transform(
        _sorted_tests,
        "All query parameters and claims of a match must hold; istiod writes them in the order of a Go map.",
    ),
    Transform(
        _without_tracing, "istiod samples 1 % of requests for tracing; without a provider nothing receives them."
    ),
    Transform(
        _without_shared_names,
        "At the HTTP proxy's port, of a service's ports that a virtual service routes, the one that istiod meets first "
        "has the names without a port: it goes through a Go map (buildSidecarVirtualHostsForVirtualService).",
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


def _is_default_tracing(tracing: Tracing | None) -> bool:
    """Whether nobody chose the share, nor who is told."""
    return tracing is not None and tracing.random_sampling == 1 and not tracing.provider


def _each_locality(view: ProxyView, change: Callable[[LocalityEndpoints], LocalityEndpoints]) -> ProxyView:
    clusters = (replace(each, endpoints=tuple(map(change, each.endpoints))) for each in view.clusters)
    sets = (replace(each, localities=tuple(map(change, each.localities))) for each in view.endpoints)
    return replace(view, clusters=tuple(clusters), endpoints=tuple(sets))


def _without(extra: FrozenMap[str, object], name: str, value: object = None) -> FrozenMap[str, object]:
    """Without a field; ``value``: only where it holds this."""
    if name not in extra or (value is not None and extra[name] != value):
        return extra
    return FrozenMap({key: held for key, held in extra.items() if key != name})
