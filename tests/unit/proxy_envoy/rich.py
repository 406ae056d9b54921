"""A view in which every field of every class is set, and which Envoy takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Pipe, SocketAddress
from pulumi_mesh.proxy.view.clusters import (
    CircuitBreakers,
    Cluster,
    Endpoint,
    EndpointSet,
    HttpOptions,
    LoadBalancing,
    LocalityEndpoints,
    OutlierDetection,
    TcpKeepalive,
    TransportMatch,
)
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz, NetworkExtAuthz
from pulumi_mesh.proxy.view.jwt import (
    AllRequirements,
    AnyRequirement,
    ByProvider,
    JwtAuthentication,
    JwtProvider,
    JwtRule,
    MissingAllowed,
)
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FaultFilter,
    FilterChain,
    HttpConnectionManager,
    Listener,
    OpaqueFilter,
    RouterFilter,
    TcpProxy,
)
from pulumi_mesh.proxy.view.matching import (
    EitherMatch,
    Fraction,
    HeaderMatch,
    ListMatch,
    MetadataMatch,
    PresentMatch,
    QueryMatch,
    StringMatch,
)
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    Always,
    AnyOf,
    Authenticated,
    DestinationAddress,
    DestinationPort,
    Header,
    HttpRbac,
    Metadata,
    NetworkRbac,
    Not,
    OpaqueCondition,
    PathTemplate,
    Policy,
    RequestedServerName,
    Rules,
    SourceAddress,
    UrlPath,
)
from pulumi_mesh.proxy.view.routes import (
    Cors,
    DirectResponse,
    Fault,
    Forward,
    HashCookie,
    HashPolicy,
    HeaderChanges,
    HeaderValue,
    Mirror,
    PathMatch,
    Redirect,
    RegexRewrite,
    RetryPolicy,
    Route,
    RouteConfig,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from pulumi_mesh.proxy.view.telemetry import AccessLog, Tracing
from pulumi_mesh.proxy.view.tls import (
    DownstreamTls,
    OpaqueTransport,
    PlainText,
    SecretRef,
    UpstreamTls,
    Validation,
)

REVIEWS = "outbound|9080||reviews.bookinfo.svc.cluster.local"
CANDIDATE = "outbound|9080|v2|reviews.bookinfo.svc.cluster.local"
CANARY_IDENTITY = StringMatch("prefix", "spiffe://cluster.local/ns/bookinfo/")
FRONT = StringMatch("exact", "spiffe://cluster.local/ns/bookinfo/sa/productpage")
CHANGES = HeaderChanges(
    add=(HeaderValue("x-seen", "%PROTOCOL%", append=True), HeaderValue("x-set", "1")),
    remove=("x-gone", "x-away"),
)

SECRET_FILE = "secrets/gateway.json"  # noqa: S105  # a path
"""Which has to be there when Envoy checks the view."""

_EXTENSIONS = "type.googleapis.com/envoy.extensions"

_CERTIFICATE = SecretRef("default")
_ROOT = SecretRef("ROOTCA")

_DOWNSTREAM = DownstreamTls(
    certificates=(SecretRef("gateway", SECRET_FILE),),
    validation=Validation(_ROOT, (FRONT, CANARY_IDENTITY), freeze({"trust_chain_verification": "VERIFY_TRUST_CHAIN"})),
    require_client_certificate=True,
    alpn=("h2", "http/1.1"),
    minimum_version="TLSv1_2",
    maximum_version="TLSv1_3",
    cipher_suites=("ECDHE-ECDSA-AES128-GCM-SHA256",),
    extra=freeze({"disable_stateless_session_resumption": True, "common_tls_context": {"key_log": {"path": "k"}}}),
)

_UPSTREAM = UpstreamTls(
    certificates=(_CERTIFICATE,),
    validation=Validation(_ROOT, (FRONT,)),
    sni="outbound_.9080_._.reviews.bookinfo.svc.cluster.local",
    alpn=("istio", "h2"),
    minimum_version="TLSv1_2",
    maximum_version="TLSv1_3",
    cipher_suites=("ECDHE-RSA-AES128-GCM-SHA256",),
    extra=freeze({"max_session_keys": 2}),
)

_STARTTLS = OpaqueTransport(
    "envoy.transport_sockets.tap",
    freeze(
        {
            "@type": f"{_EXTENSIONS}.transport_sockets.tap.v3.Tap",
            "common_config": {"admin_config": {"config_id": "x"}},
            "transport_socket": {
                "name": "envoy.transport_sockets.raw_buffer",
                "typed_config": {"@type": f"{_EXTENSIONS}.transport_sockets.raw_buffer.v3.RawBuffer"},
            },
        }
    ),
)

_NOTED = MetadataMatch("envoy.filters.http.rbac", ("dry_shadow_effective_policy_id",), StringMatch("prefix", "ns"))
_CLAIM = MetadataMatch(
    "envoy.filters.http.jwt_authn",
    ("payload", "aud"),
    EitherMatch((ListMatch(StringMatch("exact", "a")), StringMatch("suffix", "b"), PresentMatch(True))),
    invert=True,
)
_KEY = (
    "0xObjM0UvS_oaazjpEYlAbwctEJ4L8pH3OuTb7qth7gUwqet-EzQB4dgFdvSdMgrLnSncQGRjpEYz3F3viIbH-3EN3TxSlPNviHxeOdyiBVf"
    "umN8dMxbLvVJUpfNOnvmMxJcl-8NNjAwcOjk4otSALaYgYYyOPyvKtgVdrQr-FoubWX4yrjxW-MJ2-7OBeepUUNOsVwGV23YX03sVkkyvY3ot"
    "RflkBcY3_HKpBxJl9wk2GyOShN4_PNUF9-vwfnvOXMbCDX-w4PTef4geeb_GiT40YCKHTKMSPVanGRn5GExIWmki-mmqh94-mPTJyBR74Shsp"
    "L3BxPZitDL574T1w"
)
_JWT = JwtAuthentication(
    (
        JwtProvider(
            "origins-0",
            "https://issuer",
            audiences=("a", "b"),
            from_headers=(("x-token", "T "), ("x-other", "")),
            from_params=("token",),
            from_cookies=("session",),
            keys=f'{{"keys":[{{"kty":"RSA","e":"AQAB","n":"{_KEY}"}}]}}',
            forward=True,
            payload_header="x-payload",
            payload_metadata="payload",
            claim_headers=(("x-sub", "sub"),),
            extra=freeze({"clear_route_cache": True}),
        ),
        JwtProvider(
            "origins-1",
            extra=freeze({"remote_jwks": {"http_uri": {"uri": "http://a/k", "cluster": REVIEWS, "timeout": "5s"}}}),
        ),
    ),
    (
        JwtRule("/free", None),
        JwtRule(
            "/",
            AnyRequirement(
                (
                    ByProvider("origins-0"),
                    AllRequirements(
                        (ByProvider("origins-1"), AnyRequirement((ByProvider("origins-0"), MissingAllowed())))
                    ),
                )
            ),
        ),
    ),
    bypass_cors_preflight=True,
    extra=freeze({"stat_prefix": "jwt"}),
)

_LOG = AccessLog(
    "envoy.access_loggers.file",
    freeze({"@type": f"{_EXTENSIONS}.access_loggers.file.v3.FileAccessLog", "path": "/dev/stdout"}),
    ("NR",),
    "response.code >= 400",
)
_TRACING = Tracing(
    "envoy.tracers.zipkin",
    freeze(
        {
            "@type": "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig",
            "collector_cluster": REVIEWS,
            "collector_endpoint": "/api/v2/spans",
            "collector_endpoint_version": "HTTP_JSON",
        }
    ),
    12.5,
    freeze({"max_path_tag_length": 100}),
)

_DENY = Rules(
    "DENY",
    (
        Policy(
            "ns[bookinfo]-policy[deny]-rule[0]",
            permissions=(
                AllOf(
                    (
                        AnyOf((UrlPath(StringMatch("suffix", "/private")), UrlPath(StringMatch("exact", "/a")))),
                        Not(Header(HeaderMatch(":method", StringMatch("exact", "GET")))),
                        DestinationPort(9080),
                    )
                ),
                RequestedServerName(StringMatch("contains", "reviews", ignore_case=True)),
                OpaqueCondition(freeze({"destination_port_range": {"start": 1, "end": 1024}})),
            ),
            principals=(
                AllOf((AnyOf((Authenticated(FRONT), Authenticated(None))), Not(Always()))),
                SourceAddress("direct_remote_ip", "10.0.0.0", 8),
                SourceAddress("remote_ip", "2001:db8::", 32),
                Header(HeaderMatch("x-role", StringMatch("regex", "a.*"))),
            ),
        ),
        Policy("ns[bookinfo]-policy[deny]-rule[1]", (Always(),), (Always(),)),
        Policy(
            "ns[bookinfo]-policy[deny]-rule[2]",
            (PathTemplate("/a/*/**"), DestinationAddress("10.0.0.0", 8), Metadata(_NOTED)),
            (Metadata(_CLAIM),),
        ),
    ),
)
_ALLOW_NETWORK = Rules("ALLOW", (Policy("p", (DestinationPort(9080),), (Authenticated(FRONT), Authenticated(None))),))

_FAULT = Fault(
    delay=timedelta(seconds=2, milliseconds=500),
    delay_fraction=Fraction(1, 10_000),
    abort_status=503,
    abort_fraction=Fraction(25),
    extra=freeze({"max_active_faults": 7}),
)

_RETRY = RetryPolicy(
    conditions=("connect-failure", "5xx", "retriable-status-codes"),
    attempts=2,
    per_try_timeout=timedelta(milliseconds=250),
    status_codes=(503, 429),
    avoid_tried_hosts=True,
    host_selection_attempts=5,
    back_off=timedelta(milliseconds=25),
    extra=freeze({"retry_back_off": {"max_interval": "1s"}}),
)

_ROUTES = RouteConfig(
    name="9080",
    validate_clusters=False,
    ignore_port_in_host_matching=True,
    max_direct_response_body_size=1_048_576,
    extra=freeze({"request_headers_to_remove": ["x-all"], "metadata": {"filter_metadata": {"istio": {"a": 1}}}}),
    virtual_hosts=(
        VirtualHost(
            name="reviews.bookinfo.svc.cluster.local:9080",
            domains=("reviews", "reviews.bookinfo", "reviews.bookinfo.svc.cluster.local"),
            require_tls="EXTERNAL_ONLY",
            include_request_attempt_count=True,
            extra=freeze({"include_attempt_count_in_response": True}),
            routes=(
                Route(
                    name="canary",
                    match=RouteMatch(
                        PathMatch("path_separated_prefix", "/reviews", case_sensitive=False),
                        headers=(
                            HeaderMatch(":method", StringMatch("exact", "GET")),
                            HeaderMatch("x-user", StringMatch("prefix", "a", True), True, True),
                            HeaderMatch("x-there"),
                            HeaderMatch("x-not", invert=True),
                            HeaderMatch("x-n", extra=freeze({"range_match": {"start": "1", "end": "9"}})),
                        ),
                        query=(QueryMatch("q"), QueryMatch("v", StringMatch("contains", "2"))),
                        extra=freeze({"runtime_fraction": {"default_value": {"numerator": 99}}}),
                    ),
                    action=Forward(
                        weighted=(
                            WeightedCluster(REVIEWS, 90, CHANGES, CHANGES),
                            WeightedCluster(
                                CANDIDATE, 10, host_rewrite="v2.example.com", extra=freeze({"metadata_match": {}})
                            ),
                        ),
                        timeout=timedelta(0),
                        max_grpc_timeout=timedelta(seconds=3),
                        retry=_RETRY,
                        mirrors=(
                            Mirror(
                                CANDIDATE,
                                Fraction(5000, 1_000_000),
                                freeze({"disable_shadow_host_suffix_append": True}),
                            ),
                            Mirror(REVIEWS),
                        ),
                        hash_policies=(
                            HashPolicy("x-user", terminal=True),
                            HashPolicy(cookie=HashCookie("c", timedelta(0), "/", (("SameSite", "Lax"),))),
                            HashPolicy(source_ip=True),
                            HashPolicy(query_parameter="q"),
                            HashPolicy(extra=freeze({"filter_state": {"key": "k"}})),
                        ),
                        prefix_rewrite="/r",
                        host_rewrite="reviews.example.com",
                        extra=freeze({"priority": "HIGH", "weighted_clusters": {"runtime_key_prefix": "k"}}),
                    ),
                    request_headers=CHANGES,
                    response_headers=CHANGES,
                    fault=_FAULT,
                    cors=Cors(
                        (StringMatch("prefix", "https://"),),
                        allow_methods="GET",
                        allow_headers="x-a,x-b",
                        expose_headers="x-c",
                        max_age="60",
                        allow_credentials=True,
                        enabled=Fraction(100),
                        forward_unmatched_preflights=False,
                        extra=freeze({"shadow_enabled": {"default_value": {"numerator": 1}}}),
                    ),
                    decorator="reviews.bookinfo.svc.cluster.local:9080/reviews*",
                    extra=freeze(
                        {
                            "metadata": {"filter_metadata": {"istio": {"config": "/apis/x"}}},
                            "decorator": {"propagate": False},
                        }
                    ),
                ),
                Route(
                    RouteMatch(PathMatch("regex", "/a/[0-9]+")),
                    Forward(
                        cluster=REVIEWS,
                        regex_rewrite=RegexRewrite("/a/(.*)", "/b/\\1"),
                        unknown_cluster_status=500,
                    ),
                    fault=Fault(abort_grpc_status=14, abort_fraction=Fraction(100)),
                ),
                Route(
                    RouteMatch(PathMatch("path", "/exact")),
                    Redirect(
                        scheme="http",
                        host="example.com",
                        port=8080,
                        path="/there",
                        code=308,
                        strip_query=True,
                    ),
                ),
                Route(
                    RouteMatch(PathMatch("prefix", "/old")),
                    Redirect(https=True, prefix_rewrite="/new", code=302),
                ),
                Route(
                    RouteMatch(PathMatch("prefix", "/moved")),
                    Redirect(extra=freeze({"regex_rewrite": {"pattern": {"regex": "m"}, "substitution": "n"}})),
                ),
                Route(
                    RouteMatch(PathMatch("path", "/teapot")),
                    DirectResponse(
                        418, "short and stout", freeze({"body_format": {"text_format": "%LOCAL_REPLY_BODY%"}})
                    ),
                ),
                Route(RouteMatch(PathMatch("prefix", "/nothing")), DirectResponse(404)),
                Route(
                    RouteMatch(PathMatch("prefix", "/by-header")),
                    Forward(extra=freeze({"cluster_header": "x-cluster"})),
                ),
                Route(
                    RouteMatch(PathMatch("prefix", ""), extra=freeze({"connect_matcher": {}})),
                    Forward(cluster=REVIEWS),
                ),
            ),
        ),
    ),
)

_INBOUND_ROUTES = RouteConfig(
    "inbound|9080||",
    (
        VirtualHost(
            "inbound|http|9080",
            ("*",),
            (Route(RouteMatch(PathMatch("prefix", "/")), Forward("inbound|9080||", timeout=timedelta(0))),),
        ),
    ),
    validate_clusters=False,
)

_CORS = OpaqueFilter(
    "envoy.filters.http.cors",
    freeze({"@type": f"{_EXTENSIONS}.filters.http.cors.v3.Cors"}),
)

_INBOUND_HTTP = HttpConnectionManager(
    access_logs=(
        replace(_LOG, response_flags=(), extra=freeze({"filter": {"not_health_check_filter": {}}}), expression=""),
        _LOG,
    ),
    tracing=_TRACING,
    stat_prefix="inbound_0.0.0.0_9080",
    routes=_INBOUND_ROUTES,
    http_filters=(
        HttpRbac(_DENY, shadow=_ALLOW_NETWORK, shadow_prefix="dry_"),
        HttpRbac(None, _ALLOW_NETWORK, freeze({"track_per_rule_stats": True})),
        HttpExtAuthz(
            REVIEWS,
            "http",
            _NOTED,
            allow_on_failure=True,
            status_on_error=503,
            extra=freeze({"http_service": {"server_uri": {"uri": "http://authz", "timeout": "600s"}}}),
        ),
        HttpExtAuthz(REVIEWS, "grpc", extra=freeze({"transport_api_version": "V3"})),
        _JWT,
        HttpRbac(Rules("ALLOW", ())),
        HttpRbac(None),
        _CORS,
        OpaqueFilter(
            "envoy.filters.http.grpc_stats",
            freeze(
                {
                    "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.grpc_stats.v3.FilterConfig"},
                    "disabled": True,
                }
            ),
        ),
        FaultFilter(Fault(abort_status=500, abort_fraction=Fraction(0))),
        RouterFilter(freeze({"suppress_envoy_headers": True})),
    ),
    forward_client_cert="APPEND_FORWARD",
    client_cert_details=("subject", "dns", "uri", "cert", "chain"),
    server_name="istio-envoy",
    use_remote_address=False,
    normalize_path=True,
    merge_slashes=True,
    path_with_escaped_slashes_action="KEEP_UNCHANGED",
    upgrades=("websocket",),
    stream_idle_timeout=timedelta(minutes=5),
    extra=freeze({"codec_type": "AUTO", "common_http_protocol_options": {"idle_timeout": "3600s"}}),
)

RICH = ProxyView(
    node="sidecar~10.0.0.1~reviews-v1.bookinfo~bookinfo.svc.cluster.local",
    service_cluster="reviews.bookinfo",
    listeners=(
        Listener(
            name="virtualInbound",
            address=SocketAddress("127.0.0.1", 15006),
            additional_addresses=(SocketAddress("127.0.0.1", 15007),),
            traffic_direction="INBOUND",
            listener_filters=(
                "envoy.filters.listener.original_dst",
                "envoy.filters.listener.tls_inspector",
                OpaqueFilter(
                    "envoy.filters.listener.http_inspector",
                    freeze(
                        {
                            "filter_disabled": {"destination_port_range": {"start": 1, "end": 80}},
                            "typed_config": {
                                "@type": f"{_EXTENSIONS}.filters.listener.http_inspector.v3.HttpInspector"
                            },
                        }
                    ),
                ),
            ),
            listener_filters_timeout=timedelta(milliseconds=100),
            continue_on_listener_filters_timeout=True,
            extra=freeze({"per_connection_buffer_limit_bytes": 32768}),
            filter_chains=(
                FilterChain(
                    name="0.0.0.0_9080",
                    match=ChainMatch(
                        destination_port=9080,
                        transport_protocol="tls",
                        application_protocols=("istio", "istio-http/1.1"),
                        server_names=("reviews.example.com",),
                        prefix_ranges=(("10.0.0.0", 8), ("::1", 128)),
                        extra=freeze({"source_type": "SAME_IP_OR_LOOPBACK"}),
                    ),
                    tls=_DOWNSTREAM,
                    transport_socket_connect_timeout=timedelta(seconds=15),
                    filters=(NetworkRbac(_ALLOW_NETWORK, "tcp.", _ALLOW_NETWORK, shadow_prefix="dry_"), _INBOUND_HTTP),
                    extra=freeze({"metadata": {"filter_metadata": {"istio": {"b": 1}}}}),
                ),
                FilterChain(
                    name="plain",
                    match=ChainMatch(destination_port=9080, transport_protocol="raw_buffer"),
                    filters=(
                        NetworkRbac(None, "none.", extra=freeze({"enforcement_type": "CONTINUOUS"})),
                        NetworkExtAuthz(
                            REVIEWS,
                            "tcp.",
                            _NOTED,
                            allow_on_failure=True,
                            extra=freeze({"transport_api_version": "V3"}),
                        ),
                        TcpProxy(
                            "tcp",
                            access_logs=(replace(_LOG, response_flags=()),),
                            weighted=((REVIEWS, 1), (CANDIDATE, 3)),
                            idle_timeout=timedelta(hours=1),
                            extra=freeze({"max_connect_attempts": 2}),
                        ),
                    ),
                ),
            ),
            default_filter_chain=FilterChain(
                (
                    OpaqueFilter(
                        "envoy.filters.network.connection_limit",
                        freeze(
                            {
                                "@type": f"{_EXTENSIONS}.filters.network.connection_limit.v3.ConnectionLimit",
                                "stat_prefix": "limit",
                                "max_connections": 10,
                            }
                        ),
                    ),
                    TcpProxy("passthrough", cluster="InboundPassthroughCluster"),
                ),
                name="virtualInbound-catchall",
            ),
        ),
        Listener(
            name="0.0.0.0_9080",
            address=SocketAddress("127.0.0.1", 9080),
            traffic_direction="OUTBOUND",
            access_logs=(_LOG,),
            bind_to_port=False,
            filter_chains=(
                FilterChain(
                    (HttpConnectionManager("outbound_9080", "9080", (_CORS, RouterFilter())),),
                ),
            ),
        ),
        Listener(
            name="virtualOutbound",
            address=Pipe("@virtual-outbound"),
            use_original_dst=True,
            filter_chains=(FilterChain((HttpConnectionManager("again", "9080", (RouterFilter(),)),)),),
        ),
    ),
    routes=(_ROUTES, RouteConfig("unused", ())),
    clusters=(
        Cluster(
            name=REVIEWS,
            type="EDS",
            connect_timeout=timedelta(seconds=10),
            load_balancing=LoadBalancing(
                "LEAST_REQUEST",
                slow_start=timedelta(seconds=30),
                healthy_panic_threshold=0.0,
                extra=freeze({"zone_aware_lb_config": {"min_cluster_size": "3"}}),
            ),
            circuit_breakers=CircuitBreakers(
                100, 10, 1000, 3, True, freeze({"retry_budget": {"min_retry_concurrency": 3}})
            ),
            outlier_detection=OutlierDetection(
                consecutive_5xx=5,
                enforcing_consecutive_5xx=100,
                consecutive_gateway_failure=3,
                enforcing_consecutive_gateway_failure=0,
                split_external_local_origin_errors=True,
                consecutive_local_origin_failure=4,
                enforcing_consecutive_local_origin_failure=100,
                interval=timedelta(seconds=10),
                base_ejection_time=timedelta(seconds=30),
                max_ejection_percent=100,
                enforcing_success_rate=0,
                extra=freeze({"max_ejection_time": "300s"}),
            ),
            http=HttpOptions(
                "http2",
                max_requests_per_connection=10,
                idle_timeout=timedelta(minutes=1),
                max_connection_duration=timedelta(hours=1),
                max_concurrent_streams=1000,
                extra=freeze({"common_http_protocol_options": {"max_headers_count": 50}}),
            ),
            transport_matches=(
                TransportMatch("tlsMode-istio", FrozenMap({"tlsMode": "istio"}), _UPSTREAM),
                TransportMatch("tlsMode-disabled", FrozenMap(), PlainText()),
            ),
            keepalive=TcpKeepalive(3, timedelta(seconds=75), timedelta(seconds=15)),
            metadata=freeze({"istio": {"services": [{"host": "reviews"}]}}),
            extra=freeze({"alt_stat_name": "reviews;", "metadata": {"typed_filter_metadata": {}}}),
        ),
        Cluster(
            CANDIDATE,
            "EDS",
            load_balancing=LoadBalancing("RING_HASH", hash_minimum=1024),
            circuit_breakers=CircuitBreakers(),
            outlier_detection=OutlierDetection(),
            http=HttpOptions("downstream", max_concurrent_streams=10),
            transport=_UPSTREAM,
            keepalive=TcpKeepalive(),
        ),
        Cluster(
            "inbound|9080||",
            "ORIGINAL_DST",
            load_balancing=LoadBalancing("CLUSTER_PROVIDED"),
            http=HttpOptions("http1"),
            bind_address="127.0.0.6",
        ),
        Cluster("InboundPassthroughCluster", "ORIGINAL_DST", load_balancing=LoadBalancing("CLUSTER_PROVIDED")),
        Cluster(
            "app",
            "STATIC",
            (LocalityEndpoints((Endpoint(Pipe("/run/app.sock")),)),),
            load_balancing=LoadBalancing("MAGLEV", table_size=65537),
            transport=_STARTTLS,
            extra=freeze({"load_assignment": {"policy": {"overprovisioning_factor": 100}}}),
        ),
        Cluster(
            "dns",
            "STRICT_DNS",
            (LocalityEndpoints((Endpoint(SocketAddress("example.com", 443)),)),),
            transport=UpstreamTls(validation=Validation(SecretRef("kubernetes://roots")), sni="example.com"),
            extra=freeze(
                {
                    "typed_extension_protocol_options": {
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                            "@type": f"{_EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions",
                            "auto_config": {"http2_protocol_options": {}},
                        }
                    }
                }
            ),
        ),
        Cluster(
            "logical",
            "LOGICAL_DNS",
            (LocalityEndpoints((Endpoint(SocketAddress("example.org", 80)),)),),
            load_balancing=LoadBalancing("RANDOM"),
        ),
    ),
    endpoints=(
        EndpointSet(
            REVIEWS,
            (
                LocalityEndpoints(
                    (
                        Endpoint(
                            SocketAddress("10.0.0.7", 9080),
                            tls_mode="istio",
                            weight=2,
                            health="HEALTHY",
                            extra=freeze(
                                {
                                    "metadata": {
                                        "filter_metadata": {
                                            "istio": {"workload": "reviews-v1;bookinfo"},
                                            "envoy.transport_socket_match": {"other": "x"},
                                        }
                                    },
                                    "endpoint": {"health_check_config": {"port_value": 8080}},
                                }
                            ),
                        ),
                        Endpoint(SocketAddress("::1", 9080)),
                    ),
                    locality="region/zone/rack",
                    weight=3,
                    priority=0,
                    extra=freeze({"proximity": 1}),
                ),
                LocalityEndpoints((Endpoint(Pipe("/run/r.sock")),), locality="region", priority=1),
            ),
            extra=freeze({"policy": {"weighted_priority_health": True}}),
        ),
        EndpointSet(CANDIDATE, ()),
        EndpointSet("nobody", (LocalityEndpoints(()),)),
    ),
)
"""Names are Istio's; addresses and policies make no sense together."""
