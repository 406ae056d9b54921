"""The HTTP connection manager as every listener has it: gateway, sidecar outbound, sidecar inbound."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.listeners import (
    FaultFilter,
    HttpConnectionManager,
    HttpFilter,
    OpaqueFilter,
    RouterFilter,
)
from pulumi_mesh.proxy.view.routes import RouteConfig

Side = Literal["gateway", "outbound", "inbound"]

WILDCARD = "0.0.0.0"  # noqa: S104 - what istiod binds listeners to
HANDSHAKE = timedelta(seconds=15)
"""How long a TLS handshake may take: istiod's default of PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT."""

TLS_INSPECTOR = OpaqueFilter(
    "envoy.filters.listener.tls_inspector",
    FrozenMap(
        {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
            "initial_read_buffer_size": 512,
        }
    ),
)
"""The listener filter that finds out which name a TLS client asks for."""

GRPC_WEB = OpaqueFilter(
    "envoy.filters.http.grpc_web",
    FrozenMap({"@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb"}),
)
"""The HTTP filter of ports with gRPC-Web: it comes after those of policy."""

_GRPC_STATS = OpaqueFilter(
    "envoy.filters.http.grpc_stats",
    FrozenMap(
        {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
            "emit_filter_state": True,
            "stats_for_all_methods": False,
        }
    ),
)
_CORS = OpaqueFilter(
    "envoy.filters.http.cors",
    FrozenMap({"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"}),
)
_REQUEST_ID = FrozenMap(
    {
        "typed_config": FrozenMap(
            {
                "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
                "use_request_id_for_trace_sampling": True,
            }
        )
    }
)
_EXTRA: FrozenMap[str, object] = FrozenMap({"proxy_100_continue": True, "request_id_extension": _REQUEST_ID})


def connection_manager(
    *, side: Side, stat_prefix: str, routes: str | RouteConfig, policy: tuple[HttpFilter, ...] = ()
) -> HttpConnectionManager:
    """The manager for one filter chain.

    side: where the listener stands; only inbound and gateway name the server ``istio-envoy`` and pass on the
    client's certificate. routes: the name of a route table, or one held inline. policy: the filters of
    authentication and authorization, which come first.

    Mirrors ListenerBuilder.buildHTTPConnectionManager, buildGatewayConnectionManager and
    GetProxyHeadersFromProxyConfig (pilot/pkg/networking), without Istio's own filters (metadata exchange, ALPN,
    stats), which a stock Envoy lacks.
    """
    manager = HttpConnectionManager(
        stat_prefix=stat_prefix,
        routes=routes,
        http_filters=(*policy, _GRPC_STATS, FaultFilter(), _CORS, RouterFilter()),
        use_remote_address=side == "gateway",
        normalize_path=True,
        path_with_escaped_slashes_action="KEEP_UNCHANGED",
        upgrades=("websocket",),
        stream_idle_timeout=timedelta(0),
        extra=_EXTRA,
    )
    if side == "gateway":
        return replace(
            manager,
            forward_client_cert="SANITIZE_SET",
            client_cert_details=("subject", "cert", "dns", "uri"),
            server_name="istio-envoy",
            extra=FrozenMap({**_EXTRA, "http_protocol_options": FrozenMap()}),
        )
    if side == "inbound":
        return replace(
            manager,
            forward_client_cert="APPEND_FORWARD",
            client_cert_details=("subject", "dns", "uri"),
            server_name="istio-envoy",
        )
    return manager
