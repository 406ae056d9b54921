"""The values that Istio's charts take, reduced to names and types.

No chart has a full schema. What it takes is put together from Istio's own description of its values (a proto file), the
chart's ``values.schema.json`` where it has one, its default values, and the values that its templates read.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from scripts.chartgen.proto import Fields, messages

MODULE = "istio.io/istio@v0.0.0-20260827124520-eed52ebb66ad"
PINNED = Path(__file__).parent.parent / "charts" / "istio.json"
CHARTS = {"base": "base", "istiod": "istio-control/istio-discovery", "gateway": "gateway"}
"""A chart's name to its folder in the module."""

_DEFAULTS = "_internal_defaults_do_not_set"
_ROOTS = {"base": "BaseValues", "istiod": "IstiodValues", "gateway": "GatewayValues"}
_EVERYWHERE: Fields = {"profile": "text", "platform": "text", "compatibilityVersion": "text"}
_READ = re.compile(r"\$?\.Values((?:\.[A-Za-z_]\w*)+)")
_OPEN = {"env": "map:any", "annotations": "map:any", "labels": "map:any", "podAnnotations": "map:any"}
"""Names that hold a map of whatever a user likes, also where a chart's schema lists the commonest keys."""

_MENDED = {
    ("PilotConfig", "extraContainerArgs"): "list:text",  # arguments of a command, which the proto file has as mappings
    ("Values", "meshConfig"): "map:any",  # a mapping, which the proto file does not say
    ("BaseConfig", "validationFailurePolicy"): "enum:Fail|Ignore",  # what Kubernetes takes
}
"""Where a chart's template shows that the proto file is wrong or vague."""

_UNREAD = {"GatewaysConfig": ("enabled", "istio-egressgateway", "istio-ingressgateway")}
"""Values of an installer that is no more, which no template reads: gateways have a chart of their own."""

Shapes = dict[str, Fields]


def from_module() -> Path:
    """The folder of Istio's module, downloaded if need be."""
    done = subprocess.run(["go", "mod", "download", "-json", MODULE], check=True, capture_output=True, text=True)
    return Path(json.loads(done.stdout)["Dir"])


def reduce(module: Path) -> dict[str, Any]:
    """Shape name to fields, of all that the charts' values are made of."""
    proto = messages((module / "operator/pkg/apis/values_types.proto").read_text(encoding="utf-8"))
    for (message, field), type_ in _MENDED.items():
        proto[message][field] = type_
    for message, fields in _UNREAD.items():
        proto[message] = {field: type_ for field, type_ in proto[message].items() if field not in fields}
    shapes: Shapes = dict(proto)
    base = ("base", "global", "defaultRevision", "experimental")
    shapes["BaseValues"] = {**_EVERYWHERE, **{field: proto["Values"][field] for field in base}}
    istiod = {key: each for key, each in proto["Values"].items() if key not in ("cni", "ztunnel", "istio_cni")}
    shapes["IstiodValues"] = {**proto["PilotConfig"], **istiod, **_EVERYWHERE}
    schema = json.loads((module / "manifests/charts/gateway/values.schema.json").read_text(encoding="utf-8"))
    _from_schema("GatewayValues", schema["$defs"]["values"], shapes)
    shapes["GatewayValues"] |= {"global": "GlobalConfig"}
    for chart, folder in CHARTS.items():
        place = module / "manifests/charts" / folder
        _add_defaults(_ROOTS[chart], _defaults(place), shapes)
        for path in _read_by_templates(place):
            if chart != "gateway" or path[0] in shapes["GatewayValues"]:  # at its top this schema is complete
                _add_path(_ROOTS[chart], path, shapes)
    del shapes["GatewayValues"][_DEFAULTS]
    return {name: dict(sorted(shapes[name].items())) for name in sorted(_reached(shapes))}


def dump(shapes: Shapes) -> str:
    """The pinned copy's text."""
    return json.dumps(shapes, indent=1, sort_keys=True) + "\n"


