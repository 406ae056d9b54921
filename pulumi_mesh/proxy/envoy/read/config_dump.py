"""A whole view from Envoy's admin page ``/config_dump?include_eds`` (envoy.admin.v3.ConfigDump), or istiod's debug page
of the same form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pulumi_mesh.proxy.envoy.field_names import in_snake_case
from pulumi_mesh.proxy.envoy.read.bootstrap import without_agent
from pulumi_mesh.proxy.envoy.read.clusters import cluster
from pulumi_mesh.proxy.envoy.read.endpoints import endpoint_set
from pulumi_mesh.proxy.envoy.read.listeners import listener
from pulumi_mesh.proxy.envoy.read.message import Message, invalid
from pulumi_mesh.proxy.envoy.read.routes import route_config
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import Listener

T = TypeVar("T")


def read_config_dump(dump: Mapping[str, Any]) -> ProxyView:
    """What a running Envoy acts on: listeners that are active, and all clusters, routes and endpoints.

    Static resources come first. Endpoints are those of EDS clusters; without ``include_eds`` there are none,
    and Envoy dumps them with its own defaults filled in (weight, health, overprovisioning).
    A dump in camelCase, as istiod writes it, gives the same view as one in snake_case.
    InvalidError with the path when it is not a config dump.
    """
    root = Message(in_snake_case(dump) if _in_camel_case(dump) else dump, "")
    if "configs" not in root:
        raise invalid("", "is not a config dump of Envoy's admin page: it has no 'configs'")
    dumps = dict(root.each("configs", _dump))

    def held(kind: str, name: str, entry: Callable[[Message], T | None]) -> tuple[T, ...]:
        entries = dumps[kind].each(name, entry) if kind in dumps else ()
        return tuple(each for each in entries if each is not None)

    node = dumps["Bootstrap"].part("bootstrap").part("node") if "Bootstrap" in dumps else Message({}, "")
    clusters = without_agent(
        held("Clusters", "static_clusters", lambda entry: entry.one("cluster", _any(cluster)))
        + held("Clusters", "dynamic_active_clusters", lambda entry: entry.one("cluster", _any(cluster)))
    )
    endpoints = held(
        "Endpoints", "static_endpoint_configs", lambda entry: entry.one("endpoint_config", _any(endpoint_set))
    ) + held("Endpoints", "dynamic_endpoint_configs", lambda entry: entry.one("endpoint_config", _any(endpoint_set)))
    discovered = {each.name for each in clusters if each.type == "EDS"}
    return ProxyView(
        node=node.text("id"),
        service_cluster=node.text("cluster"),
        listeners=held("Listeners", "static_listeners", lambda entry: entry.one("listener", _any(listener)))
        + held("Listeners", "dynamic_listeners", _active),
        # Static route configs are those that stand inline in listeners.
        routes=held("Routes", "dynamic_route_configs", lambda entry: entry.one("route_config", _any(route_config))),
        clusters=clusters,
        endpoints=tuple(each for each in endpoints if each.cluster in discovered),
    )


def _in_camel_case(dump: Mapping[str, Any]) -> bool:
    """Whether the fields of the dumps themselves are: all of them have several words."""
    configs = dump.get("configs")
    entries = configs if isinstance(configs, list) else []
    return any(not key.islower() for each in entries if isinstance(each, Mapping) for key in map(str, each))


def _dump(message: Message) -> tuple[str, Message]:
    """``Clusters`` for envoy.admin.v3.ClustersConfigDump, and so on."""
    return message.text("@type").rpartition(".")[2].removesuffix("ConfigDump"), message


def _active(entry: Message) -> Listener | None:
    """None while there is only one that warms, drains or was refused."""
    return entry.part("active_state").one("listener", _any(listener))


def _any(read: Callable[[Message], T]) -> Callable[[Message], T]:
    def untyped(message: Message) -> T:
        message.drop("@type")
        return read(message)

    return untyped
