"""Building proto3 JSON: fields in a fixed order, durations, and what the view does not model merged in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pulumi_mesh.proxy.view.addresses import Address, SocketAddress
from pulumi_mesh.proxy.view.matching import EMPTY

Json = dict[str, Any]
"""One message."""


def message(fields: Mapping[str, Any], extra: Mapping[str, object] = EMPTY) -> Json:
    """The fields that are not None in the order given, then ``extra``, merged at every depth."""
    return merged({name: value for name, value in fields.items() if value is not None}, extra)


def merged(into: Json, extra: Mapping[str, object]) -> Json:
    """``into`` with ``extra`` put in, its keys sorted: two messages are merged, else ``extra`` wins."""
    for name, value in sorted(extra.items()):
        there = into.get(name)
        if isinstance(value, Mapping) and isinstance(there, dict):
            merged(there, value)
        else:
            into[name] = plain(value)
    return into


def plain(value: object) -> Any:
    """Frozen data as dicts (keys sorted: they compare without order) and lists."""
    if isinstance(value, Mapping):
        return {name: plain(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def typed(type_url: str, body: Json) -> Json:
    """A message in a ``google.protobuf.Any``."""
    return {"@type": type_url, **body}


def extension(name: str, type_url: str, body: Json) -> Json:
    """An extension: its name and its typed config."""
    return {"name": name, "typed_config": typed(type_url, body)}


def opaque(name: str, config: Mapping[str, object]) -> Json:
    """An extension kept as it was read: ``config`` is its typed config, or else its other fields."""
    if "@type" in config:
        return {"name": name, "typed_config": plain(config)}
    return {"name": name, **plain(config)}


def duration(value: timedelta | None) -> str | None:
    """Seconds with no, three or six digits after the point (proto3 JSON)."""
    if value is None:
        return None
    micros = value // timedelta(microseconds=1)
    sign = "-" if micros < 0 else ""
    seconds, rest = divmod(abs(micros), 1_000_000)
    if rest == 0:
        return f"{sign}{seconds}s"
    digits = f"{rest // 1000:03d}" if rest % 1000 == 0 else f"{rest:06d}"
    return f"{sign}{seconds}.{digits}s"


def address(value: Address) -> Json:
    """envoy.config.core.v3.Address; a pipe without a path is an address that ``extra`` holds."""
    if isinstance(value, SocketAddress):
        return {"socket_address": {"address": value.host, "port_value": value.port}}
    return {"pipe": {"path": value.path}} if value.path else {}
