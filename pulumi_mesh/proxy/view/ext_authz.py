"""External authorization: another service is asked whether a request, or a connection, is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.matching import EMPTY, MetadataMatch


@dataclass(frozen=True, slots=True)
class HttpExtAuthz:
    """The HTTP filter envoy.filters.http.ext_authz.

    cluster: where the service is. protocol: how it is asked. only_if: asks only about requests of which this is noted;
    None: about all. allow_on_failure: whether a request passes when the service does not answer; else it is refused
    with ``status_on_error`` (0: 403).
    """

    cluster: str
    protocol: Literal["http", "grpc"]
    only_if: MetadataMatch | None = None
    allow_on_failure: bool = False
    status_on_error: int = 0
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class NetworkExtAuthz:
    """The network filter envoy.filters.network.ext_authz, which asks by gRPC."""

    cluster: str
    stat_prefix: str
    only_if: MetadataMatch | None = None
    allow_on_failure: bool = False
    extra: FrozenMap[str, object] = EMPTY
