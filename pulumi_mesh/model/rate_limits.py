"""Rate limits: how many requests are let through, counted by each proxy or by a service that all of them ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field

from pulumi_mesh.model import values
from pulumi_mesh.model.backends import DestinationReference, need_port
from pulumi_mesh.model.fields import Duration, LineText, Name, OptionalDuration, OptionalPort, plain
from pulumi_mesh.model.gateway import Gateway
from pulumi_mesh.model.route import RuleName
from pulumi_mesh.model.targets import RequiredTarget, check_target, home_of, listens
from pulumi_mesh.typed import Accepts, Bool, FieldError, Many, default, is_output, typed

_SHORTEST_FILL = timedelta(milliseconds=50)
_OF_ENVOY = ("remote_address", "source_cluster", "destination_cluster")
_PSEUDO = (":authority", ":method", ":path", ":scheme")
Tokens: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=2**32 - 1)]


@typed
class TokenBucket:
    """A request takes a token, and is refused (429) where there is none: Envoy's ``TokenBucket``.

    max_tokens: that the bucket holds, full at first. fill_interval: when tokens are added, at least 50ms.
    tokens_per_fill: how many; default: ``max_tokens``.
    """

    max_tokens: Tokens
    _: KW_ONLY
    fill_interval: Duration
    tokens_per_fill: Tokens | None = None

    def __post_init__(self) -> None:
        if self.fill_interval < _SHORTEST_FILL:
            raise FieldError("fill_interval", "Envoy fills no bucket more often than every 50ms; give that or more")
        if self.tokens_per_fill is None:
            object.__setattr__(self, "tokens_per_fill", self.max_tokens)

    @property
    def _implied(self) -> dict[str, Any]:
        return {"tokens_per_fill": self.max_tokens}


@typed
class LocalRateLimit:
    """Each proxy counts by itself: EnvoyFilter with ``envoy.filters.http.local_ratelimit``.

    target: the service or version whose requests are counted by its sidecars, or a gateway.
    port: that the target listens on (a target port); default: all of its ports, together.
    rule: at a gateway, the name of the one rule of a route whose requests are counted; default: all requests.
    """

    name: Name
    _: KW_ONLY
    target: RequiredTarget
    token_bucket: TokenBucket
    port: OptionalPort = None
    rule: RuleName = ""
    _stands_alone = True

    def __post_init__(self) -> None:
        check_target(self.target, "")
        if self.port is not None and self.port not in listens(self.target):
            known = ", ".join(map(str, listens(self.target)))
            raise FieldError("port", f"its workloads do not listen on {self.port}; they listen on {known}")
        if self.rule and not isinstance(self.target, Gateway):
            raise FieldError("rule", "sidecars of a service have no rules for what comes in; limit a gateway's")

    @property
    def namespace(self) -> str:
        """Of the target, where the object lives."""
        return home_of(self.target)


@typed
class DescriptorEntry:
    """A key and a value that a request is counted by.

    key: as the rate limit service's own configuration has it. header: the value is that of the request's header;
    requests without it are not counted by the descriptor. value: always this one. Neither: a key that Envoy has a value
    for itself: ``remote_address``, ``source_cluster`` or ``destination_cluster``.
    """

    key: LineText
    _: KW_ONLY
    header: Annotated[str, plain(lambda value: value if value in ("", *_PSEUDO) else values.header_name(value))] = ""
    value: LineText = default("")

    def __post_init__(self) -> None:
        if is_output(self.key) or not self.key:
            raise FieldError("key", "name what is counted, as the rate limit service's configuration does")
        fixed = is_output(self.value) or bool(self.value)
        if self.header and fixed:
            raise FieldError("value", "the header gives the value; leave one away")
        if not self.header and not fixed and self.key not in _OF_ENVOY:
            raise FieldError("value", f"give value or header; only {', '.join(_OF_ENVOY)} have one of their own")
        if self.key in _OF_ENVOY and (self.header or fixed):
            raise FieldError("key", f"Envoy itself gives the value of {self.key}; leave header and value away")


if TYPE_CHECKING:
    Descriptors: TypeAlias = Accepts[Sequence[Sequence[DescriptorEntry]], tuple[tuple[DescriptorEntry, ...], ...]]
else:
    Descriptors = Many[Many[DescriptorEntry]]


@typed
class GlobalRateLimit:
    """A rate limit service counts for all proxies: EnvoyFilter with ``envoy.filters.http.ratelimit``.

    target: the service or version whose sidecars ask, or a gateway. service: the rate limit service, by a port of GRPC.
    domain: which of its configurations counts.
    descriptors: lists of entries; a request is counted by each list of which it has all.
    failure_mode_deny: whether requests are refused while the rate limit service does not answer.
    timeout: of an answer; Envoy's default is 20ms.
    """

    name: Name
    _: KW_ONLY
    target: RequiredTarget
    service: DestinationReference
    domain: LineText
    descriptors: Descriptors
    failure_mode_deny: Bool = False
    timeout: OptionalDuration = default(None)
    _stands_alone = True

    def __post_init__(self) -> None:
        check_target(self.target, "")
        need_port(self.service, "service")
        protocol = next(each.protocol for each in self.service.service.ports if each.number == self.service.port)
        if protocol not in ("GRPC", "HTTP2"):
            problem = f"it is asked over gRPC, and the port speaks {protocol}; declare Port(..., protocol='GRPC')"
            raise FieldError("service", problem)
        if not is_output(self.domain) and not self.domain:
            raise FieldError("domain", "name the configuration of the rate limit service that counts")
        if not self.descriptors:
            raise FieldError("descriptors", "nothing is counted; give at least one list of entries")
        for position, entries in enumerate(self.descriptors):
            if not entries:
                raise FieldError(f"descriptors[{position}]", "it has no entry, so it counts nothing; give one")

    @property
    def namespace(self) -> str:
        """Of the target, where the object lives."""
        return home_of(self.target)
