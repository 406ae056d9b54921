"""What the API server puts where a field is left out, as the schema says: before any rule sees the object."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Fill: TypeAlias = Callable[[Any], Any]


def filled(schema: Mapping[str, Any]) -> Fill | None:
    """A function that gives a value with its defaults; None where the schema has none at any depth.

    What it is given stays as it is; parts that have no defaults are shared with it.
    """
    defaults = {name: field["default"] for name, field in schema.get("properties", {}).items() if "default" in field}
    nullable = {name for name in defaults if schema["properties"][name].get("nullable")}
    inner = {name: part for name, field in schema.get("properties", {}).items() if (part := filled(field))}
    rest = _of(schema.get("additionalProperties"))
    items = _of(schema.get("items"))
    if not (defaults or inner or rest or items):
        return None

    def fill(value: Any) -> Any:
        if isinstance(value, list) and items is not None:
            return [items(item) for item in value]
        if not isinstance(value, dict):
            return value
        made = dict(value)
        for name, default in defaults.items():
            if name not in made or (made[name] is None and name not in nullable):
                made[name] = copy.deepcopy(default)
        for name, item in made.items():
            if name in inner:
                made[name] = inner[name](item)
            elif rest is not None and name not in schema.get("properties", {}):
                made[name] = rest(item)
        return made

    return fill


def _of(schema: Any) -> Fill | None:
    return filled(schema) if isinstance(schema, Mapping) else None
