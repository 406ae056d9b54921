"""Listeners, filter chains and their network and HTTP filters (envoy.config.listener.v3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.read.addresses import address
from pulumi_mesh.proxy.envoy.read.ext_authz import http_ext_authz, network_ext_authz
from pulumi_mesh.proxy.envoy.read.extension import Extension, extension
from pulumi_mesh.proxy.envoy.read.jwt import jwt_authentication
from pulumi_mesh.proxy.envoy.read.message import Message, UnmodelledError
from pulumi_mesh.proxy.envoy.read.rbac import cidr_range, http_rbac, network_rbac
from pulumi_mesh.proxy.envoy.read.routes import fault, route_config
from pulumi_mesh.proxy.envoy.read.telemetry import access_logs, tracing
from pulumi_mesh.proxy.envoy.read.tls import downstream
from pulumi_mesh.proxy.view.addresses import Address
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FaultFilter,
    FilterChain,
    ForwardClientCert,
    HttpConnectionManager,
    HttpFilter,
    Listener,
    NetworkFilter,
    OpaqueFilter,
    RouterFilter,
    TcpProxy,
)

T = TypeVar("T")

_DIRECTIONS: dict[str, Literal["", "INBOUND", "OUTBOUND"]] = {
    "UNSPECIFIED": "",
    "INBOUND": "INBOUND",
    "OUTBOUND": "OUTBOUND",
}
_PROTOCOLS: dict[str, Literal["", "tls", "raw_buffer"]] = {"": "", "tls": "tls", "raw_buffer": "raw_buffer"}
_FORWARDS: dict[str, ForwardClientCert] = {
    "SANITIZE": "SANITIZE",
    "APPEND_FORWARD": "APPEND_FORWARD",
    "SANITIZE_SET": "SANITIZE_SET",
    "FORWARD_ONLY": "FORWARD_ONLY",
    "ALWAYS_FORWARD_ONLY": "ALWAYS_FORWARD_ONLY",
}
_DETAILS: dict[str, Literal["subject", "cert", "chain", "dns", "uri"]] = {
    "subject": "subject",
    "cert": "cert",
    "chain": "chain",
    "dns": "dns",
    "uri": "uri",
}


def listener(message: Message) -> Listener:
    """envoy.config.listener.v3.Listener."""
    return Listener(
        name=message.text("name"),
        address=address(message),
        additional_addresses=message.each("additional_addresses", _additional_address),
        filter_chains=message.each("filter_chains", filter_chain),
        default_filter_chain=message.one("default_filter_chain", filter_chain),
        listener_filters=message.each("listener_filters", _listener_filter),
        listener_filters_timeout=message.duration("listener_filters_timeout"),
        continue_on_listener_filters_timeout=bool(message.flag("continue_on_listener_filters_timeout")),
        traffic_direction=message.choice("traffic_direction", _DIRECTIONS, ""),
        bind_to_port=message.flag("bind_to_port") is not False,
        use_original_dst=bool(message.flag("use_original_dst")),
        access_logs=access_logs(message),
        extra=message.rest(),
    )


def _additional_address(message: Message) -> Address:
    found = address(message)
    message.end()
    return found


def _listener_filter(message: Message) -> str | OpaqueFilter:
    found = extension(message)
    known = found.of(found.name, names.LISTENER_FILTER_TYPES.get(found.name, ""))
    if known is not None and not known.rest():
        return found.name
    return OpaqueFilter(found.name, found.config)


def filter_chain(message: Message) -> FilterChain:
    """envoy.config.listener.v3.FilterChain."""
    return FilterChain(
        filters=message.each("filters", network_filter),
        match=message.one("filter_chain_match", _chain_match) or ChainMatch(),
        tls=message.one("transport_socket", downstream),
        name=message.text("name"),
        transport_socket_connect_timeout=message.duration("transport_socket_connect_timeout"),
        extra=message.rest(),
    )


def _chain_match(message: Message) -> ChainMatch:
    return ChainMatch(
        destination_port=message.number("destination_port"),
        transport_protocol=message.choice("transport_protocol", _PROTOCOLS, ""),
        application_protocols=message.texts("application_protocols"),
        server_names=message.texts("server_names"),
        prefix_ranges=message.each("prefix_ranges", cidr_range),
        extra=message.rest(),
    )


def network_filter(message: Message) -> NetworkFilter:
    """envoy.config.listener.v3.Filter."""
    found = extension(message)
    manager = found.of(names.HTTP_CONNECTION_MANAGER, names.HTTP_CONNECTION_MANAGER_TYPE)
    if manager is not None:
        return _connection_manager(manager)
    proxy = found.of(names.TCP_PROXY, names.TCP_PROXY_TYPE)
    if proxy is not None:
        return _tcp_proxy(proxy)
    rbac = found.of(names.NETWORK_RBAC, names.NETWORK_RBAC_TYPE)
    if rbac is not None:
        return network_rbac(rbac)
    authz = found.of(names.NETWORK_EXT_AUTHZ, names.NETWORK_EXT_AUTHZ_TYPE)
    if authz is not None:
        return _or_opaque(network_ext_authz, authz, found)
    return OpaqueFilter(found.name, found.config)


def _or_opaque(read: Callable[[Message], T], message: Message, found: Extension) -> T | OpaqueFilter:
    """The filter, or all of it as it was where the view has no place for a part that decides."""
    try:
        return read(message)
    except UnmodelledError:
        return OpaqueFilter(found.name, found.config)


def _connection_manager(message: Message) -> HttpConnectionManager:
    return HttpConnectionManager(
        stat_prefix=message.text("stat_prefix"),
        routes=message.one("route_config", route_config) or message.one("rds", _named_routes) or "",
        http_filters=message.each("http_filters", http_filter),
        forward_client_cert=message.choice("forward_client_cert_details", _FORWARDS, ""),
        client_cert_details=_client_cert_details(message.part("set_current_client_cert_details")),
        server_name=message.text("server_name"),
        use_remote_address=message.flag("use_remote_address"),
        normalize_path=message.flag("normalize_path"),
        merge_slashes=bool(message.flag("merge_slashes")),
        path_with_escaped_slashes_action=message.text("path_with_escaped_slashes_action"),
        upgrades=message.each("upgrade_configs", _upgrade),
        stream_idle_timeout=message.duration("stream_idle_timeout"),
        access_logs=access_logs(message),
        tracing=message.one("tracing", tracing),
        extra=message.rest(),
    )


def _named_routes(message: Message) -> str:
    message.drop("config_source")
    name = message.text("route_config_name")
    message.end()
    return name


def _client_cert_details(
    message: Message,
) -> tuple[Literal["subject", "cert", "chain", "dns", "uri"], ...]:
    return tuple(_DETAILS[name] for name in message.names() if name in _DETAILS and message.flag(name))


def _upgrade(message: Message) -> str:
    name = message.text("upgrade_type")
    message.end()
    return name


def http_filter(message: Message) -> HttpFilter:
    """envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter."""
    found = extension(message)
    rbac = found.of(names.HTTP_RBAC, names.HTTP_RBAC_TYPE)
    if rbac is not None:
        return http_rbac(rbac)
    authz = found.of(names.HTTP_EXT_AUTHZ, names.HTTP_EXT_AUTHZ_TYPE)
    if authz is not None:
        return _or_opaque(http_ext_authz, authz, found)
    jwt = found.of(names.JWT, names.JWT_TYPE)
    if jwt is not None:
        return _or_opaque(jwt_authentication, jwt, found)
    router = found.of(names.ROUTER, names.ROUTER_TYPE)
    if router is not None:
        return RouterFilter(router.rest())
    faults = found.of(names.FAULT, names.FAULT_TYPE)
    if faults is not None:
        return FaultFilter(fault(faults))
    return OpaqueFilter(found.name, found.config)


def _tcp_proxy(message: Message) -> TcpProxy:
    return TcpProxy(
        stat_prefix=message.text("stat_prefix"),
        cluster=message.text("cluster"),
        weighted=message.part("weighted_clusters").each("clusters", _share),
        idle_timeout=message.duration("idle_timeout"),
        access_logs=access_logs(message),
        extra=message.rest(),
    )


def _share(message: Message) -> tuple[str, int]:
    share = (message.text("name"), message.number("weight") or 0)
    message.end()
    return share
