"""HTTP routes: rules in order, each with what it takes and what it does."""

from __future__ import annotations

from dataclasses import KW_ONLY
from http import HTTPStatus
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model import values
from pulumi_mesh.model.backends import Backends, DestinationReference, check_backends, need_port, refuse_retired
from pulumi_mesh.model.cors import Cors
from pulumi_mesh.model.fields import (
    Duration,
    HeaderMap,
    HeaderName,
    Hostname,
    LineText,
    Name,
    OptionalDuration,
    OptionalHostText,
    OptionalPort,
    Percent,
    plain,
)
from pulumi_mesh.model.gateway import GatewayReference, Listener, check_hostnames
from pulumi_mesh.model.match import Matches
from pulumi_mesh.model.namespace import NamespaceName
from pulumi_mesh.model.service import Service, ServiceReference
from pulumi_mesh.typed import FieldError, Many, Text, default, is_known, typed
from pulumi_mesh.words.retry_conditions import RetryCondition

_LARGEST_BODY = 1 << 20
_REGISTERED = frozenset(HTTPStatus)
Status: TypeAlias = Annotated[int, Field(strict=True, ge=200, le=599)]


@typed
class Redirect:
    """Answer with a redirect. What is not given stays as the client asked.

    scheme: ``http`` or ``https``. hostname, port: where to. path: replaces the whole path.
    status_code: 301 (default), 302, 303, 307 or 308.
    """

    _: KW_ONLY
    scheme: Literal["http", "https"] | None = None
    hostname: OptionalHostText = default(None)
    port: OptionalPort = None
    path: LineText = default("")
    status_code: Literal[301, 302, 303, 307, 308] = 301

    def __post_init__(self) -> None:
        if not (self.scheme or self.hostname or self.port or self.path):
            raise FieldError(
                "hostname",
                "the redirect leads back to where it came from; give scheme, hostname, port or path",
            )


@typed
class DirectResponse:
    """Answer with this, without asking any service: VirtualService ``http[].directResponse``.

    status: 200 to 599. body: text, at most 1 MiB; default: none.
    """

    status: Status
    _: KW_ONLY
    body: Text = default("")

    def __post_init__(self) -> None:
        if is_known(self.body) and len(self.body.encode()) > _LARGEST_BODY:
            raise FieldError("body", "every proxy is sent the body, so it has at most 1 MiB; serve more from a service")


@typed
class Rewrite:
    """Change the request before it is sent on.

    hostname: the Host header.
    path: replaces the matched prefix as text, or the whole path after an exact match: with ``Path("/api/")`` and
        ``Rewrite(path="/")``, ``/api/x`` becomes ``/x``. A rule without a path matches the prefix ``/``.
    """

    _: KW_ONLY
    hostname: OptionalHostText = default(None)
    path: LineText = default("")

    def __post_init__(self) -> None:
        if not self.hostname and not self.path:
            raise FieldError("path", "the rewrite changes nothing; give hostname or path")


@typed
class HeaderChanges:
    """Change headers. set: replaces or creates. add: appends a value. remove: takes away.

    In values Envoy fills in commands such as ``%START_TIME%``; ``%%`` stands for a percent sign.
    """

    _: KW_ONLY
    set: HeaderMap = default(FrozenMap())
    add: HeaderMap = default(FrozenMap())
    remove: Many[HeaderName] = default(())

    def __post_init__(self) -> None:
        if any("host" in names for names in (self.set, self.add, self.remove)):
            raise FieldError("set", "the Host header is not changed here; use Rewrite(hostname=...)")
        if not self.set and not self.add and not self.remove:
            raise FieldError("set", "no header is changed; give set, add or remove")


@typed
class Mirror:
    """Send a copy of requests somewhere else; its answer is ignored.

    destination: a service, or a version of one. percent: of the requests; default all.
    """

    destination: DestinationReference
    _: KW_ONLY
    percent: Percent = default(100.0)

    def __post_init__(self) -> None:
        need_port(self.destination)


@typed
class Delay:
    """Hold requests back on purpose. duration: for how long. percent: of the requests; default all."""

    duration: Duration
    _: KW_ONLY
    percent: Percent = default(100.0)


@typed
class Abort:
    """Answer requests with an error on purpose. status: 200 to 599. percent: of the requests; default all."""

    status: Status
    _: KW_ONLY
    percent: Percent = default(100.0)


@typed
class Fault:
    """Faults put in on purpose, to see what clients make of them."""

    _: KW_ONLY
    delay: Delay | None = None
    abort: Abort | None = None

    def __post_init__(self) -> None:
        if self.delay is None and self.abort is None:
            raise FieldError("delay", "the fault does nothing; give delay or abort")


