"""What a proxy does with a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pulumi_mesh.proxy.view.routes import Fault, Mirror, RetryPolicy
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
]
"""Why a request goes no further; empty when it does. The words are those of Istio's own simulation where it has one."""


@dataclass(frozen=True, slots=True)
class Share:
    """A cluster that may get the request, and its weight relative to the sum of all shares."""

    cluster: str
    weight: int = 1
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One decision on the way: what was looked at, and why it came out so. ref: the object that asked for it."""

    text: str
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a proxy does with a request, and why.

    listener, filter_chain, route_config, virtual_host, route: names of what matched, empty where nothing did.
    clusters: where it may go; empty when the proxy answers itself.
    status: the proxy's own answer (404, 403, 301, a direct response, 503 without endpoints); None when an upstream
    answers, or when there is no HTTP answer (a reset). location: of a redirect. body: of a direct response.
    host, path, request_headers: what is sent on, after rewrites. response_headers: what the proxy sets on the answer;
    response_headers_removed: what it takes away.
    timeout: of the whole answer; None is no limit. transport: how the proxy speaks to each share's endpoints.
    policy: which authorization policy decided, empty when none did.
    why: the decisions, in their order.
    """

    listener: str = ""
    filter_chain: str = ""
    route_config: str = ""
    virtual_host: str = ""
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
    transport: Literal["", "plaintext", "tls", "mtls"] = ""
    policy: str = ""
    why: tuple[Step, ...] = field(default=(), compare=False)

    @property
    def passes(self) -> bool:
        """Whether the request goes on to an upstream."""
        return bool(self.clusters) and not self.error
