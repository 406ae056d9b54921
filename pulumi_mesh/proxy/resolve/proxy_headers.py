"""Headers that proxies add of their own: ``proxyHeaders`` of the mesh's ``defaultConfig``, in the words of ProxyConfig.

What a destination's cluster has of them, the case of HTTP/1 headers, is in ``connection_pool``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal, cast

from pulumi_mesh.frozen import FrozenMap, freeze, thaw
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.proxy.view.listeners import (
    FilterChain,
    ForwardClientCert,
    HttpConnectionManager,
    HttpFilter,
    Listener,
    NetworkFilter,
    RouterFilter,
)
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.routes import Forward, Route, RouteConfig

KEPT_CASE: FrozenMap[str, object] = freeze(
    {
        "header_key_format": {
            "stateful_formatter": {
                "name": "preserve_case",
                "typed_config": {
                    "@type": "type.googleapis.com/"
                    "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig"
                },
            }
        }
    }
)
"""Options of HTTP/1 with which header names stay as they are written."""

_DETAILS: tuple[Literal["subject", "cert", "chain", "dns", "uri"], ...] = ("subject", "cert", "chain", "dns", "uri")
_TOLD_UNLESS_SAID = ("subject", "dns", "uri")


def keeps_case(mesh: MeshConfig) -> bool:
    """Whether HTTP/1 header names stay as they are. Mirrors shouldPreserveHeaderCase (core/cluster_builder.go)."""
    return bool(_said(mesh).get("preserveHttp1HeaderCase"))


def forwards_host(mesh: MeshConfig) -> bool:
    """Whether the host that was asked for is told where a route says another."""
    return bool((_said(mesh).get("xForwardedHost") or {}).get("enabled"))


def with_proxy_headers(mesh: MeshConfig, listeners: tuple[Listener, ...], *, router: bool) -> tuple[Listener, ...]:
    """The listeners with the headers that the mesh wants of proxies. router: of a gateway, whose ``gatewayTopology``
    says what becomes of client certificates.

    Mirrors GetProxyHeadersFromProxyConfig (networking/util) and ListenerBuilder.buildHTTPConnectionManager
    (core/listener_builder.go).
    """
    said = _said(mesh)
    if not said:
        return listeners

    def of(listener: Listener) -> Listener:
        inbound = not router and listener.traffic_direction == "INBOUND"

        def manager(value: HttpConnectionManager) -> HttpConnectionManager:
            if isinstance(value.routes, RouteConfig):
                (table,) = with_counted_attempts(mesh, (value.routes,))
                value = replace(value, routes=table)
            return _certified(_managed(value, said), said) if inbound else _managed(value, said)

        return _each_manager(listener, manager)

    return tuple(map(of, listeners))


def with_counted_attempts(mesh: MeshConfig, tables: tuple[RouteConfig, ...]) -> tuple[RouteConfig, ...]:
    """Route tables without the header that counts attempts, where the mesh does not want it; and with the one for hosts
    on requests that are let out as they are."""
    counted = not (_said(mesh).get("attemptCount") or {}).get("disabled")
    forwarding = forwards_host(mesh)
    if counted and not forwarding:
        return tables

    def of(table: RouteConfig) -> RouteConfig:
        hosts = (
            replace(
                each,
                include_request_attempt_count=counted and each.include_request_attempt_count,
                routes=tuple(map(_told_host, each.routes)) if forwarding and each.name in _CATCH_ALL else each.routes,
            )
            for each in table.virtual_hosts
        )
        return replace(table, virtual_hosts=tuple(hosts))

    return tuple(map(of, tables))


_CATCH_ALL = ("allow_any", "allow_any_dynamic_dns")
"""The virtual hosts for hosts that nobody knows. Mirrors buildCatchAllVirtualHost (core/httproute.go)."""


def _told_host(route: Route) -> Route:
    if not isinstance(route.action, Forward):
        return route
    return replace(route, action=told_host(route.action))


def told_host(action: Forward) -> Forward:
    """The action with the header that says which host was asked for."""
    return replace(action, extra=FrozenMap({**action.extra, "append_x_forwarded_host": True}))


def _said(mesh: MeshConfig) -> Mapping[str, Any]:
    found: Mapping[str, Any] = thaw(mesh.default_config.get("proxyHeaders")) or {}
    return found


def _managed(manager: HttpConnectionManager, said: Mapping[str, Any]) -> HttpConnectionManager:
    extra = dict(manager.extra)
    server = said.get("server") or {}
    if server.get("disabled"):
        manager = replace(manager, server_name="")
        extra["server_header_transformation"] = "PASS_THROUGH"
    elif server.get("value"):
        manager = replace(manager, server_name=server["value"])
    if (said.get("requestId") or {}).get("disabled"):
        extra["generate_request_id"] = False
    if (said.get("xForwardedPort") or {}).get("enabled"):
        extra["append_x_forwarded_port"] = True
    if said.get("preserveHttp1HeaderCase"):
        options = cast("Mapping[str, object]", extra.get("http_protocol_options", EMPTY))
        extra["http_protocol_options"] = FrozenMap({**options, **KEPT_CASE})
    filters = manager.http_filters
    if (said.get("envoyDebugHeaders") or {}).get("disabled"):
        filters = tuple(map(_quiet, filters))
    return replace(manager, http_filters=filters, extra=FrozenMap(extra))


def _quiet(filter: HttpFilter) -> HttpFilter:
    if not isinstance(filter, RouterFilter):
        return filter
    return replace(filter, extra=FrozenMap({**filter.extra, "suppress_envoy_headers": True}))


def _certified(manager: HttpConnectionManager, said: Mapping[str, Any]) -> HttpConnectionManager:
    """What a workload is told of its client. Mirrors buildSidecarInboundHTTPOpts (core/listener_inbound.go)."""
    forwarded = said.get("forwardedClientCert", "UNDEFINED")
    details = said.get("setCurrentClientCertDetails") or {}
    told = tuple(each for each in _DETAILS if details.get(each, each in _TOLD_UNLESS_SAID))
    manager = replace(manager, client_cert_details=told)
    if forwarded == "UNDEFINED":
        return manager
    # SANITIZE is Envoy's own default.
    return replace(manager, forward_client_cert=cast("ForwardClientCert", "" if forwarded == "SANITIZE" else forwarded))


def _each_manager(listener: Listener, change: Callable[[HttpConnectionManager], HttpConnectionManager]) -> Listener:
    def changed(value: NetworkFilter) -> NetworkFilter:
        return change(value) if isinstance(value, HttpConnectionManager) else value

    def chain(value: FilterChain) -> FilterChain:
        return replace(value, filters=tuple(map(changed, value.filters)))

    default = listener.default_filter_chain
    return replace(
        listener,
        filter_chains=tuple(map(chain, listener.filter_chains)),
        default_filter_chain=chain(default) if default else None,
    )
