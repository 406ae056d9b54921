"""Arbitrary views, small, of every class and field: what writing and reading must give back, valid or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.proxy.envoy.names import HTTP_INSPECTOR, ORIGINAL_DST, TLS_INSPECTOR
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view import clusters as c
from pulumi_mesh.proxy.view import ext_authz as x
from pulumi_mesh.proxy.view import jwt as j
from pulumi_mesh.proxy.view import listeners as ls
from pulumi_mesh.proxy.view import matching as m
from pulumi_mesh.proxy.view import rbac as a
from pulumi_mesh.proxy.view import routes as r
from pulumi_mesh.proxy.view import telemetry as o
from pulumi_mesh.proxy.view import tls as t
from pulumi_mesh.proxy.view.addresses import Pipe, SocketAddress

texts = st.text(max_size=6)
names = st.text(min_size=1, max_size=6)
words = st.text("abcXYZ-_.|", min_size=1, max_size=6)
flags = st.booleans()
counts = st.integers(0, 2**32 - 1)
positive = st.integers(1, 2**32 - 1)
ports = st.integers(0, 65535)
spans = st.timedeltas(timedelta(days=-9), timedelta(days=99999))
json_values = st.recursive(
    st.none() | flags | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
extras = st.one_of(
    st.just(m.EMPTY),
    st.dictionaries(
        st.sampled_from(["x_unknown", "x_other", "x"]), json_values.filter(lambda v: v is not None), max_size=2
    ).map(freeze),
)
structs = st.dictionaries(words, json_values.filter(lambda v: v is not None), max_size=2).map(freeze)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """None half the time."""
    return st.none() | strategy


def several(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    """A short tuple."""
    return st.lists(strategy, max_size=most).map(tuple)


def distinct(strategy: st.SearchStrategy[Any], key: str, most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    """A short tuple in which a field, which names, is never the same."""
    return st.lists(strategy, max_size=most, unique_by=lambda each: getattr(each, key)).map(tuple)


sockets = st.builds(SocketAddress, names, ports)
addresses = sockets | st.builds(Pipe, names)

string_matches = st.builds(
    m.StringMatch, st.sampled_from(["exact", "prefix", "suffix", "contains", "regex"]), texts, flags
)
header_matches = st.builds(m.HeaderMatch, texts, maybe(string_matches), flags, flags, extras)
query_matches = st.builds(m.QueryMatch, texts, maybe(string_matches))
fractions = st.builds(m.Fraction, counts, st.sampled_from([100, 10_000, 1_000_000]))

secrets = st.builds(t.SecretRef, st.sampled_from(["default", "ROOTCA", "kubernetes://x"]), st.sampled_from(["", "/s"]))
validations = st.builds(t.Validation, secrets, several(string_matches), extras)
tls_fields: dict[str, Any] = {
    "certificates": several(secrets),
    "validation": maybe(validations),
    "alpn": several(texts),
    "minimum_version": texts,
    "maximum_version": texts,
    "cipher_suites": several(texts),
    "extra": extras,
}
downstreams = st.builds(t.DownstreamTls, require_client_certificate=flags, **tls_fields)
upstreams = st.builds(t.UpstreamTls, sni=texts, **tls_fields)
opaque_configs = extras | structs.map(lambda each: FrozenMap({**each, "@type": "type.googleapis.com/x.Y"}))
opaque_names = st.sampled_from(["x.opaque", "envoy.filters.http.lua", "X"])
spoken = st.one_of(st.just(t.PlainText()), upstreams, st.builds(t.OpaqueTransport, opaque_names, opaque_configs))
transports = spoken | st.builds(t.ProxyProtocol, spoken, st.sampled_from(["V1", "V2"]), extras)

opaque_conditions = st.builds(a.OpaqueCondition, st.just(freeze({"filter_state": {"key": "x"}})))
value_matches: st.SearchStrategy[m.ValueMatch] = st.recursive(
    string_matches | st.builds(m.PresentMatch, flags),
    lambda inner: (
        st.builds(m.ListMatch, inner) | st.builds(m.EitherMatch, st.lists(inner, min_size=1, max_size=2).map(tuple))
    ),
    max_leaves=3,
)
metadata_matches = st.builds(m.MetadataMatch, texts, several(texts), value_matches, flags)
either = st.one_of(
    st.just(a.Always()),
    st.builds(a.Header, header_matches),
    st.builds(a.UrlPath, string_matches),
    st.builds(a.Metadata, metadata_matches),
    opaque_conditions,
)


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Conditions over leaves."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(a.AllOf, several(inner)), st.builds(a.AnyOf, several(inner)), st.builds(a.Not, inner)
        ),
        max_leaves=4,
    )


permissions = trees(
    either
    | st.builds(a.DestinationPort, ports)
    | st.builds(a.DestinationAddress, texts, counts)
    | st.builds(a.PathTemplate, texts)
    | st.builds(a.RequestedServerName, string_matches)
)
principals = trees(
    either
    | st.builds(a.Authenticated, maybe(string_matches))
    | st.builds(a.SourceAddress, st.sampled_from(["direct_remote_ip", "remote_ip"]), texts, counts)
)
policies = st.builds(a.Policy, texts, several(permissions, 1), several(principals, 1))
rules = st.builds(a.Rules, st.sampled_from(["ALLOW", "DENY", "LOG"]), distinct(policies, "name", 1))
http_rbacs = st.builds(a.HttpRbac, maybe(rules), maybe(rules), extras, texts)
network_rbacs = st.builds(a.NetworkRbac, maybe(rules), texts, maybe(rules), extras, texts)
http_authorizers = st.builds(
    x.HttpExtAuthz,
    names,
    st.sampled_from(["http", "grpc"]),
    maybe(metadata_matches),
    flags,
    st.sampled_from([0, 403, 503]),
    extras,
)
network_authorizers = st.builds(x.NetworkExtAuthz, names, texts, maybe(metadata_matches), flags, extras)
jwt_providers = st.builds(
    j.JwtProvider,
    names,
    texts,
    several(texts),
    several(st.tuples(texts, texts)),
    several(texts),
    several(texts),
    texts,
    flags,
    texts,
    texts,
    several(st.tuples(texts, texts)),
    extras,
)
jwt_requirements: st.SearchStrategy[j.JwtRequirement] = st.recursive(
    st.builds(j.ByProvider, texts) | st.just(j.MissingAllowed()),
    lambda inner: st.builds(j.AnyRequirement, several(inner)) | st.builds(j.AllRequirements, several(inner)),
    max_leaves=3,
)
jwt_filters = st.builds(
    j.JwtAuthentication,
    distinct(jwt_providers, "name", 1),
    several(st.builds(j.JwtRule, texts, maybe(jwt_requirements)), 1),
    flags,
    extras,
)

header_changes = st.builds(r.HeaderChanges, several(st.builds(r.HeaderValue, texts, texts, flags)), several(texts))
faults = st.tuples(
    st.builds(r.Fault, maybe(spans), maybe(fractions), abort_fraction=maybe(fractions), extra=extras),
    maybe(counts),
    st.booleans(),
).map(lambda drawn: replace(drawn[0], **{"abort_grpc_status" if drawn[2] else "abort_status": drawn[1]}))
cors = st.builds(
    r.Cors,
    allow_origins=several(string_matches),
    allow_methods=texts,
    allow_headers=texts,
    expose_headers=texts,
    max_age=texts,
    allow_credentials=maybe(flags),
    enabled=maybe(fractions),
    forward_unmatched_preflights=maybe(flags),
    extra=extras,
)
hashes = (
    st.builds(r.HashPolicy, header=texts, terminal=flags, extra=extras)
    | st.builds(r.HashPolicy, source_ip=flags)
    | st.builds(r.HashPolicy, query_parameter=texts)
    | st.builds(
        r.HashPolicy,
        cookie=st.builds(r.HashCookie, texts, maybe(spans), texts, several(st.tuples(texts, texts))),
    )
)
retries = st.builds(
    r.RetryPolicy,
    several(words),
    counts,
    maybe(spans),
    several(counts),
    flags,
    counts,
    maybe(spans),
    extras,
)
forwards = st.builds(
    r.Forward,
    cluster=texts,
    weighted=several(st.builds(r.WeightedCluster, texts, counts, header_changes, header_changes, texts, extras)),
    timeout=maybe(spans),
    max_grpc_timeout=maybe(spans),
    retry=maybe(retries),
    mirrors=several(st.builds(r.Mirror, texts, maybe(fractions), extras)),
    hash_policies=several(hashes),
    host_rewrite=texts,
    prefix_rewrite=texts,
    regex_rewrite=maybe(st.builds(r.RegexRewrite, texts, texts)),
    unknown_cluster_status=st.sampled_from([503, 404, 500]),
    extra=extras,
)
redirects = st.builds(
    r.Redirect,
    scheme=texts,
    host=texts,
    port=ports,
    path=texts,
    prefix_rewrite=texts,
    code=st.sampled_from([301, 302, 303, 307, 308]),
    strip_query=flags,
    https=flags,
    extra=extras,
)
paths = st.builds(r.PathMatch, st.sampled_from(["prefix", "path", "regex", "path_separated_prefix"]), texts, flags)
routes = st.builds(
    r.Route,
    match=st.builds(r.RouteMatch, paths, several(header_matches), several(query_matches), extras),
    action=forwards | redirects | st.builds(r.DirectResponse, counts, texts, extras),
    name=texts,
    request_headers=header_changes,
    response_headers=header_changes,
    fault=maybe(faults),
    cors=maybe(cors),
    decorator=texts,
    extra=extras,
)
virtual_hosts = st.builds(r.VirtualHost, texts, several(texts), several(routes), texts, flags, extras)
route_configs = st.builds(r.RouteConfig, names, several(virtual_hosts), maybe(flags), flags, counts, extras)

opaque_filters = st.builds(ls.OpaqueFilter, opaque_names, opaque_configs)
http_filters = st.one_of(
    http_rbacs,
    http_authorizers,
    jwt_filters,
    st.builds(ls.RouterFilter, extras),
    st.builds(ls.FaultFilter, faults),
    opaque_filters,
)
access_logs = st.builds(
    o.AccessLog,
    names,
    structs.map(lambda each: FrozenMap({**each, "@type": "type.googleapis.com/x.Y"})) | st.just(m.EMPTY),
    several(texts),
    texts,
    extras,
)
tracings = st.builds(
    o.Tracing,
    st.sampled_from(["", "envoy.tracers.zipkin"]),
    structs.map(lambda each: FrozenMap({**each, "@type": "type.googleapis.com/x.Y"})),
    maybe(st.floats(0, 100)),
    extras,
).map(lambda each: each if each.provider else replace(each, config=m.EMPTY))
connection_managers = st.builds(
    ls.HttpConnectionManager,
    stat_prefix=texts,
    routes=texts | route_configs,
    http_filters=several(http_filters),
    forward_client_cert=st.sampled_from(["", "SANITIZE", "APPEND_FORWARD", "SANITIZE_SET", "FORWARD_ONLY"]),
    client_cert_details=st.lists(
        st.sampled_from(["subject", "cert", "chain", "dns", "uri"]), unique=True, max_size=3
    ).map(tuple),
    server_name=texts,
    use_remote_address=maybe(flags),
    normalize_path=maybe(flags),
    merge_slashes=flags,
    path_with_escaped_slashes_action=texts,
    upgrades=several(texts),
    stream_idle_timeout=maybe(spans),
    extra=extras,
    access_logs=several(access_logs, 1),
    tracing=maybe(tracings),
)
tcp_proxies = st.builds(
    ls.TcpProxy, texts, texts, several(st.tuples(texts, counts)), maybe(spans), extras, several(access_logs)
)
chain_matches = st.builds(
    ls.ChainMatch,
    maybe(counts),
    st.sampled_from(["", "tls", "raw_buffer"]),
    several(texts),
    several(texts),
    several(st.tuples(texts, counts)),
    extras,
)
filter_chains = st.builds(
    ls.FilterChain,
    several(connection_managers | tcp_proxies | network_rbacs | network_authorizers | opaque_filters),
    chain_matches,
    maybe(downstreams),
    texts,
    maybe(spans),
    extras,
)
listeners = st.builds(
    ls.Listener,
    name=texts,
    address=addresses,
    filter_chains=several(filter_chains),
    additional_addresses=several(addresses),
    default_filter_chain=maybe(filter_chains),
    listener_filters=several(st.sampled_from([ORIGINAL_DST, TLS_INSPECTOR, HTTP_INSPECTOR]) | opaque_filters),
    listener_filters_timeout=maybe(spans),
    continue_on_listener_filters_timeout=flags,
    traffic_direction=st.sampled_from(["", "INBOUND", "OUTBOUND"]),
    bind_to_port=flags,
    use_original_dst=flags,
    extra=extras,
    access_logs=several(access_logs, 1),
)

endpoints = st.builds(c.Endpoint, addresses, texts, counts, texts, extras)
localities = st.sampled_from(["", "r", "r/z", "r/z/s", "r//s", "/z", "r/z/s/t"])
locality_endpoints = st.builds(c.LocalityEndpoints, several(endpoints), localities, counts, counts, extras)
endpoint_sets = st.builds(c.EndpointSet, names, several(locality_endpoints), extras)
policy_names = st.sampled_from(["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "RING_HASH", "MAGLEV", "CLUSTER_PROVIDED"])
load_balancings = st.builds(
    c.LoadBalancing,
    policy_names,
    counts,
    counts,
    maybe(spans),
    maybe(st.floats(0, 100)),
    extras,
)
circuit_breakers = st.builds(c.CircuitBreakers, *[maybe(counts)] * 4, flags, extras)
outlier_detections = st.builds(
    c.OutlierDetection,
    *[maybe(counts)] * 4,
    flags,
    *[maybe(counts)] * 2,
    *[maybe(spans)] * 2,
    *[maybe(counts)] * 2,
    extras,
)
http_options = st.builds(
    c.HttpOptions,
    st.sampled_from(["http2", "downstream"]),
    counts,
    maybe(spans),
    maybe(spans),
    counts,
    extras,
) | st.builds(c.HttpOptions, st.just("http1"), counts, maybe(spans), maybe(spans), extra=extras)
seconds = counts.map(lambda each: timedelta(seconds=each))
transport_matches = st.builds(
    c.TransportMatch, texts, st.dictionaries(texts, texts, max_size=2).map(FrozenMap), transports
)


@st.composite
def clusters(draw: st.DrawFn) -> c.Cluster:
    """A cluster; only types that hold endpoints have some."""
    kind = draw(st.sampled_from(["EDS", "STATIC", "STRICT_DNS", "LOGICAL_DNS", "ORIGINAL_DST"]))
    held = several(locality_endpoints) if kind not in {"EDS", "ORIGINAL_DST"} else st.just(())
    return draw(
        st.builds(
            c.Cluster,
            name=names,
            type=st.just(kind),
            endpoints=held,
            connect_timeout=maybe(spans),
            load_balancing=load_balancings,
            circuit_breakers=maybe(circuit_breakers),
            outlier_detection=maybe(outlier_detections),
            http=maybe(http_options),
            transport=transports,
            transport_matches=several(transport_matches),
            keepalive=maybe(st.builds(c.TcpKeepalive, maybe(counts), maybe(seconds), maybe(seconds))),
            bind_address=texts,
            metadata=structs,
            extra=extras,
        )
    )


views = st.builds(
    ProxyView,
    node=texts,
    service_cluster=texts,
    listeners=distinct(listeners, "name", 1),
    routes=distinct(route_configs, "name", 2),
    clusters=distinct(clusters(), "name"),
    endpoints=distinct(endpoint_sets, "cluster"),
)


@st.composite
def linked_views(draw: st.DrawFn) -> ProxyView:
    """A view whose EDS clusters have endpoints as often as not, and whose listeners ask for its routes."""
    view = draw(views)
    sets = [
        c.EndpointSet(each.name, draw(several(locality_endpoints)), draw(extras))
        for each in view.clusters
        if each.type == "EDS" and draw(flags)
    ]
    managers = [
        ls.Listener(
            f"asks-{each.name}",
            draw(addresses),
            (ls.FilterChain((ls.HttpConnectionManager("", each.name, ()),)),),
        )
        for each in view.routes
        if draw(flags)
    ]
    kept = [each for each in view.endpoints if each.cluster not in {one.cluster for one in sets}]
    return ProxyView(
        view.node,
        view.service_cluster,
        view.listeners + tuple(managers) * draw(st.sampled_from([1, 2])),
        view.routes,
        view.clusters,
        tuple(sets + kept),
    )
