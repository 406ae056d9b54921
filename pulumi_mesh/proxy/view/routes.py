"""Route configuration: virtual hosts, matches in their order, and what is done with a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.matching import EMPTY, Fraction, HeaderMatch, QueryMatch, StringMatch
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class PathMatch:
    """A test of the path.

    kind: Envoy's ``prefix`` (``/a`` takes ``/ab``), ``path`` (exact), ``regex`` (RE2, whole path) or
    ``path_separated_prefix`` (``/a`` takes ``/a`` and ``/a/b`` only).
    """

    kind: Literal["prefix", "path", "regex", "path_separated_prefix"]
    value: str
    case_sensitive: bool = True


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """All must hold (envoy.config.route.v3.RouteMatch).

    path: the prefix that takes every path when ``extra`` has another way (``connect_matcher``).
    """

    path: PathMatch
    headers: tuple[HeaderMatch, ...] = ()
    query: tuple[QueryMatch, ...] = ()
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """A header to set; ``append`` adds a value beside those that are there, else they are replaced."""

    name: str
    value: str
    append: bool = False


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """Headers to set and to take away; taken away first, as Envoy does."""

    add: tuple[HeaderValue, ...] = ()
    remove: tuple[str, ...] = ()


NO_CHANGES = HeaderChanges()


@dataclass(frozen=True, slots=True)
class WeightedCluster:
    """One share of a split, relative to the sum of weights. host_rewrite: the Host sent on; empty keeps it."""

    cluster: str
    weight: int
    request_headers: HeaderChanges = NO_CHANGES
    response_headers: HeaderChanges = NO_CHANGES
    host_rewrite: str = ""
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When and how often a request is tried again (envoy.config.route.v3.RetryPolicy).

    conditions: Envoy's ``retry_on`` words in order. attempts: tries after the first.
    status_codes: with the condition ``retriable-status-codes``.
    avoid_tried_hosts: a host that failed is not tried again (predicate previous_hosts).
    host_selection_attempts: Envoy's host_selection_retry_max_attempts; 0 leaves Envoy's default.
    back_off: the base of the waits between tries; None leaves Envoy's 25 ms.
    """

    conditions: tuple[str, ...]
    attempts: int
    per_try_timeout: timedelta | None = None
    status_codes: tuple[int, ...] = ()
    avoid_tried_hosts: bool = False
    host_selection_attempts: int = 0
    back_off: timedelta | None = None
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class Mirror:
    """A copy of requests to another cluster; its answer is ignored. fraction None copies all."""

    cluster: str
    fraction: Fraction | None = None
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class HashCookie:
    """A cookie that is hashed, and made where a request has none.

    ttl: None makes none, zero one for the session. attributes: (name, value) pairs of the cookie that is made.
    """

    name: str
    ttl: timedelta | None = None
    path: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HashPolicy:
    """What consistent hashing hashes: one of a header, a cookie, the client's address, a query parameter.

    terminal: what comes after counts only where this gave nothing. Another kind is kept in ``extra``.
    """

    header: str = ""
    cookie: HashCookie | None = None
    source_ip: bool = False
    query_parameter: str = ""
    terminal: bool = False
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class RegexRewrite:
    """Replace what ``pattern`` (RE2) matches in the path."""

    pattern: str
    substitution: str


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the request to a cluster (envoy.config.route.v3.RouteAction).

    cluster: one cluster; empty when ``weighted`` or something in ``extra`` chooses.
    timeout: of the whole response; None leaves Envoy's 15 s, zero is no timeout.
    host_rewrite: the Host sent on; empty keeps it. prefix_rewrite: replaces the matched prefix or path.
    unknown_cluster_status: what a client gets where the cluster does not exist.
    """

    cluster: str = ""
    weighted: tuple[WeightedCluster, ...] = ()
    timeout: timedelta | None = None
    max_grpc_timeout: timedelta | None = None
    retry: RetryPolicy | None = None
    mirrors: tuple[Mirror, ...] = ()
    hash_policies: tuple[HashPolicy, ...] = ()
    host_rewrite: str = ""
    prefix_rewrite: str = ""
    regex_rewrite: RegexRewrite | None = None
    unknown_cluster_status: Literal[503, 404, 500] = 503
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answer with a redirect (envoy.config.route.v3.RedirectAction); empty or 0 keeps that part."""

    scheme: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    prefix_rewrite: str = ""
    code: Literal[301, 302, 303, 307, 308] = 301
    strip_query: bool = False
    https: bool = False
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class DirectResponse:
    """Answer at once, without an upstream."""

    status: int
    body: str = ""
    extra: FrozenMap[str, object] = EMPTY


Action = Forward | Redirect | DirectResponse


@dataclass(frozen=True, slots=True)
class Fault:
    """Faults put in on purpose (envoy.extensions.filters.http.fault.v3.HTTPFault).

    abort_grpc_status: in the place of ``abort_status``: the number of a gRPC status.
    """

    delay: timedelta | None = None
    delay_fraction: Fraction | None = None
    abort_status: int | None = None
    abort_grpc_status: int | None = None
    abort_fraction: Fraction | None = None
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class Cors:
    """Which pages of other origins may ask (envoy.extensions.filters.http.cors.v3.CorsPolicy).

    allow_methods, allow_headers, expose_headers: as the answer's header has them, with commas. max_age: seconds, as
    text. enabled: the share of requests that it counts for; None is all.
    forward_unmatched_preflights: whether a preflight from another origin goes on to the upstream.
    """

    allow_origins: tuple[StringMatch, ...] = ()
    allow_methods: str = ""
    allow_headers: str = ""
    expose_headers: str = ""
    max_age: str = ""
    allow_credentials: bool | None = None
    enabled: Fraction | None = None
    forward_unmatched_preflights: bool | None = None
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class Route:
    """The first route of a virtual host whose match holds is taken."""

    match: RouteMatch
    action: Action
    name: str = ""
    request_headers: HeaderChanges = NO_CHANGES
    response_headers: HeaderChanges = NO_CHANGES
    fault: Fault | None = None
    cors: Cors | None = None
    decorator: str = ""
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """Routes for a set of domains. Of several virtual hosts the most specific domain wins.

    require_tls: Envoy's ``ALL`` redirects plain HTTP to HTTPS; empty does not.
    """

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...]
    require_tls: str = ""
    include_request_attempt_count: bool = False
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """A named set of virtual hosts (envoy.config.route.v3.RouteConfiguration)."""

    name: str
    virtual_hosts: tuple[VirtualHost, ...]
    validate_clusters: bool | None = None
    ignore_port_in_host_matching: bool = False
    max_direct_response_body_size: int = 0
    extra: FrozenMap[str, object] = EMPTY
