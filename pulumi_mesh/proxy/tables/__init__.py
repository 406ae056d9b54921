"""A proxy view as tables: the columns, their words and their order are those of ``istioctl proxy-config``."""

from __future__ import annotations

from pulumi_mesh.proxy.tables.clusters import ClusterFilter, cluster_table
from pulumi_mesh.proxy.tables.endpoints import EndpointFilter, endpoint_sets, endpoint_table
from pulumi_mesh.proxy.tables.listeners import ListenerFilter, listener_table
from pulumi_mesh.proxy.tables.routes import RouteFilter, route_configs, route_table
from pulumi_mesh.proxy.tables.table import Table, table_text

__all__ = [
    "ClusterFilter",
    "EndpointFilter",
    "ListenerFilter",
    "RouteFilter",
    "Table",
    "cluster_table",
    "endpoint_sets",
    "endpoint_table",
    "listener_table",
    "route_configs",
    "route_table",
    "table_text",
]
