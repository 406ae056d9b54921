"""What is expected of a request: the same type behind a YAML file, pytest, and other projects' cases."""

from __future__ import annotations

from dataclasses import KW_ONLY
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.expectations.parts import (
    ExpectedDestinations,
    ExpectedHeaders,
    ExpectedMirrors,
    ExpectedRedirect,
    OptionalPlain,
    Statuses,
)
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.durations import duration
from pulumi_mesh.proxy.simulate.outcome import Error
from pulumi_mesh.typed import (
    Accepts,
    FieldError,
    OptionalJsonMap,
    OptionalPart,
    Part,
    PlainText,
    TextMap,
    Texts,
    default,
    typed,
)

_NOT_STATUS = "is no HTTP status; give one from 100 to 599"


@typed
class Expectation:
    """What is to become of a request. What is left out is not looked at.

    status: what the client gets, or a list of which it gets one; of a request that a destination answers, 200.
    destinations: all of them, each once; text stands for a host. An empty list: no destination gets it.
    error: why it goes no further, ``""`` for nothing; the words are those of ``Outcome.error``.
    location: of a redirect; redirect: parts of it. body: of an answer that a proxy gives itself.
    host, path: as the destination sees them, empty where none does. request_headers: those that it sees, by name: text
    is the value, a list the values of which it has one. absent_request_headers: names that it does not see.
    response_headers, absent_response_headers: the same of the answer as the client gets it.
    mirrors: hosts that get copies, all of them. policy: the authorization policy that decided, ``NAMESPACE/NAME``.
    listener, filter_chain, route_config, virtual_host, virtual_cluster, route, cluster: names in the config of the
    first proxy.
    """

    _: KW_ONLY
    status: Statuses = default(None)
    destinations: ExpectedDestinations = default(None)
    error: Error | None = None
    location: OptionalPlain = None
    redirect: OptionalPart[ExpectedRedirect] = default(None)
    body: OptionalPlain = None
    host: OptionalPlain = None
    path: OptionalPlain = None
    request_headers: ExpectedHeaders = default(FrozenMap())
    absent_request_headers: Texts = default(())
    response_headers: ExpectedHeaders = default(FrozenMap())
    absent_response_headers: Texts = default(())
    mirrors: ExpectedMirrors = default(None)
    policy: OptionalPlain = None
    listener: OptionalPlain = None
    filter_chain: OptionalPlain = None
    route_config: OptionalPlain = None
    virtual_host: OptionalPlain = None
    virtual_cluster: OptionalPlain = None
    route: OptionalPlain = None
    cluster: OptionalPlain = None

    def __post_init__(self) -> None:
        if self.status == ():
            raise FieldError("status", "is empty, so nothing is as expected; list the statuses that are right")
        for status in self.status or ():
            if not 100 <= status <= 599:
                raise FieldError("status", f"{status} {_NOT_STATUS}")


def _length(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return duration(value)
    except InvalidError as error:
        raise ValueError(error.problems[0][1]) from None


@typed
class Application:
    """How the application answers that a request ends at.

    headers: of its answer, by name. after: how long it takes, such as ``2s``; default no time.
    """

    _: KW_ONLY
    headers: TextMap = default(FrozenMap())
    after: Accepts[str | timedelta, Annotated[timedelta, BeforeValidator(_length)]] = default(timedelta(0))


@typed
class RouteTest:
    """A request, and what is expected of it.

    name: says what is tested. request: ``METHOD URL``, or a URL, which is GET; ``tcp://HOST:PORT`` and ``tls://HOST``
    are connections that carry no HTTP. headers: by name. source: the proxy whose workload sends it, ``NAME`` or
    ``NAME.NAMESPACE``, or the gateway that it comes by; default: a client outside, through the gateway that takes the
    host. claims: of a valid token that it carries, ``iss`` among them. answer: what the application says to it.
    """

    name: PlainText
    _: KW_ONLY
    request: PlainText
    expect: Part[Expectation]
    source: PlainText = default("", wire="from")
    headers: TextMap = default(FrozenMap())
    claims: OptionalJsonMap = default(None)
    answer: Part[Application] = default(factory=Application)

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
