"""Role-based access control: which requests, from whom, are allowed or denied.

Conditions are trees: a permission (what is asked for) and a principal (who asks) use the same nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Union

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.matching import EMPTY, HeaderMatch, MetadataMatch, StringMatch
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class Always:
    """True for every request."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every condition is."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when one condition is."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the condition is not."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Header:
    """A header matches."""

    match: HeaderMatch


@dataclass(frozen=True, slots=True)
class UrlPath:
    """The path, without the query, matches (permission only)."""

    match: StringMatch


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """The path has this form: ``*`` for one segment, ``**`` for any number of them (permission only)."""

    template: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a filter noted, such as the claims of a token, matches."""

    match: MetadataMatch


@dataclass(frozen=True, slots=True)
class DestinationAddress:
    """The connection was made to an address in this range (permission only)."""

    prefix: str
    length: int


@dataclass(frozen=True, slots=True)
class DestinationPort:
    """The connection was made to this port (permission only)."""

    port: int


@dataclass(frozen=True, slots=True)
class RequestedServerName:
    """The SNI matches (permission only)."""

    match: StringMatch


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The peer proved an identity by mutual TLS; None takes any identity (principal only)."""

    match: StringMatch | None


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """The peer's address is in a range (principal only).

    kind: Envoy's field, ``direct_remote_ip`` (the connection) or ``remote_ip`` (after forwarded headers).
    """

    kind: Literal["direct_remote_ip", "remote_ip"]
    prefix: str
    length: int


@dataclass(frozen=True, slots=True)
class OpaqueCondition:
    """A condition that is not modelled, kept as it was read."""

    config: FrozenMap[str, object]


Condition = Union[  # noqa: UP007 - the classes above name it before it is there
    Always,
    AllOf,
    AnyOf,
    Not,
    Header,
    UrlPath,
    PathTemplate,
    Metadata,
    DestinationAddress,
    DestinationPort,
    RequestedServerName,
    Authenticated,
    SourceAddress,
    OpaqueCondition,
]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy holds when one of ``permissions`` and one of ``principals`` are true."""

    name: str
    permissions: tuple[Condition, ...]
    principals: tuple[Condition, ...]
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Rules:
    """ALLOW passes only what a policy matches; DENY refuses what a policy matches; LOG decides nothing."""

    action: Literal["ALLOW", "DENY", "LOG"]
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class HttpRbac:
    """The HTTP filter envoy.filters.http.rbac.

    shadow: evaluated, not enforced: the filter notes under its name, with ``shadow_prefix`` before the key,
    ``shadow_engine_result`` (allowed, denied) and ``shadow_effective_policy_id`` (the policy that matched).
    """

    rules: Rules | None
    shadow: Rules | None = None
    extra: FrozenMap[str, object] = EMPTY
    shadow_prefix: str = ""


@dataclass(frozen=True, slots=True)
class NetworkRbac:
    """The network filter envoy.filters.network.rbac: as HttpRbac, of connections."""

    rules: Rules | None
    stat_prefix: str
    shadow: Rules | None = None
    extra: FrozenMap[str, object] = EMPTY
    shadow_prefix: str = ""
