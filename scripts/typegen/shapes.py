"""The classes of one kind: structurally identical schemas share one, with a short name that is unique."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

# Where a shape is used under names that do not say what it is. Key: kind and one of the places.
NAMES = {
    ("VirtualService", "http[].match[].uri"): "StringMatch",
    ("VirtualService", "http[].mirrorPercentage"): "Percent",
    ("VirtualService", "http[].headers.request"): "HeaderOperations",
    **{
        (kind, f"rules[].{place}"): name
        for kind in ("HTTPRoute", "GRPCRoute")
        for place, name in (
            ("backendRefs[]", "BackendRef"),
            ("filters[].requestHeaderModifier", "HeaderModifier"),
            ("filters[].requestHeaderModifier.add[]", "HeaderValue"),
            ("filters[].requestMirror.backendRef", "MirrorBackendRef"),
            ("filters[].requestRedirect.path", "PathModifier"),
            ("matches[].headers[]", "HeaderMatch"),
            ("matches[].method", "MethodMatch"),
            ("matches[].path", "PathMatch"),
            ("matches[].queryParams[]", "QueryParamMatch"),
        )
    },
}


@dataclass
class Shape:
    """One class to generate. places: each a path such as ``http[].match[]``; empty for the spec itself."""

    schema: Schema
    places: list[str] = field(default_factory=list)
    name: str = ""


def key_of(schema: Schema) -> str:
    """Equal for structurally identical schemas."""
    return json.dumps(schema, sort_keys=True)


def is_shape(schema: Schema) -> bool:
    """Whether the schema becomes a class."""
    return schema.get("type") == "object" and "properties" in schema


def shapes_of(kind: str, spec: Schema) -> dict[str, Shape]:
    """The shapes by their key, each after those it holds, named."""
    shapes: dict[str, Shape] = {}
    _collect(spec, "", shapes)
    _name(kind, shapes, key_of(spec))
    return shapes


def _collect(schema: Schema, place: str, shapes: dict[str, Shape]) -> None:
    for name, child in schema.get("properties", {}).items():
        _collect(child, f"{place}.{name}".removeprefix("."), shapes)
    if isinstance(schema.get("items"), dict):
        _collect(schema["items"], f"{place}[]", shapes)
    if isinstance(schema.get("additionalProperties"), dict):
        _collect(schema["additionalProperties"], f"{place}{{}}", shapes)
    if is_shape(schema):
        shapes.setdefault(key_of(schema), Shape(schema)).places.append(place)


def _name(kind: str, shapes: dict[str, Shape], root: str) -> None:
    """Give each shape the shortest tail of its place that no other shape of the kind has."""
    taken = {kind}
    depth = dict.fromkeys(shapes, 1)
    fixed = {root: f"{kind}Spec"}
    for key, shape in shapes.items():
        if given := next((NAMES[kind, place] for place in shape.places if (kind, place) in NAMES), ""):
            fixed[key] = given
    while True:
        names = {key: fixed.get(key) or _tail(shape, depth[key]) for key, shape in shapes.items()}
        clashing = [
            key
            for key, name in names.items()
            if key not in fixed and (name in taken or sum(other == name for other in names.values()) > 1)
        ]
        if not clashing:
            break
        for key in clashing:
            depth[key] += 1
            if depth[key] > 20:
                raise ValueError(f"{kind}: no unique name for {shapes[key].places}; add it to NAMES")
    for key, shape in shapes.items():
        shape.name = names[key]


def _tail(shape: Shape, depth: int) -> str:
    """The last parts of the place, among those with the commonest last part of the shallowest."""
    last = Counter(_class_part(place.split(".")[-1]) for place in shape.places)
    place = min(shape.places, key=lambda p: (-last[_class_part(p.split(".")[-1])], p.count("."), p))
    parts = [_class_part(part) for part in place.split(".")]
    return "".join(parts[-depth:])


def _class_part(part: str) -> str:
    plain = part.rstrip("[]{}")
    name = plain if plain == part else _singular(plain)
    return name[0].upper() + name[1:]


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("ches", "sses", "xes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "tls", "Tls", "Mtls")) else name


def python_name(wire: str) -> str:
    """snake_case: ``http2MaxRequests`` becomes ``http2_max_requests``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", wire)
    return re.sub(r"(?<=[a-z])(?=\d+xx)", "_", spaced).lower()
