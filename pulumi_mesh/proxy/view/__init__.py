"""The proxy view: what one proxy is told, Envoy-shaped and typed.

``pulumi_mesh.proxy.envoy`` writes it as Envoy config and reads it back; what a message holds beyond the model
is kept in ``extra`` under Envoy's own field names (snake_case), so that nothing is lost between the two.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.proxy.view.clusters import Cluster, EndpointSet
from pulumi_mesh.proxy.view.listeners import Listener
from pulumi_mesh.proxy.view.routes import RouteConfig


@dataclass(frozen=True, slots=True)
class ProxyView:
    """Everything one proxy is told.

    node: Envoy's node id. service_cluster: Envoy's node cluster, ``APP.NAMESPACE`` in Istio.
    """

    node: str
    service_cluster: str
    listeners: tuple[Listener, ...] = ()
    routes: tuple[RouteConfig, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    endpoints: tuple[EndpointSet, ...] = ()
