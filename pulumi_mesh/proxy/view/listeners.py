"""Listeners: filter chains, the HTTP connection manager and the filters in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.addresses import Address
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz, NetworkExtAuthz
from pulumi_mesh.proxy.view.jwt import JwtAuthentication
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.rbac import HttpRbac, NetworkRbac
from pulumi_mesh.proxy.view.routes import Fault, RouteConfig
from pulumi_mesh.proxy.view.telemetry import AccessLog, Tracing
from pulumi_mesh.proxy.view.tls import DownstreamTls
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class RouterFilter:
    """The last HTTP filter: it routes (envoy.filters.http.router)."""

    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class FaultFilter:
    """The HTTP filter that puts faults in; routes say which (envoy.filters.http.fault)."""

    fault: Fault = Fault()


@dataclass(frozen=True, slots=True)
class OpaqueFilter:
    """A listener, network or HTTP filter that is not modelled, kept as it was read.

    config: its typed config, with ``@type``; or, when the filter has other fields beside that (``disabled``),
    all its fields but the name, ``typed_config`` among them.
    """

    name: str
    config: FrozenMap[str, object]
    ref: Ref | None = field(default=None, compare=False)


HttpFilter = HttpRbac | HttpExtAuthz | JwtAuthentication | RouterFilter | FaultFilter | OpaqueFilter


ForwardClientCert = Literal["", "SANITIZE", "APPEND_FORWARD", "SANITIZE_SET", "FORWARD_ONLY", "ALWAYS_FORWARD_ONLY"]


@dataclass(frozen=True, slots=True)
class HttpConnectionManager:
    """The network filter that speaks HTTP (envoy.filters.network.http_connection_manager).

    routes: the name of a RouteConfig of the view (asked for by RDS), or one held inline.
    forward_client_cert: what is done with ``x-forwarded-client-cert``; empty leaves Envoy's SANITIZE.
    client_cert_details: which details of the client's certificate are set in that header.
    """

    stat_prefix: str
    routes: str | RouteConfig
    http_filters: tuple[HttpFilter, ...]
    forward_client_cert: ForwardClientCert = ""
    client_cert_details: tuple[Literal["subject", "cert", "chain", "dns", "uri"], ...] = ()
    server_name: str = ""
    use_remote_address: bool | None = None
    normalize_path: bool | None = None
    merge_slashes: bool = False
    path_with_escaped_slashes_action: str = ""
    upgrades: tuple[str, ...] = ()
    stream_idle_timeout: timedelta | None = None
    extra: FrozenMap[str, object] = EMPTY
    access_logs: tuple[AccessLog, ...] = ()
    tracing: Tracing | None = None


@dataclass(frozen=True, slots=True)
class TcpProxy:
    """The network filter that forwards bytes (envoy.filters.network.tcp_proxy).

    cluster: empty when ``weighted`` chooses: (cluster, weight) pairs.
    """

    stat_prefix: str
    cluster: str = ""
    weighted: tuple[tuple[str, int], ...] = ()
    idle_timeout: timedelta | None = None
    extra: FrozenMap[str, object] = EMPTY
    access_logs: tuple[AccessLog, ...] = ()


NetworkFilter = HttpConnectionManager | TcpProxy | NetworkRbac | NetworkExtAuthz | OpaqueFilter


@dataclass(frozen=True, slots=True)
class ChainMatch:
    """Which connections a filter chain takes; empty fields take any.

    prefix_ranges: destination addresses as (prefix, length).
    """

    destination_port: int | None = None
    transport_protocol: Literal["", "tls", "raw_buffer"] = ""
    application_protocols: tuple[str, ...] = ()
    server_names: tuple[str, ...] = ()
    prefix_ranges: tuple[tuple[str, int], ...] = ()
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class FilterChain:
    """One way to treat a connection: TLS or not, then network filters in their order."""

    filters: tuple[NetworkFilter, ...]
    match: ChainMatch = ChainMatch()
    tls: DownstreamTls | None = None
    name: str = ""
    transport_socket_connect_timeout: timedelta | None = None
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that a proxy listens on (envoy.config.listener.v3.Listener).

    bind_to_port: false for listeners that only get connections handed over by another one.
    listener_filters: Envoy's names, in order; the known ones are ``envoy.filters.listener.original_dst``,
    ``tls_inspector`` and ``http_inspector``.
    """

    name: str
    address: Address
    filter_chains: tuple[FilterChain, ...]
    additional_addresses: tuple[Address, ...] = ()
    default_filter_chain: FilterChain | None = None
    listener_filters: tuple[str | OpaqueFilter, ...] = ()
    listener_filters_timeout: timedelta | None = None
    continue_on_listener_filters_timeout: bool = False
    traffic_direction: Literal["", "INBOUND", "OUTBOUND"] = ""
    bind_to_port: bool = True
    use_original_dst: bool = False
    extra: FrozenMap[str, object] = EMPTY
    access_logs: tuple[AccessLog, ...] = ()
    ref: Ref | None = field(default=None, compare=False)
