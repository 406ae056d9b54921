"""Access logs and tracing."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.view.matching import EMPTY


@dataclass(frozen=True, slots=True)
class AccessLog:
    """An access log (envoy.config.accesslog.v3.AccessLog).

    name: the logger's. config: its typed config, with ``@type``. response_flags: logs only what has one of these.
    expression: logs only that of which this CEL expression is true; empty for all. Another filter is in ``extra``.
    """

    name: str
    config: FrozenMap[str, object] = EMPTY
    response_flags: tuple[str, ...] = ()
    expression: str = ""
    extra: FrozenMap[str, object] = EMPTY


@dataclass(frozen=True, slots=True)
class Tracing:
    """Which requests are traced, and who is told (of the HTTP connection manager).

    provider, config: the tracer and its typed config, with ``@type``; empty: the one of the bootstrap.
    random_sampling: percent of the requests that nobody decided about; None leaves Envoy's 100.
    """

    provider: str = ""
    config: FrozenMap[str, object] = EMPTY
    random_sampling: float | None = None
    extra: FrozenMap[str, object] = EMPTY
