"""What is expected of a request: the same type behind a YAML file, pytest, and other projects' cases."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.simulate.outcome import Error
from pulumi_mesh.typed import (
    Accepts,
    FieldError,
    OptionalJsonMap,
    OptionalMany,
    Part,
    PlainText,
    TextMap,
    Texts,
    default,
    typed,
)

OptionalPlain: TypeAlias = PlainText | None
_NOT_STATUS = "is no HTTP status; give one from 100 to 599"


@typed
class ExpectedDestination:
    """Where requests are to end, in the terms of a VirtualService's ``route``.

    host: of a service, whole (``reviews.bookinfo.svc.cluster.local``) or its beginning (``reviews.bookinfo``).
    subset: default any. port: of the service; default any. weight: percent of the requests; default any share.
    """

    host: PlainText
    _: KW_ONLY
    subset: OptionalPlain = None
    port: int | None = None
    weight: float | None = None

    def __post_init__(self) -> None:
        if not self.host:
            raise FieldError("host", "names no service")
        if self.weight is not None and not 0 <= self.weight <= 100:
            raise FieldError("weight", f"{self.weight:g} is no share; give percent, 0 to 100")


if TYPE_CHECKING:
    from collections.abc import Sequence

    ExpectedDestinations: TypeAlias = Accepts[
        Sequence[ExpectedDestination] | Sequence[str] | Sequence[ExpectedDestination | str] | None,
        tuple[ExpectedDestination, ...] | None,
    ]
else:

    def _destination(value: Any) -> Any:
        return {"host": value} if isinstance(value, str) else value

    ExpectedDestinations = OptionalMany[Annotated[ExpectedDestination, BeforeValidator(_destination)]]


@typed
class Expectation:
    """What is to become of a request. What is left out is not looked at.

    status: what the client gets; of a request that a destination answers, 200.
    destinations: all of them, each once; text stands for a host. An empty list: no destination gets it.
    error: why it goes no further, ``""`` for nothing; the words are those of ``Outcome.error``.
    location: of a redirect. body: of an answer that a proxy gives itself.
    host, path: as the destination sees them. request_headers: those that it sees, by name; absent_request_headers:
    names that it does not see. response_headers, absent_response_headers: the same of what proxies set on the answer.
    mirrors: hosts that get a copy, all of them. policy: the authorization policy that decided, ``NAMESPACE/NAME``.
    listener, filter_chain, route_config, virtual_host, route, cluster: names in the config of the first proxy.
    """

    _: KW_ONLY
    status: int | None = None
    destinations: ExpectedDestinations = default(None)
    error: Error | None = None
    location: OptionalPlain = None
    body: OptionalPlain = None
    host: OptionalPlain = None
    path: OptionalPlain = None
    request_headers: TextMap = default(FrozenMap())
    absent_request_headers: Texts = default(())
    response_headers: TextMap = default(FrozenMap())
    absent_response_headers: Texts = default(())
    mirrors: OptionalMany[PlainText] = default(None)
    policy: OptionalPlain = None
    listener: OptionalPlain = None
    filter_chain: OptionalPlain = None
    route_config: OptionalPlain = None
    virtual_host: OptionalPlain = None
    route: OptionalPlain = None
    cluster: OptionalPlain = None

    def __post_init__(self) -> None:
        if self.status is not None and not 100 <= self.status <= 599:
            raise FieldError("status", f"{self.status} {_NOT_STATUS}")


@typed
class RouteTest:
    """A request, and what is expected of it.

    name: says what is tested. request: ``METHOD URL``, or a URL, which is GET; ``tcp://HOST:PORT`` and ``tls://HOST``
    are connections that carry no HTTP. headers: by name. source: the proxy whose workload sends it, ``NAME`` or
    ``NAME.NAMESPACE``; default: a client outside, through the gateway that takes the host.
    claims: of a valid token that it carries, ``iss`` among them.
    """

    name: PlainText
    _: KW_ONLY
    request: PlainText
    expect: Part[Expectation]
    source: PlainText = default("", wire="from")
    headers: TextMap = default(FrozenMap())
    claims: OptionalJsonMap = default(None)

    def __post_init__(self) -> None:
        if not self.name:
            raise FieldError("name", "is empty; say what is tested")

    @property
    def method(self) -> str:
        """``GET`` where none is said."""
        method, blank, _ = self.request.partition(" ")
        return method if blank else "GET"

    @property
    def url(self) -> str:
        """What follows the method."""
        return self.request.rpartition(" ")[2]
