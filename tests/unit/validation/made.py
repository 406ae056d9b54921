"""Objects made up from a schema: most of their fields fit it, some do not."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from pulumi_mesh.validation.schemas import Definition

ODD: tuple[Any, ...] = (
    "", "*", "é", "a\n", "x" * 300, 0, -1, 65536, 2**31, 2**63, 1.5, 2.0, 1e300, True, False, [], {}, [{}], ["a", "a"],
    {"a": "b"}, {"": ""}, [None], None,
)  # fmt: skip
TEXTS = (
    "a", "a.b", "10s", "1h30m", "/a", "a.io/b", "Kind", "*.a.b", "http://a.b", "GET", "System", "a-b", "a_b", "x.y/z",
    "YQ==", "2020-01-01T00:00:00Z", "1.2.3.4", "::1", "80",
)  # fmt: skip


def made_object(definition: Definition, version: str, random: Random) -> dict[str, Any]:
    """An object of the kind with a name, and a spec of any fields."""
    schema = definition.schema(version)["properties"]["spec"]
    header = {"apiVersion": f"{definition.group}/{version}", "kind": definition.kind, "metadata": {"name": "a"}}
    return {**header, "spec": made_value(schema, random, 0)}


def made_value(schema: Mapping[str, Any], random: Random, depth: int) -> Any:
    """A value for a field with this schema, ``depth`` levels below the spec: the deeper, the fewer fields."""
    if random.random() < 0.01:
        return random.choice(ODD)
    if "enum" in schema:
        return random.choice(schema["enum"])
    match schema.get("type"):
        case "string":
            return _text(schema, random)
        case "integer" | "number":
            low, high = schema.get("minimum", 0), schema.get("maximum", 5)
            return random.choice([low, high, low, (low + high) // 2])
        case "boolean":
            return random.choice([True, False])
        case "array":
            least = max(schema.get("minItems", 0), 1)
            return [
                made_value(schema["items"], random, depth + 1) for _ in range(random.choice([least, least, least + 1]))
            ]
        case "object":
            return _object(schema, random, depth)
    return random.choice([1, "a"])  # int or text


def _text(schema: Mapping[str, Any], random: Random) -> str:
    import re2

    fitting = [text for text in TEXTS if re2.search(schema.get("pattern", ""), text)]
    return random.choice(fitting or TEXTS)


def _object(schema: Mapping[str, Any], random: Random, depth: int) -> dict[str, Any]:
    one_of = [branch["required"][0] for branch in schema.get("oneOf", []) if "required" in branch]
    chosen = random.choice(one_of) if one_of else None
    fields = schema.get("properties", {})
    if "x-kubernetes-preserve-unknown-fields" in schema:
        return {"any": [1, {"thing": None}]}
    made = {
        name: made_value(field, random, depth + 1)
        for name, field in fields.items()
        if (name not in one_of or name == chosen)
        and (name in schema.get("required", ()) or random.random() < 0.5 / (1 + depth / 3))
    }
    if isinstance(others := schema.get("additionalProperties"), Mapping):
        made |= {key: made_value(others, random, depth + 1) for key in random.sample(["a", "80", "a.b/c"], 2)}
    return made
