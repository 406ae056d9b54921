"""Custom resource definitions, kept without prose: what types, structural schemas and CEL rules are made from."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent / "crds"

_MAPS = ("properties",)
_SCHEMAS = ("items", "additionalProperties", "not")
_LISTS = ("oneOf", "anyOf", "allOf")


@dataclass(frozen=True)
class Source:
    """Where CRDs come from. name: of the kept copy. inside: a file, or a folder of them, in the Go module."""

    name: str
    module: str
    inside: str

    @property
    def kept(self) -> Path:
        """The committed copy."""
        return FOLDER / f"{self.name}.json"


SOURCES = (
    Source("istio", "istio.io/api@v1.31.1", "kubernetes/customresourcedefinitions.gen.yaml"),
    Source("gateway_api", "sigs.k8s.io/gateway-api@v1.6.0", "config/crd/standard"),
    Source("gateway_api_experimental", "sigs.k8s.io/gateway-api@v1.6.0", "config/crd/experimental"),
)


def from_module(source: Source) -> str:
    """The source's YAML documents, from its Go module, which is downloaded if need be."""
    done = subprocess.run(["go", "mod", "download", "-json", source.module], check=True, capture_output=True, text=True)
    place = Path(json.loads(done.stdout)["Dir"]) / source.inside
    files = sorted(place.glob("*.yaml")) if place.is_dir() else [place]
    return "\n---\n".join(file.read_text(encoding="utf-8") for file in files)


def strip(text: str) -> dict[str, Any]:
    """Kind to group, scope, served versions (newest first), and the schemas of whole objects.

    ``schemas`` holds the newest version's, and that of each older version whose schema differs from it.
    """
    kinds: dict[str, Any] = {}
    for crd in yaml.load_all(text, yaml.CSafeLoader):
        if not crd or crd.get("kind", "CustomResourceDefinition") != "CustomResourceDefinition" or "spec" not in crd:
            continue  # admission policies and kustomizations lie beside the CRDs
        spec = crd["spec"]
        served = sorted((v for v in spec["versions"] if v["served"]), key=_age)
        schemas = {v["name"]: _without_prose(v["schema"]["openAPIV3Schema"]) for v in served}
        newest = served[0]["name"]
        kinds[spec["names"]["kind"]] = {
            "group": spec["group"],
            "namespaced": spec["scope"] == "Namespaced",
            "versions": list(schemas),
            "schemas": {
                name: schema for name, schema in schemas.items() if name == newest or schema != schemas[newest]
            },
        }
    return kinds


def _age(version: dict[str, Any]) -> tuple[int, int, int]:
    """Stable before beta before alpha, and each with the highest number first, as Kubernetes ranks them."""
    parts = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version["name"])
    if parts is None:
        raise ValueError(f"{version['name']} is not a version as Kubernetes writes them")
    major, level, minor = parts.groups()
    return ["", "beta", "alpha"].index(level or ""), -int(major), -int(minor or 0)


def _without_prose(schema: Any) -> Any:
    """The schema without descriptions. Fields may be named like keywords."""
    kept = {key: value for key, value in schema.items() if key != "description"}
    for key in _MAPS:
        if key in kept:
            kept[key] = {name: _without_prose(field) for name, field in kept[key].items()}
    for key in _SCHEMAS:
        if isinstance(kept.get(key), dict):
            kept[key] = _without_prose(kept[key])
    for key in _LISTS:
        if key in kept:
            kept[key] = [_without_prose(each) for each in kept[key]]
    return kept


def dump(kinds: dict[str, Any]) -> str:
    """The kept copy's text: one kind after another, readable in a diff."""
    return json.dumps(kinds, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def load(source: Source) -> dict[str, Any]:
    """The committed copy."""
    kinds: dict[str, Any] = json.loads(source.kept.read_text(encoding="utf-8"))
    return kinds


_DROPPED = {"x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"}


def structure(schema: Any) -> Any:
    """The schema without what types do not carry: rules across fields, which the verdict applies."""
    kept = {key: value for key, value in schema.items() if key not in _DROPPED}
    if "properties" in kept:
        kept["properties"] = {name: structure(field) for name, field in kept["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = structure(kept[key])
    return kept
