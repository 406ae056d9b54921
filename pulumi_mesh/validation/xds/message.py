"""Envoy's messages in the patches of EnvoyFilters, read as istiod reads them (jsonpb of github.com/golang/protobuf).

A patch that cannot be read is refused. Fields that istiod does not know are told, and left to Envoy: it may be newer.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from pulumi_mesh.validation.durations import nanoseconds
from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.verdict import Problem, warning

_CORE, _ROUTE, _LISTENER = "envoy.config.core.v3", "envoy.config.route.v3", "envoy.config.listener.v3"
_ROOTS = {
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
_BITS = {
    "i": (-(1 << 31), (1 << 31) - 1),
    "I": (-(1 << 63), (1 << 63) - 1),
    "u": (0, (1 << 32) - 1),
    "U": (0, (1 << 64) - 1),
}
_KINDS = {"i": "32-bit integer", "I": "64-bit integer", "u": "32-bit natural number", "U": "64-bit natural number"}
_is_number = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch
_is_whole = re.compile(r"-?(?:0|[1-9][0-9]*)").fullmatch
_is_time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)").fullmatch
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_WELL_KNOWN = "google.protobuf."
_WRAPPERS = frozenset(
    f"{_WELL_KNOWN}{name}Value"
    for name in ("Bool", "Bytes", "String", "Int32", "UInt32", "Float", "Int64", "UInt64", "Double")
)
_SPECIAL = _WRAPPERS | {
    f"{_WELL_KNOWN}{name}" for name in ("Any", "Duration", "Timestamp", "Value", "ListValue", "Struct")
}


class _UnreadableError(Exception):
    """A value that is not of its field's type."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(path, message)


@dataclass(slots=True)
class _Reading:
    unknown: list[Problem] = field(default_factory=list)


def patch_problems(applies_to: str, value: Any, path: str) -> Iterator[Problem]:
    """What is wrong with the value of a patch. applies_to: the kind of Envoy's objects that it is merged into."""
    root = _ROOTS.get(applies_to)
    if root is None:
        yield Problem(path, f"there are no patches of {applies_to}")
        return
    reading = _Reading()
    try:
        _message(root, value, path, reading)
    except _UnreadableError as error:
        yield error.problem
        return
    yield from reading.unknown
    for at in _without_config(root, value, path):
        yield warning(at, "it is named without typed_config, which Envoy is going to refuse")


@cache
def _messages() -> tuple[dict[str, dict[str, str]], list[str], list[frozenset[str]]]:
    """Fields of each message, under both of their names; names of messages in order; values of enums in order."""
    text = resources.files("pulumi_mesh.validation.xds").joinpath("messages.json").read_text("utf-8")
    data = json.loads(text)
    fields = {
        name: {each: kind for plain, kind in own.items() for each in (plain, _json_name(plain))}
        for name, own in data["messages"]
    }
    return fields, [name for name, _ in data["messages"]], [frozenset(values) for values in data["enums"]]


def _json_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _message(name: str, value: Any, path: str, reading: _Reading) -> None:
    if value is None:
        return
    if name in _SPECIAL:
        _special(name, value, path, reading)
        return
    if not isinstance(value, Mapping):
        raise _UnreadableError(path, f"a mapping is expected, a {name}")
    fields, names, _ = _messages()
    known = fields[name]
    for key, item in value.items():
        kind = known.get(key)
        if kind is None:
            reading.unknown.append(warning(f"{path}.{key}", f"{name} has no such field, as far as Istio knows"))
        elif "_" in key and _json_name(key) in value:
            continue  # the field's other name is given too, and counts
        elif item is not None or kind == f"m{names.index(f'{_WELL_KNOWN}Value')}":
            _field(kind, item, f"{path}.{key}", reading)


def _field(kind: str, value: Any, path: str, reading: _Reading) -> None:
    if kind[0] == "[":
        if not isinstance(value, list):
            raise _UnreadableError(path, "a list is expected")
        for index, item in enumerate(value):
            _single(kind[1:], item, f"{path}[{index}]", reading)
    elif kind[0] == "{":
        if not isinstance(value, Mapping):
            raise _UnreadableError(path, "a mapping is expected")
        for key, item in value.items():
            if kind[1] != "s":
                _single(kind[1], key, path, reading)
            _single(kind[2:], item, f"{path}[{key}]", reading)
    else:
        _single(kind, value, path, reading)


def _single(kind: str, value: Any, path: str, reading: _Reading) -> None:
    if value is None:
        return
    letter = kind[0]
    if letter == "m":
        _message(_messages()[1][int(kind[1:])], value, path, reading)
    elif letter == "e":
        values = _messages()[2][int(kind[1:])]
        if isinstance(value, str):
            if value not in values:
                raise _UnreadableError(path, f"{value!r} is not one of {', '.join(sorted(values))}")
        else:
            _whole("i", value, path)
    elif letter == "s":
        if not isinstance(value, str):
            raise _UnreadableError(path, "text is expected; a number or boolean needs quotes")
    elif letter == "b":
        if not isinstance(value, bool):
            raise _UnreadableError(path, "true or false is expected")
    elif letter == "x":
        _bytes(value, path)
    elif letter == "f":
        fits = _is_number(value) or value in _NOT_FINITE if isinstance(value, str) else type(value) in {int, float}
        if not fits:
            raise _UnreadableError(path, "a number is expected")
    else:
        _whole(letter, value, path)


