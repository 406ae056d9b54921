"""Access logs and tracing (envoy.config.accesslog.v3, envoy.config.trace.v3)."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_mesh.proxy.envoy import names
from pulumi_mesh.proxy.envoy.write.message import Json, extension, message, opaque
from pulumi_mesh.proxy.view.telemetry import AccessLog, Tracing


def access_logs(values: Sequence[AccessLog]) -> list[Json] | None:
    """The field ``access_log``."""
    return [_access_log(each) for each in values] or None


def _access_log(value: AccessLog) -> Json:
    fields = opaque(value.name, value.config) if value.config else {"name": value.name}
    return message({**fields, "filter": _filter(value)}, value.extra)


def _filter(value: AccessLog) -> Json | None:
    found: list[Json] = []
    if value.response_flags:
        found.append({"response_flag_filter": {"flags": list(value.response_flags)}})
    if value.expression:
        config = extension(names.CEL_FILTER, names.CEL_FILTER_TYPE, {"expression": value.expression})
        found.append({"extension_filter": config})
    if len(found) > 1:
        return {"and_filter": {"filters": found}}
    return found[0] if found else None


def tracing(value: Tracing) -> Json:
    """The field ``tracing`` of the HTTP connection manager."""
    share = value.random_sampling
    return message(
        {
            "random_sampling": None if share is None else {"value": share},
            "provider": opaque(value.provider, value.config) if value.provider else None,
        },
        value.extra,
    )
