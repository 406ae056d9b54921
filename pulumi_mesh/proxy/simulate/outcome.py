"""What a proxy does with a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pulumi_mesh.proxy.view.routes import Fault, Mirror, RetryPolicy, RouteMatch
from pulumi_mesh.refs import Ref

Error = Literal[
    "",
    "no listener matched",
    "no filter chains matched",
    "multiple filter chains matched",
    "protocol error",
    "invalid TLS",
    "invalid mTLS",
    "no virtual host matched",
    "no route matched",
    "tls required, sending 301",
    "unknown cluster",
    "no healthy upstream",
    "denied",
    "too many hops",
]
"""Why a request goes no further; empty when it does. The words are those of Istio's own simulation where it has one."""

TO_HTTPS: Error = "tls required, sending 301"
"""The one of them by which a client is told to come again, which is no failure."""

Transport = Literal["", "plaintext", "tls", "mtls", "mixed"]
"""How a proxy speaks to endpoints; ``mixed``: not to all alike. Empty: nothing is sent."""


@dataclass(frozen=True, slots=True)
class Share:
    """A cluster that may get the request, and its weight relative to the sum of all shares.

    error: why this share's requests go no further. status: the proxy's own answer to them then.
    transport: how the proxy speaks to its endpoints.
    host, request_headers, response_headers, response_headers_removed: as in Outcome, with what the share itself
    changes.
    """

    cluster: str
    weight: int = 1
    error: Error = ""
    transport: Transport = ""
    status: int | None = None
    host: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()
    response_headers_removed: tuple[str, ...] = ()
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One decision on the way: what was looked at, and why it came out so. ref: the object that asked for it."""

    text: str
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a proxy does with a request, and why.

    listener, filter_chain, route_config, virtual_host, virtual_cluster, route: names of what matched, empty where
    nothing did. virtual_cluster: only where a virtual host has some; ``other`` is none of them.
    route_config: the name by which the listener asks for it; empty for one that it holds itself.
    error: where there are several shares, only what all of them have; else each share has its own.
    clusters: where it may go, or would; empty when the proxy answers itself.
    status: the proxy's own answer (404, 403, 301, a direct response, 503 without endpoints); None when an upstream
    answers, or when there is no HTTP answer (a reset). location: of a redirect. body: of a direct response.
    host, path, request_headers: what is sent on, after rewrites, without what Envoy says of itself
    (``x-envoy-*``, ``x-forwarded-*``, ``x-request-id``). response_headers: what the proxy sets on the answer;
    response_headers_removed: what it takes away. Of several shares: without what a share itself changes.
    timeout: of the whole answer; None is no limit. transport: how the proxy speaks to each share's endpoints.
    ended_tls: whether the proxy ended the client's TLS itself. principal: the client's identity that mutual TLS
    proved. policy: which authorization policy decided, empty when none did.
    may_refuse: what of the way is not worked out here and may refuse or change the request: limits of rates, services
    that are asked, filters that are not known. matched: what the route that was taken asks of requests. why: the
    decisions, in their order.
    """

    listener: str = ""
    filter_chain: str = ""
    route_config: str = ""
    virtual_host: str = ""
    virtual_cluster: str = ""
    route: str = ""
    error: Error = ""
    clusters: tuple[Share, ...] = ()
    status: int | None = None
    location: str = ""
    body: str = ""
    host: str = ""
    path: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()
    response_headers_removed: tuple[str, ...] = ()
    timeout: timedelta | None = None
    retry: RetryPolicy | None = None
    mirrors: tuple[Mirror, ...] = ()
    fault: Fault | None = None
    transport: Transport = ""
    ended_tls: bool = False
    principal: str = ""
    policy: str = ""
    may_refuse: tuple[str, ...] = ()
    ref: Ref | None = field(default=None, compare=False)
    matched: RouteMatch | None = field(default=None, compare=False)
    why: tuple[Step, ...] = field(default=(), compare=False)

    @property
    def passes(self) -> bool:
        """Whether the request goes on to an upstream."""
        return bool(self.clusters) and not self.error
