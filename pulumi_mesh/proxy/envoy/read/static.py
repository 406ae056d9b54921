"""Telling in the static form what the view asks for by name: it stands inline beside our mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.view.clusters import Cluster, EndpointSet
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, NetworkFilter
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.routes import RouteConfig

_IN_METADATA = ("filter_metadata", names.NAMESPACE)
_IN_EXTRA = ("metadata", *_IN_METADATA)


@dataclass(frozen=True, slots=True)
class Named:
    """What was found inline beside a mark, by name; filled while listeners and clusters are gone through."""

    routes: dict[str, RouteConfig] = field(default_factory=dict)
    endpoints: dict[str, EndpointSet] = field(default_factory=dict)

    def listeners(self, listeners: Iterable[Listener]) -> tuple[Listener, ...]:
        """The listeners, with marked route configs asked for by name again."""
        return tuple(
            replace(
                each,
                filter_chains=tuple(map(self._chain, each.filter_chains)),
                default_filter_chain=self._chain(each.default_filter_chain) if each.default_filter_chain else None,
            )
            for each in listeners
        )

    def clusters(self, clusters: Iterable[Cluster]) -> tuple[Cluster, ...]:
        """The clusters, with marked endpoints asked for by name again."""
        return tuple(map(self._cluster, clusters))

    def _chain(self, chain: FilterChain) -> FilterChain:
        return replace(chain, filters=tuple(map(self._filter, chain.filters)))

    def _filter(self, value: NetworkFilter) -> NetworkFilter:
        if not isinstance(value, HttpConnectionManager) or isinstance(value.routes, str):
            return value
        config = value.routes
        if not _marked(config.extra, _IN_EXTRA, "rds"):
            return value
        self.routes[config.name] = replace(config, extra=_without(config.extra, _IN_EXTRA))
        return replace(value, routes=config.name)

    def _cluster(self, value: Cluster) -> Cluster:
        if not _marked(value.metadata, _IN_METADATA[1:], "eds"):
            return value
        rest = value.extra.get("load_assignment", EMPTY)
        self.endpoints[value.name] = EndpointSet(
            value.name, value.endpoints, rest if isinstance(rest, FrozenMap) else EMPTY
        )
        return replace(
            value,
            type="EDS",
            endpoints=(),
            metadata=_without(value.metadata, _IN_METADATA[1:]),
            extra=_without(value.extra, ("load_assignment",)),
        )


def _marked(fields: Mapping[str, object], path: tuple[str, ...], discovery: str) -> bool:
    value: object = fields
    for name in (*path, names.DISCOVERY_MARK):
        if not isinstance(value, Mapping):
            return False
        value = value.get(name)
    return value == discovery


def _without(fields: FrozenMap[str, object], path: tuple[str, ...]) -> FrozenMap[str, object]:
    """``fields`` without what is at ``path``, and without what is empty then."""
    kept = dict(fields)
    inner = kept.pop(path[0], None)
    if len(path) > 1 and isinstance(inner, FrozenMap):
        left = _without(inner, path[1:])
        if left:
            kept[path[0]] = left
    return FrozenMap(kept)
