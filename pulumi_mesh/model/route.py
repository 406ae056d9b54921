"""HTTP routes: rules in order, each with what it takes and what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model import values
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
    Weight,
    plain,
)
from pulumi_mesh.model.gateway import GatewayReference
from pulumi_mesh.model.match import Matches
from pulumi_mesh.model.namespace import NamespaceName
from pulumi_mesh.model.references import named
from pulumi_mesh.model.service import Destination, Service, ServiceReference
from pulumi_mesh.typed import Accepts, FieldError, Many, default, typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    DestinationReference: TypeAlias = Accepts[Service | Destination, Destination]
else:
    _look_up = named("service")

    def _destination(value: Any, info: Any) -> Any:
        value = _look_up(value, info)
        return Destination(value) if isinstance(value, Service) else value

    DestinationReference = Annotated[Destination, BeforeValidator(_destination)]


@typed
class Backend:
    """One destination of a rule.

    destination: a service, or a version of one (``reviews["v1"]``). weight: its share, relative to the sum of the
    rule's weights; default 1.
    """

    destination: DestinationReference
    _: KW_ONLY
    weight: Weight = 1

    def __post_init__(self) -> None:
        _need_port(self.destination)


if TYPE_CHECKING:
    Backends: TypeAlias = Accepts[
        Sequence[Service] | Sequence[Destination] | Sequence[Backend] | Sequence[Service | Destination | Backend],
        tuple[Backend, ...],
    ]
else:

    def _backend(value: Any, info: Any) -> Any:
        value = _look_up(value, info)
        if isinstance(value, Service | Destination):
            return Backend(value)
        if isinstance(value, Mapping) and "service" in value:
            # in files the destination's fields stand beside the weight
            rest = {key: item for key, item in value.items() if key in ("service", "version", "port")}
            return {"destination": rest, **{key: item for key, item in value.items() if key not in rest}}
        return value

    Backends = Many[Annotated[Backend, BeforeValidator(_backend)]]


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
        _need_port(self.destination)


@typed
class Delay:
    """Hold requests back on purpose. duration: for how long. percent: of the requests; default all."""

    duration: Duration
    _: KW_ONLY
    percent: Percent = default(100.0)


@typed
class Abort:
    """Answer requests with an error on purpose. status: 200 to 599. percent: of the requests; default all."""

    status: Annotated[int, Field(strict=True, ge=200, le=599)]
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


RetryCondition = Literal[
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "envoy-ratelimited",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
]

_REGISTERED = frozenset(HTTPStatus)


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
    timeout: of the whole request with its retries; default: none. Further fields: see their types.
    """

    _: KW_ONLY
    name: RuleName = ""
    matches: Matches = default(())
    backends: Backends = default(())
    redirect: Redirect | None = None
    rewrite: Rewrite | None = None
    request_headers: HeaderChanges | None = None
    response_headers: HeaderChanges | None = None
    mirror: Mirror | None = None
    fault: Fault | None = None
    timeout: OptionalDuration = default(None)
    retries: Retries | None = None

    def __post_init__(self) -> None:
        if self.redirect is None and not self.backends:
            raise FieldError("backends", "a rule needs backends, or a redirect")
        if self.redirect is not None:
            for field in ("backends", "rewrite", "mirror", "fault", "timeout", "retries"):
                if getattr(self, field):
                    raise FieldError(field, "a rule that redirects sends nothing on; leave it away")
        if self.backends and not sum(each.weight for each in self.backends):
            raise FieldError("backends", "all weights are 0; give at least one backend a share")
        if self.mirror:
            _refuse_retired("mirror", self.mirror.destination)
        seen: list[Destination] = []
        for position, each in enumerate(self.backends):
            _refuse_retired(f"backends[{position}]", each.destination)
            if each.destination in seen:
                label = f"{each.destination.service.name} {each.destination.version}".rstrip()
                raise FieldError(f"backends[{position}]", f"{label} is there twice; add its weights up")
            seen.append(each.destination)


def _need_port(destination: Destination) -> None:
    if destination.port is None:
        service, numbers = destination.service, [each.number for each in destination.service.ports]
        version = f", version={destination.version!r}" if destination.version else ""
        raise FieldError(
            "destination",
            f"{service.name} has several ports; name one of {numbers}: Destination({service.name}{version}, port=...)",
        )


def _refuse_retired(field: str, destination: Destination) -> None:
    version = destination.declared_version
    if version and version.retired:
        raise FieldError(field, f"version {version.name!r} of {destination.service.name} is retired; send it nothing")


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
        for position, hostname in enumerate(self.hostnames):
            if not any(each.serves(hostname) for each in self.gateways):
                taken = sorted({h for g in self.gateways for each in g.listeners for h in each.hostnames})
                raise FieldError(
                    f"hostnames[{position}]",
                    f"no listener of its gateways takes {hostname!r}; they take {', '.join(taken)}",
                )
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
