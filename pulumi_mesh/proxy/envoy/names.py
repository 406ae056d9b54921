"""Envoy's extension names and message types, and the words of our own that stand in its config."""

from __future__ import annotations

HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"
TCP_PROXY = "envoy.filters.network.tcp_proxy"
NETWORK_RBAC = "envoy.filters.network.rbac"
HTTP_RBAC = "envoy.filters.http.rbac"
HTTP_EXT_AUTHZ = "envoy.filters.http.ext_authz"
NETWORK_EXT_AUTHZ = "envoy.filters.network.ext_authz"
JWT = "envoy.filters.http.jwt_authn"
CEL_FILTER = "envoy.access_loggers.extension_filters.cel"
URI_TEMPLATE = "uri-template"
"""Istio's name for the matcher of path templates."""
ROUTER = "envoy.filters.http.router"
FAULT = "envoy.filters.http.fault"
CORS = "envoy.filters.http.cors"
TLS = "envoy.transport_sockets.tls"
RAW_BUFFER = "envoy.transport_sockets.raw_buffer"
UPSTREAM_PROXY_PROTOCOL = "envoy.transport_sockets.upstream_proxy_protocol"
ORIGINAL_DST = "envoy.filters.listener.original_dst"
TLS_INSPECTOR = "envoy.filters.listener.tls_inspector"
HTTP_INSPECTOR = "envoy.filters.listener.http_inspector"
PREVIOUS_HOSTS = "envoy.retry_host_predicates.previous_hosts"
HTTP_PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
TRANSPORT_SOCKET_MATCH = "envoy.transport_socket_match"
"""The filter-metadata namespace in which Envoy looks for what ``transport_socket_matches`` match on."""

_TYPES = "type.googleapis.com/envoy"

LISTENER_TYPE = f"{_TYPES}.config.listener.v3.Listener"
ROUTES_TYPE = f"{_TYPES}.config.route.v3.RouteConfiguration"
CLUSTER_TYPE = f"{_TYPES}.config.cluster.v3.Cluster"
ENDPOINTS_TYPE = f"{_TYPES}.config.endpoint.v3.ClusterLoadAssignment"
HTTP_CONNECTION_MANAGER_TYPE = f"{_TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
TCP_PROXY_TYPE = f"{_TYPES}.extensions.filters.network.tcp_proxy.v3.TcpProxy"
NETWORK_RBAC_TYPE = f"{_TYPES}.extensions.filters.network.rbac.v3.RBAC"
HTTP_RBAC_TYPE = f"{_TYPES}.extensions.filters.http.rbac.v3.RBAC"
HTTP_EXT_AUTHZ_TYPE = f"{_TYPES}.extensions.filters.http.ext_authz.v3.ExtAuthz"
NETWORK_EXT_AUTHZ_TYPE = f"{_TYPES}.extensions.filters.network.ext_authz.v3.ExtAuthz"
JWT_TYPE = f"{_TYPES}.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
CEL_FILTER_TYPE = f"{_TYPES}.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
URI_TEMPLATE_TYPE = f"{_TYPES}.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
ROUTER_TYPE = f"{_TYPES}.extensions.filters.http.router.v3.Router"
FAULT_TYPE = f"{_TYPES}.extensions.filters.http.fault.v3.HTTPFault"
CORS_POLICY_TYPE = f"{_TYPES}.extensions.filters.http.cors.v3.CorsPolicy"
DOWNSTREAM_TLS_TYPE = f"{_TYPES}.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
UPSTREAM_TLS_TYPE = f"{_TYPES}.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
RAW_BUFFER_TYPE = f"{_TYPES}.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
UPSTREAM_PROXY_PROTOCOL_TYPE = f"{_TYPES}.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"
PREVIOUS_HOSTS_TYPE = f"{_TYPES}.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
HTTP_PROTOCOL_OPTIONS_TYPE = f"type.googleapis.com/{HTTP_PROTOCOL_OPTIONS}"

LISTENER_FILTER_TYPES = {
    ORIGINAL_DST: f"{_TYPES}.extensions.filters.listener.original_dst.v3.OriginalDst",
    TLS_INSPECTOR: f"{_TYPES}.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    HTTP_INSPECTOR: f"{_TYPES}.extensions.filters.listener.http_inspector.v3.HttpInspector",
}
"""The listener filters that a view names without config."""

AGENT_CLUSTER = "sds-grpc"
"""Istio's name for the cluster over which the agent beside the proxy serves secrets."""

AGENT_SOCKET = "./var/run/secrets/workload-spiffe-uds/socket"
"""Where the agent listens (Istio's ``WorkloadIdentitySocketPath``)."""

NAMESPACE = "pulumi_mesh"
"""Our own namespace in metadata: what the static form must say beside Envoy's config to be read back."""

DISCOVERY_MARK = "discovery"
"""In the static form: the route config or the endpoints beside this mark are asked for by name (rds, eds)."""

DENOMINATORS = {100: "HUNDRED", 10_000: "TEN_THOUSAND", 1_000_000: "MILLION"}

REDIRECT_CODES = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}

UNKNOWN_CLUSTER = {503: "SERVICE_UNAVAILABLE", 404: "NOT_FOUND", 500: "INTERNAL_SERVER_ERROR"}

APPEND = "APPEND_IF_EXISTS_OR_ADD"
OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD"
