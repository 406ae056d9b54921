"""Envoy's messages in the patches of EnvoyFilters, read as istiod reads them (jsonpb of github.com/golang/protobuf).

A patch that cannot be read is refused. Fields that istiod does not know are told, and left to Envoy: it may be newer.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_mesh.proxy.envoy.schema import (
    PATCHED,
    PROTOBUF,
    SPECIAL,
    WRAPPERS,
    fields_of,
    is_message,
    json_name,
    message_of,
    values_of,
)
from pulumi_mesh.validation.durations import nanoseconds
from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.verdict import Problem, warning

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
    root = PATCHED.get(applies_to)
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


def _message(name: str, value: Any, path: str, reading: _Reading) -> None:
    if value is None:
        return
    if name in SPECIAL:
        _special(name, value, path, reading)
        return
    if not isinstance(value, Mapping):
        raise _UnreadableError(path, f"a mapping is expected, a {name}")
    known = fields_of(name)
    for key, item in value.items():
        field = known.get(key)
        if field is None:
            reading.unknown.append(warning(f"{path}.{key}", f"{name} has no such field, as far as Istio knows"))
        elif "_" in key and json_name(key) in value:
            continue  # the field's other name is given too, and counts
        elif item is not None or (field.kind[0] == "m" and message_of(field.kind) == f"{PROTOBUF}Value"):
            _field(field.kind, item, f"{path}.{key}", reading)


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
        _message(message_of(kind), value, path, reading)
    elif letter == "e":
        values = values_of(kind)
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
    kind = name.removeprefix(PROTOBUF)
    if name in WRAPPERS:
        _single(fields_of(name)["value"].kind, value, path, reading)
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
    if not is_message(name):
        hint = "; Envoy's API of version 3 is expected" if ".v2." in f"{given}." else ""
        raise _UnreadableError(f"{path}.@type", f"{given!r} is not a message that Istio knows{hint}")
    if name not in SPECIAL:
        _message(name, {key: item for key, item in value.items() if key != "@type"}, path, reading)
    elif "value" in value:
        _special(name, value["value"], f"{path}.value", reading)
    else:
        raise _UnreadableError(path, f"{name} is in a field called value")


def _without_config(name: str, value: Any, path: str) -> Iterator[str]:
    """Where a message has a place for typed_config, in fields that are no lists, and nothing there."""
    if name in SPECIAL or not isinstance(value, Mapping):
        return
    known = fields_of(name)
    for key, item in value.items():
        field = known.get(key)
        if field is not None and field.kind[0] == "m" and item is not None:
            yield from _without_config(message_of(field.kind), item, f"{path}.{key}")
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
