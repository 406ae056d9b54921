"""The value of a patch as istiod holds it: a message of Envoy's API."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from pulumi_mesh.proxy.envoy.schema import (
    PROTOBUF,
    SPECIAL,
    WRAPPERS,
    Field,
    fields_of,
    is_message,
    json_name,
    message_of,
    values_of,
)
from pulumi_mesh.proxy.envoy.write.message import Json

_DURATION = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,9}))?s")
_ZEROS = {"b": False, "s": "", "x": ""}


class UnreadableError(Exception):
    """A value that is not a message of the kind that its patch needs: istiod leaves that patch out."""


def read_message(name: str, value: object) -> Json:
    """A message, its fields under their names in the .proto files; what istiod does not know is left out, and so is
    what protobuf does not tell apart from an absent field: zeros, empty text, empty lists and maps.

    Mirrors BuildXDSObjectFromStruct (pkg/config/xds), not strict. UnreadableError where the form is another.
    """
    if not isinstance(value, Mapping):
        raise UnreadableError
    known = fields_of(name)
    made: Json = {}
    for key, item in value.items():
        field = known.get(key)
        if field is None or ("_" in key and json_name(key) in value and json_name(key) != key):
            continue
        if item is None and not _is_value(field):
            continue
        read = _field(field.kind, item)
        if _is_there(field, read):
            made[field.name] = read
    return made


def is_zero(kind: str, value: object) -> bool:
    """Whether a scalar has the value that protobuf does not write."""
    if kind[0] == "e":
        return value == 0 or value == values_of(kind)[0]
    return value in (0, "0") if kind[0] in "iIuUf" else value == _ZEROS[kind[0]]


def _is_there(field: Field, value: object) -> bool:
    if field.kind[0] in "[{":
        return bool(value)
    return field.kind[0] == "m" or field.explicit or not is_zero(field.kind, value)


def _is_value(field: Field) -> bool:
    return field.kind[0] == "m" and message_of(field.kind) == f"{PROTOBUF}Value"


def _field(kind: str, value: Any) -> Any:
    if kind[0] == "[":
        if not isinstance(value, list | tuple):
            raise UnreadableError
        return [_single(kind[1:], each) for each in value]
    if kind[0] == "{":
        if not isinstance(value, Mapping):
            raise UnreadableError
        return {str(key): _single(kind[2:], each) for key, each in value.items()}
    return _single(kind, value)


def _single(kind: str, value: Any) -> Any:
    if kind[0] == "m":
        return _message(message_of(kind), value)
    if isinstance(value, Mapping | list | tuple):
        raise UnreadableError
    return str(value) if kind[0] in "IU" and type(value) is int else value


def _message(name: str, value: Any) -> Any:
    if name == f"{PROTOBUF}Any":
        return _any(value)
    if name in WRAPPERS:
        return _single(fields_of(name)["value"].kind, value)
    if name == f"{PROTOBUF}Duration":
        return _duration(value)
    return plain(value) if name in SPECIAL else read_message(name, value)


def _any(value: Any) -> Json:
    if not isinstance(value, Mapping) or not isinstance(value.get("@type"), str):
        raise UnreadableError
    name = value["@type"].rpartition("/")[2]
    if not is_message(name):
        raise UnreadableError
    if name in SPECIAL:
        return plain(value)  # type: ignore[no-any-return]  # a mapping stays one
    return {"@type": value["@type"], **read_message(name, {key: each for key, each in value.items() if key != "@type"})}


def _duration(value: object) -> str:
    """As protobuf writes it: with no, three, six or nine digits after the point."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise UnreadableError
    sign, seconds, fraction = found.groups()
    digits = (fraction or "").rstrip("0")
    digits = digits.ljust(3 * math.ceil(len(digits) / 3), "0")
    return f"{sign}{int(seconds)}{f'.{digits}' if digits else ''}s"


def plain(value: Any) -> Any:
    """Data of no message in dicts and lists."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