def _whole(letter: str, value: Any, path: str) -> None:
    least, most = _BITS[letter]
    number = None
    if isinstance(value, str):
        digits = whole(value.removeprefix("-")) if _is_whole(value) else None
        number = -digits if digits is not None and value[0] == "-" else digits
    elif type(value) is int or (type(value) is float and value.is_integer()):
        number = int(value)
    if number is None or not least <= number <= most:
        raise _UnreadableError(path, f"a {_KINDS[letter]} is expected")


def _bytes(value: Any, path: str) -> None:
    try:
        base64.b64decode(value if isinstance(value, str) else "=", validate=True)
    except (binascii.Error, ValueError):
        raise _UnreadableError(path, "bytes are expected, in base64") from None


def _special(name: str, value: Any, path: str, reading: _Reading) -> None:
    """Messages of google.protobuf that have a form of their own in JSON."""
    kind = name.removeprefix(_WELL_KNOWN)
    if name in _WRAPPERS:
        _single(_messages()[0][name]["value"], value, path, reading)
    elif kind == "Duration":
        if not isinstance(value, str) or nanoseconds(value) is None:
            raise _UnreadableError(path, "a duration is expected, such as 1.5s")
    elif kind == "Timestamp":
        if not isinstance(value, str) or _is_time(value) is None:
            raise _UnreadableError(path, "a time is expected, such as 2026-01-02T03:04:05Z")
    elif kind == "ListValue":
        if not isinstance(value, list):
            raise _UnreadableError(path, "a list is expected")
    elif kind == "Struct":
        if not isinstance(value, Mapping):
            raise _UnreadableError(path, "a mapping is expected")
    elif kind == "Any":
        _any(value, path, reading)


def _any(value: Any, path: str, reading: _Reading) -> None:
    if not isinstance(value, Mapping) or "@type" not in value:
        raise _UnreadableError(path, "a mapping is expected, with the name of its message as @type")
    given = value["@type"]
    name = given.rpartition("/")[2] if isinstance(given, str) else ""
    if name not in _messages()[0]:
        hint = "; Envoy's API of version 3 is expected" if ".v2." in f"{given}." else ""
        raise _UnreadableError(f"{path}.@type", f"{given!r} is not a message that Istio knows{hint}")
    if name not in _SPECIAL:
        _message(name, {key: item for key, item in value.items() if key != "@type"}, path, reading)
    elif "value" in value:
        _special(name, value["value"], f"{path}.value", reading)
    else:
        raise _UnreadableError(path, f"{name} is in a field called value")


def _without_config(name: str, value: Any, path: str) -> Iterator[str]:
    """Where a message has a place for typed_config, in fields that are no lists, and nothing there."""
    if name in _SPECIAL or not isinstance(value, Mapping):
        return
    fields, names, _ = _messages()
    known = fields[name]
    for key, item in value.items():
        kind = known.get(key, "")
        if kind[:1] == "m" and item is not None:
            yield from _without_config(names[int(kind[1:])], item, f"{path}.{key}")
    config = ("typed_config", "typedConfig", "config_discovery", "configDiscovery")
    if "typed_config" in known and not any(value.get(each) is not None for each in config):
        yield path


OLD_NAMES = {
    "envoy.buffer": "envoy.filters.http.buffer",
    "envoy.cors": "envoy.filters.http.cors",
    "envoy.csrf": "envoy.filters.http.csrf",
    "envoy.http_dynamo_filter": "envoy.filters.http.dynamo",
    "envoy.ext_authz": "envoy.filters.http.ext_authz",
    "envoy.fault": "envoy.filters.http.fault",
    "envoy.grpc_http1_bridge": "envoy.filters.http.grpc_http1_bridge",
    "envoy.grpc_json_transcoder": "envoy.filters.http.grpc_json_transcoder",
    "envoy.grpc_web": "envoy.filters.http.grpc_web",
    "envoy.gzip": "envoy.filters.http.gzip",
    "envoy.health_check": "envoy.filters.http.health_check",
    "envoy.ip_tagging": "envoy.filters.http.ip_tagging",
    "envoy.lua": "envoy.filters.http.lua",
    "envoy.rate_limit": "envoy.filters.http.ratelimit",
    "envoy.router": "envoy.filters.http.router",
    "envoy.squash": "envoy.filters.http.squash",
    "envoy.listener.http_inspector": "envoy.filters.listener.http_inspector",
    "envoy.listener.original_dst": "envoy.filters.listener.original_dst",
    "envoy.listener.original_src": "envoy.filters.listener.original_src",
    "envoy.listener.proxy_protocol": "envoy.filters.listener.proxy_protocol",
    "envoy.listener.tls_inspector": "envoy.filters.listener.tls_inspector",
    "envoy.client_ssl_auth": "envoy.filters.network.client_ssl_auth",
    "envoy.http_connection_manager": "envoy.filters.network.http_connection_manager",
    "envoy.mongo_proxy": "envoy.filters.network.mongo_proxy",
    "envoy.ratelimit": "envoy.filters.network.ratelimit",
    "envoy.redis_proxy": "envoy.filters.network.redis_proxy",
    "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
}
"""Names that filters had before, and their names now; Istio matches on either."""
