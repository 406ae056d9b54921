"""Envoy's API as istiod knows it: the fields of each message. ``python -m scripts.xds`` writes ``messages.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_CORE, _ROUTE, _LISTENER = "envoy.config.core.v3", "envoy.config.route.v3", "envoy.config.listener.v3"

PATCHED = {
    "CLUSTER": "envoy.config.cluster.v3.Cluster",
    "LISTENER": f"{_LISTENER}.Listener",
    "ROUTE_CONFIGURATION": f"{_ROUTE}.RouteConfiguration",
    "FILTER_CHAIN": f"{_LISTENER}.FilterChain",
    "HTTP_FILTER": "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
    "NETWORK_FILTER": f"{_LISTENER}.Filter",
    "VIRTUAL_HOST": f"{_ROUTE}.VirtualHost",
    "HTTP_ROUTE": f"{_ROUTE}.Route",
    "EXTENSION_CONFIG": f"{_CORE}.TypedExtensionConfig",
    "BOOTSTRAP": "envoy.config.bootstrap.v3.Bootstrap",
    "LISTENER_FILTER": f"{_LISTENER}.ListenerFilter",
}
"""The message that a patch of an EnvoyFilter holds, by its ``applyTo``."""

PROTOBUF = "google.protobuf."
WRAPPERS = frozenset(
    f"{PROTOBUF}{name}Value"
    for name in ("Bool", "Bytes", "String", "Int32", "UInt32", "Float", "Int64", "UInt64", "Double")
)
"""Messages that are written as the one value that they hold."""
SPECIAL = WRAPPERS | {f"{PROTOBUF}{name}" for name in ("Any", "Duration", "Timestamp", "Value", "ListValue", "Struct")}
"""Messages that have a form of their own in JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message.

    name: in the .proto file. kind: a letter for a scalar (``b``: boolean, ``s``: text, ``x``: bytes, ``i`` ``I``:
    integer of 32 and 64 bits, ``u`` ``U``: not negative, ``f``: float), ``m`` or ``e`` and the index of a message or
    enum; before it ``[`` for a list, ``{`` and the key's kind for a map. oneof: which of the message's it is in.
    explicit: whether a scalar's absence is told apart from its zero.
    """

    name: str
    kind: str
    oneof: int | None = None
    explicit: bool = False


def is_message(name: str) -> bool:
    """Whether istiod knows a message of that name."""
    return name in _data()["messages"]


@cache
def fields_of(message: str) -> Mapping[str, Field]:
    """The fields of a message, each under both of its names. KeyError where there is no such message."""
    found = {}
    for name, text in _data()["messages"][message].items():
        kind, _, oneof = text.partition("|")
        field = Field(name, kind.removesuffix("?"), int(oneof) if oneof else None, bool(oneof) or kind.endswith("?"))
        found[name] = found[json_name(name)] = field
    return found


def message_of(kind: str) -> str:
    """The name of the message that a kind such as ``m12`` stands for."""
    name: str = _data()["names"][int(kind[1:])]
    return name


def values_of(kind: str) -> tuple[str, ...]:
    """The values of the enum that a kind such as ``e3`` stands for, its zero first."""
    return tuple(_data()["enums"][int(kind[1:])])


def json_name(name: str) -> str:
    """A field's name in proto3 JSON."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


@cache
def _data() -> dict[str, Any]:
    data = json.loads(resources.files(__name__).joinpath("messages.json").read_text("utf-8"))
    return {"messages": dict(data["messages"]), "names": [name for name, _ in data["messages"]], "enums": data["enums"]}
