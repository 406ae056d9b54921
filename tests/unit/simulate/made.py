"""Small views for tests of the simulator."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FilterChain,
    HttpConnectionManager,
    HttpFilter,
    Listener,
    RouterFilter,
    TcpProxy,
)
from pulumi_mesh.proxy.view.routes import Action, Forward, PathMatch, Route, RouteConfig, RouteMatch, VirtualHost
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef, Validation

ANYWHERE = "0.0.0.0"  # noqa: S104 - not bound
ORIGINAL_DST = "envoy.filters.listener.original_dst"
TLS_INSPECTOR = "envoy.filters.listener.tls_inspector"
HTTP_INSPECTOR = "envoy.filters.listener.http_inspector"
ALL = RouteMatch(PathMatch("prefix", "/"))
MUTUAL = DownstreamTls((SecretRef("default"),), Validation(SecretRef("ROOTCA")), require_client_certificate=True)
SIMPLE = DownstreamTls((SecretRef("kubernetes://cert"),))


def cluster(name: str, **more: Any) -> Cluster:
    """A cluster with one endpoint."""
    there = LocalityEndpoints((Endpoint(SocketAddress("10.0.0.1", 80)),))
    return Cluster(name, "STATIC", (there,), **more)


def config(*actions: Action, name: str = "routes") -> RouteConfig:
    """A virtual host for all, in which the first action takes every request."""
    routes = tuple(Route(ALL, action, name=f"route-{index}") for index, action in enumerate(actions))
    return RouteConfig(name, (VirtualHost("all", ("*",), routes),))


def manager(*filters: HttpFilter, routes: RouteConfig | None = None, **more: Any) -> HttpConnectionManager:
    """HTTP to the cluster ``a``, after filters."""
    return HttpConnectionManager("in", routes or config(Forward("a")), (*filters, RouterFilter()), **more)


def chain(name: str, **match: Any) -> FilterChain:
    """A chain that forwards bytes to the cluster ``a``."""
    return FilterChain((TcpProxy(name, "a"),), ChainMatch(**match), name=name)


def listener(*chains: FilterChain, port: int = 80, name: str = "in", **more: Any) -> Listener:
    """A listener at a port of any address."""
    return Listener(name, SocketAddress(ANYWHERE, port), chains, **more)


def view(*listeners: Listener, clusters: tuple[Cluster, ...] = (cluster("a"),), **more: Any) -> ProxyView:
    """A view with these listeners."""
    return ProxyView("node", "cluster", listeners, clusters=clusters, **more)
