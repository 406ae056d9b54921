"""How clients treat a service: load balancing, limits, and taking bad endpoints out."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from pulumi_mesh.model.fields import LineText, OptionalDuration, OptionalHeaderName, OptionalLifetime
from pulumi_mesh.model.locality import Locality
from pulumi_mesh.typed import Accepts, Bool, FieldError, default, is_known, typed
from pulumi_mesh.typed.problems import SCALAR

_COOKIE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Count = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


@typed
class Cookie:
    """The cookie that tells clients apart: DestinationRule ``httpCookie``.

    name: of the cookie. ttl: how long the one lasts that is made for a client without; ``"0s"`` until the browser is
    closed; default: none is made. path: that it is for.
    """

    name: LineText
    _: KW_ONLY
    ttl: OptionalLifetime = default(None)
    path: LineText = default("")

    def __post_init__(self) -> None:
        if is_known(self.name) and not _COOKIE.fullmatch(self.name):
            raise FieldError("name", f"{self.name!r} is not a cookie's name; use letters, digits, '-' and '_'")


if TYPE_CHECKING:
    OptionalCookie: TypeAlias = Accepts[str | Cookie | None, Cookie | None]
else:
    OptionalCookie = Annotated[
        Cookie | None, BeforeValidator(lambda value: {"name": value} if isinstance(value, str) else value)
    ]


@typed
class ConsistentHash:
    """Requests that have something in common go to the same endpoint (a hash ring): ``consistentHash``.

    Exactly one of: header: the value of the header of that name. cookie: the value of a cookie, by name.
    query_parameter: the first value of the parameter of that name. source_ip: the client's address, of TCP too.

    minimum_ring_size: more entries spread more evenly; default: Istio's 1024.
    """

    header: OptionalHeaderName = None
    _: KW_ONLY
    cookie: OptionalCookie = default(None)
    query_parameter: LineText = default("")
    source_ip: Bool = False
    minimum_ring_size: Annotated[int, Field(strict=True, ge=1, le=8 * 1024 * 1024)] | None = None

    def __post_init__(self) -> None:
        keys = [each for each in ("header", "cookie", "query_parameter", "source_ip") if getattr(self, each)]
        if not keys:
            raise FieldError("header", "name what is hashed: a header, cookie, query_parameter, or source_ip=True")
        if len(keys) > 1:
            raise FieldError(keys[1], f"one thing is hashed, and {keys[0]} is given; leave one away")


LoadBalancer = Annotated[
    Annotated[Literal["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM"] | None, Tag(SCALAR)]
    | Annotated[ConsistentHash, Tag("ConsistentHash")],
    Discriminator(lambda value: "ConsistentHash" if isinstance(value, Mapping | ConsistentHash) else SCALAR),
]


@typed
class ConnectionPool:
    """Limits toward one service, in each client proxy (circuit breaking); None leaves Istio's default.

    max_connections: TCP connections. connect_timeout: of a TCP connection; Istio's default is 10s.
    max_pending_requests: requests that wait for a connection. max_requests: requests at once.
    max_requests_per_connection: then the connection is closed; 1 turns keep-alive off.
    max_retries: retries at once. idle_timeout: of a connection without requests.
    """

    _: KW_ONLY
    max_connections: Count | None = None
    connect_timeout: OptionalDuration = default(None)
    max_pending_requests: Count | None = None
    max_requests: Count | None = None
    max_requests_per_connection: Count | None = None
    max_retries: Count | None = None
    idle_timeout: OptionalDuration = default(None)

    def __post_init__(self) -> None:
        _say_something(self)


@typed
class OutlierDetection:
    """When an endpoint is taken out of load balancing for a while; None leaves Istio's default.

    Without any field it turns detection on, with Istio's defaults.

    consecutive_5xx_errors: answers 500 to 599 in a row. consecutive_gateway_errors: 502, 503, 504 in a row.
    interval: between two looks (10s). base_ejection_time: times the number of ejections so far (30s).
    max_ejection_percent: the most endpoints that may be out at once (10).
    """

    _: KW_ONLY
    consecutive_5xx_errors: Count | None = None
    consecutive_gateway_errors: Count | None = None
    interval: OptionalDuration = default(None)
    base_ejection_time: OptionalDuration = default(None)
    max_ejection_percent: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None


@typed
class TrafficPolicy:
    """How clients of a service, or of one version, treat it.

    load_balancer: how an endpoint is chosen; default: Istio's, least request.
    locality: which regions and zones are preferred.
    connection_pool: limits. outlier_detection: when an endpoint is taken out.
    """

    _: KW_ONLY
    load_balancer: LoadBalancer = None
    locality: Locality | None = None
    connection_pool: ConnectionPool | None = None
    outlier_detection: OutlierDetection | None = None

    def __post_init__(self) -> None:
        _say_something(self)


def _say_something(part: Any) -> None:
    names = [field.name for field in dataclasses.fields(part)]
    if all(getattr(part, name) is None for name in names):
        raise FieldError(names[0], "nothing is said; give one of the fields or leave it all away")
