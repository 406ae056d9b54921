"""Parts of a view as the messages that istioctl prints: proto3 JSON in camelCase, routes and endpoints by name."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.proxy.envoy.field_names import in_camel_case
from pulumi_mesh.proxy.envoy.write.bootstrap import write_static
from pulumi_mesh.proxy.envoy.write.clusters import cluster, load_assignment
from pulumi_mesh.proxy.envoy.write.listeners import listener
from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.envoy.write.routes import route_config
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Cluster, EndpointSet
from pulumi_mesh.proxy.view.listeners import Listener
from pulumi_mesh.proxy.view.routes import RouteConfig

_ADS: Json = {"config_source": {"ads": {}, "resource_api_version": "V3"}}


def listeners(given: Iterable[Listener]) -> list[Json]:
    """envoy.config.listener.v3.Listener; routes are asked for by name."""
    return [in_camel_case(listener(each, lambda name: {"rds": {**_ADS, "route_config_name": name}})) for each in given]


def routes(given: Iterable[RouteConfig]) -> list[Json]:
    """envoy.config.route.v3.RouteConfiguration."""
    return [in_camel_case(route_config(each)) for each in given]


def clusters(given: Iterable[Cluster]) -> list[Json]:
    """envoy.config.cluster.v3.Cluster; endpoints are asked for by the cluster's name."""

    def asked(name: str) -> Json:
        return {"type": "EDS", "eds_cluster_config": {"eds_config": _ADS["config_source"], "service_name": name}}

    return [in_camel_case(cluster(each, asked)) for each in given]


def endpoints(given: Iterable[EndpointSet]) -> list[Json]:
    """envoy.config.endpoint.v3.ClusterLoadAssignment."""
    return [in_camel_case(load_assignment(each)) for each in given]


def bootstrap(view: ProxyView) -> Json:
    """``{"bootstrap": ...}``: envoy.config.bootstrap.v3.Bootstrap that holds the whole view."""
    return {"bootstrap": in_camel_case(write_static(view))}
