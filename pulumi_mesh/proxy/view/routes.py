"""Route configuration: virtual hosts, matches in their order, and what is done with a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.matching import EMPTY, Fraction, HeaderMatch, QueryMatch
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
    """One share of a split, relative to the sum of weights."""

    cluster: str
    weight: int
    request_headers: HeaderChanges = NO_CHANGES
    response_headers: HeaderChanges = NO_CHANGES
    extra: FrozenMap[str, object] = EMPTY
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When and how often a request is tried again (envoy.config.route.v3.RetryPolicy).

    conditions: Envoy's ``retry_on`` words in order. attempts: tries after the first.
    status_codes: with the condition ``retriable-status-codes``.
    avoid_tried_hosts: a host that failed is not tried again (predicate previous_hosts).
    host_selection_attempts: Envoy's host_selection_retry_max_attempts; 0 leaves Envoy's default.
    """

    conditions: tuple[str, ...]
    attempts: int
    per_try_timeout: timedelta | None = None
    status_codes: tuple[int, ...] = ()
    avoid_tried_hosts: bool = False
    host_selection_attempts: int = 0
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class Mirror:
    """A copy of requests to another cluster; its answer is ignored. fraction None copies all."""

    cluster: str
    fraction: Fraction | None = None
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class HashPolicy:
    """What consistent hashing hashes: a header. Other kinds are kept in ``extra`` with an empty header."""

    header: str = ""
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
    """Faults put in on purpose (envoy.extensions.filters.http.fault.v3.HTTPFault)."""

    delay: timedelta | None = None
    delay_fraction: Fraction | None = None
    abort_status: int | None = None
    abort_fraction: Fraction | None = None
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