@typed
class Retries:
    """Try failed requests again.

    attempts: tries after the first; 0 turns off the two that Istio makes by default.
    per_try_timeout: of each try; default: the rule's timeout.
    conditions: what counts as failed, in Envoy's words; default: Istio's.
    status_codes: answers that count too; istiod takes registered ones only (RFC 9110), so 503, but not 520.
    """

    attempts: Annotated[int, Field(strict=True, ge=0, le=100)]
    _: KW_ONLY
    per_try_timeout: OptionalDuration = default(None)
    conditions: Many[RetryCondition] = default(())
    status_codes: Many[Annotated[int, Field(strict=True, ge=100, le=599)]] = default(())

    def __post_init__(self) -> None:
        if not self.attempts and (self.per_try_timeout or self.conditions or self.status_codes):
            raise FieldError("attempts", "0 attempts turns retries off; leave the other fields away")
        for position, code in enumerate(self.status_codes):
            if code not in _REGISTERED:
                raise FieldError(
                    f"status_codes[{position}]", f"{code} is no registered status code, so istiod refuses it"
                )


RuleName: TypeAlias = Annotated[str, plain(values.rule_name)]


@typed
class Rule:
    """What a route does with the requests that one of ``matches`` takes. The first rule of a route that does wins.

    name: shown in logs and statistics. matches: none takes every request.
    backends: where requests go, by weight. redirect: answer with a redirect instead.
    direct_response: answer with a status and a body instead. cors: which pages of other origins may ask.
    timeout: of the whole request with its retries; default: none. Further fields: see their types.
    """

    _: KW_ONLY
    name: RuleName = ""
    matches: Matches = default(())
    backends: Backends = default(())
    redirect: Redirect | None = None
    direct_response: DirectResponse | None = None
    cors: Cors | None = None
    rewrite: Rewrite | None = None
    request_headers: HeaderChanges | None = None
    response_headers: HeaderChanges | None = None
    mirror: Mirror | None = None
    fault: Fault | None = None
    timeout: OptionalDuration = default(None)
    retries: Retries | None = None

    def __post_init__(self) -> None:
        if self.redirect is not None and self.direct_response is not None:
            raise FieldError("direct_response", "a rule answers in one way; give redirect or direct_response")
        if self.redirect is None and self.direct_response is None and not self.backends:
            raise FieldError("backends", "a rule needs backends, or a redirect or direct response")
        if self.redirect is not None or self.direct_response is not None:
            what = "redirects" if self.redirect is not None else "answers itself"
            for field in ("backends", "rewrite", "mirror", "fault", "timeout", "retries"):
                if getattr(self, field):
                    raise FieldError(field, f"a rule that {what} sends nothing on; leave it away")
        check_backends(self.backends)
        if self.mirror:
            refuse_retired("mirror", self.mirror.destination)


@typed
class HTTPRoute:
    """Rules, in their order, for requests at gateways or between services.

    gateways: where it applies, with ``hostnames`` (default: all that their listeners take). Or
    services: the services whose clients in the mesh it applies to. Where one speaks HTTP on several ports, each match
        names the port.
    namespace: default: that of the first service, backend or gateway, in this order.
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("")
    gateways: Many[GatewayReference] = default(())
    hostnames: Many[Hostname] = default(())
    services: Many[ServiceReference] = default(())
    rules: Many[Rule]
    _stands_alone = True

    def __post_init__(self) -> None:
        if bool(self.gateways) == bool(self.services):
            raise FieldError(
                "gateways",
                "give either gateways, for requests from outside, or services, for calls between them",
            )
        if self.services and self.hostnames:
            raise FieldError("hostnames", "a route for services takes their host names; leave hostnames away")
        if not self.rules:
            raise FieldError("rules", "a route has at least one rule")
        for position, gateway in enumerate(self.gateways):
            if not any(each.speaks_http for each in gateway.listeners):
                raise FieldError(f"gateways[{position}]", f"{gateway.name} has no listener of HTTP or HTTPS")
        check_hostnames(self.hostnames, self.listeners)
        for position, rule in enumerate(self.rules[:-1]):
            if not rule.matches:
                raise FieldError(
                    f"rules[{position}].matches",
                    "it takes every request, so the rules after it never do; put it last",
                )
        for position, service in enumerate(self.services):
            self._check_ports(f"services[{position}]", service)
        if not self.namespace:
            object.__setattr__(self, "namespace", self._default_namespace())

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners of its gateways that it acts on."""
        return tuple(each for gateway in self.gateways for each in gateway.listeners if each.speaks_http)

    def _check_ports(self, field: str, service: Service) -> None:
        """A rule for a service's host acts on all its HTTP ports, and would move every one to its backend's."""
        if not service.http_ports:
            raise FieldError(field, f"{service.name} has no port that speaks HTTP, so HTTP rules never act on it")
        if len(service.http_ports) == 1:
            return
        for position, rule in enumerate(self.rules):
            if not rule.matches or any(each.port is None for each in rule.matches):
                ports = list(service.http_ports)
                problem = f"{service.name} speaks HTTP on {ports}; say in each match which: Match(port=...)"
                raise FieldError(f"rules[{position}].matches", problem)

    def _default_namespace(self) -> str:
        for service in self.services:
            return service.namespace
        for rule in self.rules:
            for backend in rule.backends:
                return backend.destination.service.namespace
        return self.gateways[0].namespace
