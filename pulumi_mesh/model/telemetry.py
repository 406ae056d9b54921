"""Telemetry: what proxies log, trace and count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.fields import LineText, Name, Percent
from pulumi_mesh.model.namespace import NamespaceName
from pulumi_mesh.model.targets import PolicyTarget, check_target
from pulumi_mesh.typed import Accepts, Bool, FieldError, Many, MapOf, MaybeText, Texts, default, is_output, typed

Side: TypeAlias = Literal["CLIENT_AND_SERVER", "CLIENT", "SERVER"]
"""Of which proxies: those that send requests (gateways too), those that take them in, or both."""


@typed
class AccessLog:
    """Log requests and connections: Telemetry ``accessLogging[]``.

    providers: of MeshConfig, by name, such as ``envoy``; default: the mesh's. disabled: log nothing.
    filter: logs what a CEL expression is true of, such as ``response.code >= 400``; default: everything.
    side: of which proxies; default: ``CLIENT_AND_SERVER``.
    """

    _: KW_ONLY
    providers: Texts = default(())
    disabled: Bool = False
    filter: LineText = default("")
    side: Side | None = None


@typed
class TraceTag:
    """What a tag of spans says. Exactly one of: literal: this text. header: the value of a request's header.

    environment: an environment variable of the proxy. default: where the header or variable is not there.
    """

    _: KW_ONLY
    literal: LineText = default("")
    header: LineText = default("")
    environment: LineText = default("")
    default: LineText = default("")

    def __post_init__(self) -> None:
        given = [each for each in ("literal", "header", "environment") if getattr(self, each)]
        if len(given) != 1:
            raise FieldError("literal", "give one of literal, header and environment: what the tag says")
        if self.literal and self.default:
            raise FieldError("default", "a literal is always there; leave the default away")


if TYPE_CHECKING:
    TraceTags: TypeAlias = Accepts[
        Mapping[str, str] | Mapping[str, TraceTag] | Mapping[str, str | TraceTag], FrozenMap[str, TraceTag]
    ]
    TagOverrides: TypeAlias = Accepts[Mapping[str, MaybeText | None], FrozenMap[str, str | None]]
else:

    def _from_text(value: Any) -> Any:
        return {"literal": value} if isinstance(value, str) or is_output(value) else value

    TraceTags = MapOf[Annotated[TraceTag, BeforeValidator(_from_text)]]
    TagOverrides = MapOf[LineText | None]


@typed
class Tracing:
    """Trace requests: Telemetry ``tracing[]``.

    provider: of MeshConfig, by name; default: the mesh's. sampling: percent of requests that a proxy starts a trace
    for (``randomSamplingPercentage``); default: the mesh's.
    disabled: reports no spans. tags: by name what they say; text stands for a literal.
    """

    _: KW_ONLY
    provider: LineText = default("")
    sampling: Percent | None = None
    disabled: Bool = False
    tags: TraceTags = default(FrozenMap())

    def __post_init__(self) -> None:
        if not self.provider and self.sampling is None and not self.disabled and not self.tags:
            raise FieldError("sampling", "nothing is said; give one of the fields or leave it all away")


Metric: TypeAlias = Literal[
    "ALL_METRICS",
    "REQUEST_COUNT",
    "REQUEST_DURATION",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "TCP_OPENED_CONNECTIONS",
    "TCP_CLOSED_CONNECTIONS",
    "TCP_SENT_BYTES",
    "TCP_RECEIVED_BYTES",
    "GRPC_REQUEST_MESSAGES",
    "GRPC_RESPONSE_MESSAGES",
]


@typed
class MetricOverride:
    """Change a metric, or leave it out: Telemetry ``metrics[].overrides[]``.

    metric: default: all of Istio's. side: of which proxies; default: ``CLIENT_AND_SERVER``. disabled: not counted.
    tags: by name the expression that a tag is set to, such as ``request.host``; None takes the tag away.
    """

    _: KW_ONLY
    metric: Metric = "ALL_METRICS"
    side: Side | None = None
    disabled: Bool = False
    tags: TagOverrides = default(FrozenMap())

    def __post_init__(self) -> None:
        if not self.disabled and not self.tags:
            raise FieldError("tags", "nothing is changed; give tags, or disabled=True")
        if self.disabled and self.tags:
            raise FieldError("tags", "what is not counted has no tags; leave them away")
        for name, expression in self.tags.items():
            if not name or expression == "":
                raise FieldError(f"tags[{name!r}]", "a tag has a name and an expression; None takes the tag away")


@typed
class Metrics:
    """Where metrics go, and what is changed of them: Telemetry ``metrics[]``.

    providers: of MeshConfig, by name, such as ``prometheus``; default: the mesh's. overrides: in their order.
    """

    _: KW_ONLY
    providers: Texts = default(())
    overrides: Many[MetricOverride] = default(())

    def __post_init__(self) -> None:
        if not self.providers and not self.overrides:
            raise FieldError("overrides", "nothing is said; give providers or overrides")


@typed
class Telemetry:
    """What proxies log, trace and count. What is nearer counts: a target's, a namespace's, the mesh's.

    target: the service, version or gateway whose proxies it is for. namespace: all of its workloads.
    Neither: the mesh.
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("")
    target: PolicyTarget = default(None)
    access_logs: Many[AccessLog] = default(())
    tracing: Tracing | None = None
    metrics: Many[Metrics] = default(())
    _stands_alone = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "namespace", check_target(self.target, self.namespace))
        if not self.access_logs and self.tracing is None and not self.metrics:
            raise FieldError("access_logs", "nothing is said; give access_logs, tracing or metrics")

    @property
    def scope(self) -> tuple[str, Any]:
        """(namespace, target) that it holds for; empty namespace: the mesh."""
        return self.namespace, self.target
