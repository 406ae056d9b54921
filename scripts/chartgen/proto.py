"""Messages and enums of a proto3 file as shapes: field name to the type of its value in YAML."""

from __future__ import annotations

import re

Fields = dict[str, str]
"""Field name to type: a word of ``SCALARS``, ``list:TYPE``, ``map:TYPE``, ``enum:a|b`` or the name of a message."""

SCALARS = {
    "bool": "flag",
    "string": "text",
    "int32": "whole",
    "int64": "whole",
    "uint32": "whole",
    "uint64": "whole",
    "float": "number",
    "double": "number",
    "IntOrString": "text|whole",
    "google.protobuf.BoolValue": "flag",
    "google.protobuf.Duration": "text",
    "google.protobuf.StringValue": "text",
    "google.protobuf.Int32Value": "whole",
    "google.protobuf.Struct": "map:any",
    "google.protobuf.Value": "any",
    "google.protobuf.Any": "any",
    "google.protobuf.ListValue": "list:any",
}
"""A proto type to the word for it. ``Value`` and ``Struct`` are where Istio leaves the form to Kubernetes."""

_ENUM = re.compile(r"enum\s+(\w+)\s*\{([^}]*)\}")
_MESSAGE = re.compile(r"message\s+(\w+)\s*\{([^{}]*)\}")
_MAP = re.compile(r"map\s*<\s*string\s*,\s*([\w.]+)\s*>\s+(\w+)\s*=")
_FIELD = re.compile(r"(repeated\s+)?([\w.]+)\s+(\w+)\s*=\s*\d+")
_MEMBER = re.compile(r"(\w+)\s*=\s*\d+\s*;")


def messages(text: str) -> dict[str, Fields]:
    """Every message of a file; what is written in it otherwise than in Istio's file raises ValueError."""
    plain = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    enums = {name: "enum:" + "|".join(_MEMBER.findall(body)) for name, body in _ENUM.findall(plain)}
    bodies = dict(_MESSAGE.findall(_ENUM.sub("", plain)))
    if len(bodies) != len(re.findall(r"^\s*message\s", plain, re.MULTILINE)):
        raise ValueError("a message holds another or a oneof, which is not read here")
    return {name: _fields(name, body, enums, set(bodies)) for name, body in bodies.items()}


def _fields(message: str, body: str, enums: dict[str, str], known: set[str]) -> Fields:
    fields: Fields = {}
    for statement in body.split(";"):
        line = " ".join(statement.split())
        if not line:
            continue
        if found := _MAP.match(line):
            fields[found[2]] = f"map:{_type(found[1], enums, known)}"
        elif found := _FIELD.match(line):
            type_ = _type(found[2], enums, known)
            name = _json_name(line) or found[3]
            fields[name] = f"list:{type_}" if found[1] else type_
        else:
            raise ValueError(f"{message}: cannot read {line!r}")
    return fields


def _type(name: str, enums: dict[str, str], known: set[str]) -> str:
    found = SCALARS.get(name) or enums.get(name) or (name if name in known else "")
    if not found:
        raise ValueError(f"the type {name} is not known; add it to SCALARS")
    return found


def _json_name(line: str) -> str:
    found = re.search(r'json_name\s*=\s*"([^"]+)"', line)
    return found[1] if found else ""
