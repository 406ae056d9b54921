"""A whole view as a bootstrap: everything in it (static), or in files that Envoy watches (discovery)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.agent import agent_cluster
from pulumi_mesh.proxy.envoy.write.clusters import cluster, load_assignment
from pulumi_mesh.proxy.envoy.write.listeners import listener
from pulumi_mesh.proxy.envoy.write.message import Json, address, merged, message, typed
from pulumi_mesh.proxy.envoy.write.routes import route_config
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Address
from pulumi_mesh.proxy.view.clusters import Cluster

LONGEST_NAME = 180
"""Of a file, in characters before the ending: file systems take 255 bytes."""


def write_static(view: ProxyView, *, admin: Address | None = None) -> Json:
    """One bootstrap that needs no discovery: routes and endpoints stand where they are used.

    What is asked for by name in the view carries a mark in its metadata, and ``node.metadata`` names the
    view's route configs and endpoint sets in their order (and holds those that nothing asks for), so that
    reading gives the same view. admin: where Envoy's admin page listens; None has none.
    """
    configs = {config.name: route_config(config) for config in view.routes}
    sets = {each.cluster: load_assignment(each) for each in view.endpoints}
    asked_routes: set[str] = set()
    asked_sets: set[str] = set()

    def named_routes(name: str) -> Json:
        asked_routes.add(name)
        mark = {"metadata": {"filter_metadata": _mark("rds")}}
        return {"route_config": merged({**configs.get(name, {"name": name})}, mark)}

    def named_endpoints(name: str) -> Json:
        asked_sets.add(name)
        return {"type": "STATIC", "load_assignment": sets.get(name, {"cluster_name": name})}

    listeners = [listener(each, named_routes) for each in view.listeners]
    clusters = [cluster(_marked(each), named_endpoints) for each in view.clusters]
    unused = [config for name, config in configs.items() if name not in asked_routes]
    lonely = [each for name, each in sets.items() if name not in asked_sets]
    held = {
        "routes": list(configs) or None,
        "endpoints": list(sets) or None,
        "unused_routes": unused or None,
        "unused_endpoints": lonely or None,
    }
    metadata = {names.NAMESPACE: message(held)} if configs or sets else None
    static = {"listeners": listeners, "clusters": [*clusters, *_agent([*listeners, *clusters], view)]}
    return {
        **_node_and_admin(view, admin, metadata),
        "static_resources": {name: messages for name, messages in static.items() if messages},
    }


def write_discovery(view: ProxyView, folder: str, *, admin: Address | None = None) -> dict[str, Json]:
    """File name under ``folder`` to content: the bootstrap, and one file for each thing Envoy asks for.

    ``bootstrap.json``, ``lds.json``, ``cds.json``, ``rds/NAME.json``, ``eds/NAME.json``. Each but the
    bootstrap carries a hash of its content as its version.
    """

    def source(kind: str, name: str) -> Json:
        return path_source(f"{folder}/{kind}/{file_name(name)}")

    def named_routes(name: str) -> Json:
        return {"rds": {"config_source": source("rds", name), "route_config_name": name}}

    def named_endpoints(name: str) -> Json:
        found = {"eds_config": source("eds", name), "service_name": name}
        return {"type": "EDS", "eds_cluster_config": found}

    listeners = [listener(each, named_routes) for each in view.listeners]
    clusters = [cluster(each, named_endpoints) for each in view.clusters]
    agent = _agent([*listeners, *clusters], view)
    bootstrap = {
        **_node_and_admin(view, admin, None),
        "dynamic_resources": {
            "lds_config": path_source(f"{folder}/lds.json"),
            "cds_config": path_source(f"{folder}/cds.json"),
        },
        **({"static_resources": {"clusters": agent}} if agent else {}),
    }
    return {
        "bootstrap.json": bootstrap,
        "lds.json": discovery_response(names.LISTENER_TYPE, listeners),
        "cds.json": discovery_response(names.CLUSTER_TYPE, clusters),
        **{
            f"rds/{file_name(each.name)}": discovery_response(names.ROUTES_TYPE, [route_config(each)])
            for each in view.routes
        },
        **{
            f"eds/{file_name(each.cluster)}": discovery_response(names.ENDPOINTS_TYPE, [load_assignment(each)])
            for each in view.endpoints
        },
    }


def discovery_response(type_url: str, messages: Sequence[Json]) -> Json:
    """envoy.service.discovery.v3.DiscoveryResponse, its version a hash of what it holds."""
    resources = [typed(type_url, each) for each in messages]
    content = json.dumps(resources, sort_keys=True, separators=(",", ":"))
    return {"version_info": hashlib.sha256(content.encode()).hexdigest()[:16], "resources": resources}


def path_source(path: str) -> Json:
    """envoy.config.core.v3.ConfigSource: a file that Envoy watches."""
    return {"path_config_source": {"path": path}, "resource_api_version": "V3"}


def file_name(name: str) -> str:
    """A resource's name as one path segment: percent-escaped; a long one is cut and ends in its hash."""
    escaped = quote(name, safe="")
    if escaped.startswith("."):
        escaped = f"%2E{escaped[1:]}"  # not a hidden file
    if len(escaped) > LONGEST_NAME:
        escaped = f"{escaped[: LONGEST_NAME - 20]}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return f"{escaped}.json"


def _agent(messages: Sequence[Json], view: ProxyView) -> list[Json]:
    """The agent's cluster when a message asks it for a secret and the view has none of its name."""
    if any(each.name == names.AGENT_CLUSTER for each in view.clusters):
        return []
    return [agent_cluster()] if any(_asks_agent(each) for each in messages) else []


def _asks_agent(value: object) -> bool:
    if isinstance(value, dict):
        return value == {"cluster_name": names.AGENT_CLUSTER} or any(map(_asks_agent, value.values()))
    return isinstance(value, list) and any(map(_asks_agent, value))


def _marked(value: Cluster) -> Cluster:
    if value.type != "EDS":
        return value
    return replace(value, metadata=FrozenMap({**value.metadata, **_mark("eds")}))


def _mark(discovery: str) -> Json:
    return {names.NAMESPACE: {names.DISCOVERY_MARK: discovery}}


def _node_and_admin(view: ProxyView, admin: Address | None, metadata: Json | None) -> Json:
    node = message({"id": view.node or None, "cluster": view.service_cluster or None})
    if metadata:
        node["metadata"] = metadata
    return message({"node": node or None, "admin": {"address": address(admin)} if admin else None})