def load() -> Shapes:
    """The pinned copy."""
    shapes: Shapes = json.loads(PINNED.read_text(encoding="utf-8"))
    return shapes


def _defaults(chart: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    return {**{key: each for key, each in values.items() if key != _DEFAULTS}, **values[_DEFAULTS]}


def _read_by_templates(chart: Path) -> list[list[str]]:
    """The paths of values that templates name, those of injected pods included."""
    files = [*(chart / "templates").iterdir(), *(file for file in (chart / "files").iterdir() if _is_template(file))]
    texts = [file.read_text(encoding="utf-8") for file in sorted(files)]
    found = {path for text in texts for path in _READ.findall(text)}
    paths = [path.removeprefix(".").split(".") for path in sorted(found)]
    return [path for path in paths if path[0] not in (_DEFAULTS, "_original", "defaults")]


def _is_template(file: Path) -> bool:
    return file.suffix == ".yaml" and not file.name.startswith(("profile-", "crd-"))


def _add_defaults(shape: str, defaults: dict[str, Any], shapes: Shapes) -> None:
    """Add what defaults have and the shape does not know; their values tell the types."""
    for key, value in defaults.items():
        known = shapes[shape].get(key)
        if known is None:
            shapes[shape][key] = _type_of(shape, key, value, shapes)
        elif known in shapes and isinstance(value, dict):
            _add_defaults(known, value, shapes)


def _type_of(shape: str, key: str, value: Any, shapes: Shapes) -> str:
    if isinstance(value, dict) and value and key not in _OPEN:
        name = _nested(shape, key)
        shapes[name] = {}
        _add_defaults(name, value, shapes)
        return name
    words = {bool: "flag", int: "whole", float: "number", str: "text", list: "list:any", dict: "map:any"}
    return words.get(type(value), "any")


def _add_path(shape: str, path: list[str], shapes: Shapes) -> None:
    """Add a value that a template reads; its type is unknown, unless more of the path shows that it is a mapping."""
    key, *rest = path
    known = shapes[shape].setdefault(key, _OPEN.get(key, "any"))
    if rest and known in shapes:
        _add_path(known, rest, shapes)


def _from_schema(shape: str, schema: dict[str, Any], shapes: Shapes) -> None:
    shapes[shape] = {key: _schema_type(shape, key, each, shapes) for key, each in schema["properties"].items()}


def _schema_type(shape: str, key: str, schema: dict[str, Any], shapes: Shapes) -> str:
    if "enum" in schema:
        return "enum:" + "|".join(json.dumps(each) if isinstance(each, bool) else each for each in schema["enum"])
    kinds = schema.get("type", "array" if "items" in schema else "any")
    words = [_word(shape, key, kind, schema, shapes) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return "|".join(sorted(word for word in words if word))


def _word(shape: str, key: str, kind: str, schema: dict[str, Any], shapes: Shapes) -> str:
    match kind:
        case "array":
            return f"list:{_schema_type(shape, key, schema['items'], shapes)}" if "items" in schema else "list:any"
        case "object" if "properties" in schema and key not in _OPEN:
            name = _nested(shape, key)
            _from_schema(name, schema, shapes)
            return name
        case "object" if isinstance(schema.get("additionalProperties"), dict) and key not in _OPEN:
            return f"map:{_schema_type(shape, key, schema['additionalProperties'], shapes)}"
        case _:
            known = {"object": "map:any", "string": "text", "boolean": "flag", "integer": "whole", "number": "number"}
            return {**known, "null": "", "any": "any"}[kind]


def _nested(shape: str, key: str) -> str:
    plain = key.replace("_", "").replace("-", "")
    return f"{shape.removesuffix('Values')}{plain[0].upper()}{plain[1:]}"


def _reached(shapes: Shapes) -> set[str]:
    found: set[str] = set()
    waiting = list(_ROOTS.values())
    while waiting:
        shape = waiting.pop()
        if shape not in found:
            found.add(shape)
            words = [word for type_ in shapes[shape].values() for word in re.split(r"[:|]", type_)]
            waiting.extend(word for word in words if word in shapes)
    return found
