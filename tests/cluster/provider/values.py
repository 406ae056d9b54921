"""Properties as the engine sends them, and as plain data: secrets are a wrapper, unknown values a marked text."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

# A property name may not hold a dash in some of Pulumi's languages, so CustomResourceDefinitions have these instead.
_DASHED = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in (
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    )
}
_UNDERSCORED = {dashed: name for name, dashed in _DASHED.items()}


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that state holds encrypted and output shows as ``[secret]``."""

    value: Any


def read(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Properties with secrets wrapped. Nulls are left out of objects, whole numbers are integers, as in JSON."""
    made: dict[str, Any] = _read_object(struct)
    return made


def _read_object(struct: struct_pb2.Struct) -> Any:
    if _SIGNATURE in struct.fields:
        if struct.fields[_SIGNATURE].string_value != _SECRET:
            raise ValueError("only plain and secret properties are understood")
        return Secret(_read_value(struct.fields["value"]))
    return {
        _DASHED.get(key, key): _read_value(value)
        for key, value in struct.fields.items()
        if value.WhichOneof("kind") not in {None, "null_value"}
    }


def _read_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _read_object(value.struct_value)
        case "list_value":
            return [_read_value(each) for each in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def write(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inverse of ``read``."""
    return struct_pb2.Struct(
        fields={_UNDERSCORED.get(key, key): _write_value(value) for key, value in properties.items()}
    )


def _write_value(value: Any) -> struct_pb2.Value:
    if isinstance(value, Secret):
        return struct_pb2.Value(struct_value=write({_SIGNATURE: _SECRET, "value": value.value}))
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=write(value))
    if isinstance(value, list):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_write_value(each) for each in value]))
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)


def plain(value: Any) -> Any:
    """A copy without the wrappers of secrets: what an API server is sent."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def _any(value: Any, is_such: Callable[[Any], bool]) -> bool:
    if is_such(value):
        return True
    if isinstance(value, Secret):
        return _any(value.value, is_such)
    if isinstance(value, Mapping):
        return any(_any(each, is_such) for each in value.values())
    return isinstance(value, list) and any(_any(each, is_such) for each in value)


def is_unknown(value: Any) -> bool:
    """Whether this is a value that a preview cannot know."""
    return isinstance(value, str) and value in _UNKNOWNS


def has_unknown(value: Any) -> bool:
    """Whether anything in it is unknown."""
    return _any(value, is_unknown)


def with_secrets(manifest: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """A plain manifest with secrets wrapped where the program declared one, and all values of a Kubernetes Secret.

    A list is secret as a whole when anything in it was declared so: servers may change the order.
    """
    if manifest.get("kind") == "Secret":
        return {key: Secret(value) if key in {"data", "stringData"} else value for key, value in manifest.items()}
    made = dict(manifest)
    for key, value in declared.items():
        if key not in made:
            continue
        if isinstance(made[key], Mapping) and isinstance(value, Mapping):
            made[key] = with_secrets(made[key], value)
        elif _any(value, lambda each: isinstance(each, Secret)):
            made[key] = Secret(made[key])
    return made


def folded(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest as it is stored: a Secret's ``stringData``, which only goes in, is part of its ``data``."""
    made = dict(manifest)
    given = made.get("stringData")
    if made.get("kind") == "Secret" and isinstance(given, Mapping):
        del made["stringData"]
        encoded = {
            key: value if is_unknown(value) else base64.b64encode(str(value).encode()).decode()
            for key, value in given.items()
        }
        made["data"] = {**made.get("data", {}), **encoded}
    return made
