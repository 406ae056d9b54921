"""A whole view from a bootstrap, static or with discovery files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.agent import agent_cluster
from pulumi_mesh.proxy.envoy.read.clusters import cluster
from pulumi_mesh.proxy.envoy.read.endpoints import endpoint_set
from pulumi_mesh.proxy.envoy.read.listeners import listener
from pulumi_mesh.proxy.envoy.read.message import Message, invalid
from pulumi_mesh.proxy.envoy.read.routes import route_config
from pulumi_mesh.proxy.envoy.read.static import Named
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Cluster

T = TypeVar("T")

_PARTS = ("node", "static_resources", "dynamic_resources")


def read_static(bootstrap: Mapping[str, Any]) -> ProxyView:
    """The view that a bootstrap holds: ours as it was before ``write_static``, or any other.

    What the bootstrap says beside its node's id and cluster, listeners and clusters is not the view's.
    InvalidError with the path when it is not an Envoy bootstrap.
    """
    root = Message(bootstrap, "")
    if not any(part in root for part in _PARTS):
        raise invalid("", f"is not an Envoy bootstrap: it has none of {', '.join(_PARTS)}")
    node, static = root.part("node"), root.part("static_resources")
    held = node.part("metadata", raw=True).part(names.NAMESPACE)
    named = Named()
    listeners = named.listeners(static.each("listeners", listener))
    clusters = named.clusters(without_agent(static.each("clusters", cluster)))
    named.routes.update({each.name: each for each in held.each("unused_routes", route_config)})
    named.endpoints.update({each.cluster: each for each in held.each("unused_endpoints", endpoint_set)})
    return ProxyView(
        node=node.text("id"),
        service_cluster=node.text("cluster"),
        listeners=listeners,
        routes=tuple(named.routes[name] for name in held.texts("routes") if name in named.routes),
        clusters=clusters,
        endpoints=tuple(named.endpoints[name] for name in held.texts("endpoints") if name in named.endpoints),
    )


def read_discovery(files: Mapping[str, Mapping[str, Any]]) -> ProxyView:
    """The view that discovery files hold, named and shaped as ``write_discovery`` does.

    Without ``bootstrap.json`` the view's node is empty. InvalidError with the file and path when one is not
    what Envoy reads there.
    """
    base = read_static(files["bootstrap.json"]) if "bootstrap.json" in files else ProxyView("", "")
    return ProxyView(
        node=base.node,
        service_cluster=base.service_cluster,
        listeners=base.listeners + _resources(files, "lds.json", names.LISTENER_TYPE, listener),
        routes=tuple(
            each
            for file in files
            if file.startswith("rds/")
            for each in _resources(files, file, names.ROUTES_TYPE, route_config)
        ),
        clusters=base.clusters + _resources(files, "cds.json", names.CLUSTER_TYPE, cluster),
        endpoints=tuple(
            each
            for file in files
            if file.startswith("eds/")
            for each in _resources(files, file, names.ENDPOINTS_TYPE, endpoint_set)
        ),
    )


def without_agent(clusters: tuple[Cluster, ...]) -> tuple[Cluster, ...]:
    """Clusters but for the agent's, which writing adds where it is needed."""
    agent = cluster(Message(agent_cluster(), ""))
    return tuple(each for each in clusters if each != agent)


def _resources(
    files: Mapping[str, Mapping[str, Any]], file: str, type_url: str, read: Callable[[Message], T]
) -> tuple[T, ...]:
    def resource(message: Message) -> T:
        found = message.text("@type")
        if found != type_url:
            raise invalid(message.where, f"must be of type {type_url}, not {found or 'none'}")
        return read(message)

    return Message(files[file], file).each("resources", resource) if file in files else ()
