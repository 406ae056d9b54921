"""Listeners, filter chains and their network and HTTP filters (envoy.config.listener.v3)."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_mesh.errors import MeshError
from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.ext_authz import http_ext_authz, network_ext_authz
from pulumi_mesh.proxy.envoy.write.jwt import jwt_authentication
from pulumi_mesh.proxy.envoy.write.message import Json, address, duration, extension, message, opaque
from pulumi_mesh.proxy.envoy.write.rbac import http_rbac, network_rbac
from pulumi_mesh.proxy.envoy.write.routes import fault, route_config
from pulumi_mesh.proxy.envoy.write.telemetry import access_logs, tracing
from pulumi_mesh.proxy.envoy.write.tls import downstream
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz, NetworkExtAuthz
from pulumi_mesh.proxy.view.jwt import JwtAuthentication
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FaultFilter,
    FilterChain,
    HttpConnectionManager,
    HttpFilter,
    Listener,
    NetworkFilter,
    OpaqueFilter,
    RouterFilter,
    TcpProxy,
)
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac

NamedRoutes = Callable[[str], Json]
"""The field of a connection manager that gives the routes of a name: ``rds`` or ``route_config``."""


def listener(value: Listener, named_routes: NamedRoutes) -> Json:
    """envoy.config.listener.v3.Listener."""
    default = value.default_filter_chain
    return message(
        {
            "name": value.name,
            "address": address(value.address) or None,
            "additional_addresses": [{"address": address(each)} for each in value.additional_addresses] or None,
            "filter_chains": [filter_chain(chain, named_routes) for chain in value.filter_chains] or None,
            "default_filter_chain": filter_chain(default, named_routes) if default else None,
            "listener_filters": [_listener_filter(each, value.name) for each in value.listener_filters] or None,
            "listener_filters_timeout": duration(value.listener_filters_timeout),
            "continue_on_listener_filters_timeout": value.continue_on_listener_filters_timeout or None,
            "traffic_direction": value.traffic_direction or None,
            "bind_to_port": None if value.bind_to_port else False,
            "use_original_dst": value.use_original_dst or None,
            "access_log": access_logs(value.access_logs),
        },
        value.extra,
    )


def _listener_filter(value: str | OpaqueFilter, listener_name: str) -> Json:
    if isinstance(value, OpaqueFilter):
        return opaque(value.name, value.config)
    if value not in names.LISTENER_FILTER_TYPES:
        known = ", ".join(names.LISTENER_FILTER_TYPES)
        raise MeshError(
            f"listener filter {value!r} needs a config (OpaqueFilter); those that need none: {known}",
            where=f"listener {listener_name}",
        )
    return extension(value, names.LISTENER_FILTER_TYPES[value], {})


def filter_chain(chain: FilterChain, named_routes: NamedRoutes) -> Json:
    """envoy.config.listener.v3.FilterChain."""
    return message(
        {
            "filter_chain_match": _chain_match(chain.match) or None,
            "filters": [network_filter(each, named_routes) for each in chain.filters] or None,
            "transport_socket": downstream(chain.tls) if chain.tls else None,
            "transport_socket_connect_timeout": duration(chain.transport_socket_connect_timeout),
            "name": chain.name or None,
        },
        chain.extra,
    )


def _chain_match(match: ChainMatch) -> Json:
    return message(
        {
            "destination_port": match.destination_port,
            "prefix_ranges": [
                {"address_prefix": prefix, "prefix_len": length} for prefix, length in match.prefix_ranges
            ]
            or None,
            "server_names": list(match.server_names) or None,
            "transport_protocol": match.transport_protocol or None,
            "application_protocols": list(match.application_protocols) or None,
        },
        match.extra,
    )


def network_filter(value: NetworkFilter, named_routes: NamedRoutes) -> Json:
    """envoy.config.listener.v3.Filter."""
    match value:
        case HttpConnectionManager():
            return _connection_manager(value, named_routes)
        case TcpProxy():
            return _tcp_proxy(value)
        case NetworkRbac():
            return network_rbac(value)
        case NetworkExtAuthz():
            return network_ext_authz(value)
        case OpaqueFilter(name, config):
            return opaque(name, config)


def _connection_manager(manager: HttpConnectionManager, named_routes: NamedRoutes) -> Json:
    routes: Json = {}
    if not isinstance(manager.routes, str):
        routes = {"route_config": route_config(manager.routes)}
    elif manager.routes:
        routes = named_routes(manager.routes)
    details = dict.fromkeys(manager.client_cert_details, True)
    body = message(
        {
            "stat_prefix": manager.stat_prefix,
            **routes,
            "tracing": tracing(manager.tracing) if manager.tracing else None,
            "access_log": access_logs(manager.access_logs),
            "http_filters": [http_filter(each) for each in manager.http_filters] or None,
            "server_name": manager.server_name or None,
            "stream_idle_timeout": duration(manager.stream_idle_timeout),
            "use_remote_address": manager.use_remote_address,
            "forward_client_cert_details": manager.forward_client_cert or None,
            "set_current_client_cert_details": details or None,
            "upgrade_configs": [{"upgrade_type": each} for each in manager.upgrades] or None,
            "normalize_path": manager.normalize_path,
            "merge_slashes": manager.merge_slashes or None,
            "path_with_escaped_slashes_action": manager.path_with_escaped_slashes_action or None,
        },
        manager.extra,
    )
    return extension(names.HTTP_CONNECTION_MANAGER, names.HTTP_CONNECTION_MANAGER_TYPE, body)


def http_filter(value: HttpFilter) -> Json:
    """envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter."""
    match value:
        case HttpRbac():
            return http_rbac(value)
        case HttpExtAuthz():
            return http_ext_authz(value)
        case JwtAuthentication():
            return jwt_authentication(value)
        case RouterFilter(extra):
            return extension(names.ROUTER, names.ROUTER_TYPE, message({}, extra))
        case FaultFilter(config):
            return extension(names.FAULT, names.FAULT_TYPE, fault(config))
        case OpaqueFilter(name, config):
            return opaque(name, config)


def _tcp_proxy(proxy: TcpProxy) -> Json:
    shares = [{"name": cluster, "weight": weight} for cluster, weight in proxy.weighted]
    body = message(
        {
            "stat_prefix": proxy.stat_prefix,
            "cluster": proxy.cluster or None,
            "weighted_clusters": {"clusters": shares} if shares else None,
            "idle_timeout": duration(proxy.idle_timeout),
            "access_log": access_logs(proxy.access_logs),
        },
        proxy.extra,
    )
    return extension(names.TCP_PROXY, names.TCP_PROXY_TYPE, body)
