"""Custom resource definitions, reduced to what the types need: structure without prose."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

MODULE = "istio.io/api@v1.31.1"
INSIDE = "kubernetes/customresourcedefinitions.gen.yaml"
STRIPPED = Path(__file__).parent.parent / "crds" / "istio.json"

_DROPPED = {"description", "x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"}


def from_module() -> Path:
    """The CRDs in the Go module, downloaded if need be."""
    done = subprocess.run(["go", "mod", "download", "-json", MODULE], check=True, capture_output=True, text=True)
    return Path(json.loads(done.stdout)["Dir"]) / INSIDE


def strip(text: str) -> dict[str, Any]:
    """Kind to group, scope, served versions (newest first) and the newest version's schema of ``spec``."""
    kinds: dict[str, Any] = {}
    for crd in yaml.load_all(text, yaml.CSafeLoader):
        if not crd:
            continue
        spec = crd["spec"]
        versions = sorted((v for v in spec["versions"] if v["served"]), key=_age)
        schema = versions[0]["schema"]["openAPIV3Schema"]
        kinds[spec["names"]["kind"]] = {
            "group": spec["group"],
            "namespaced": spec["scope"] == "Namespaced",
            "versions": [v["name"] for v in versions],
            "spec": _structure(schema["properties"]["spec"]),
        }
    return kinds


def _age(version: dict[str, Any]) -> tuple[int, str]:
    """Stable before beta before alpha, as Kubernetes ranks them."""
    name = version["name"]
    return (2 if "alpha" in name else 1 if "beta" in name else 0), name


def _structure(schema: Any) -> Any:
    """The schema without prose and rules that the types do not carry. Fields may be named like keywords."""
    kept = {key: value for key, value in schema.items() if key not in _DROPPED}
    if "properties" in kept:
        kept["properties"] = {name: _structure(field) for name, field in kept["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = _structure(kept[key])
    return kept


def dump(kinds: dict[str, Any]) -> str:
    """The stripped copy's text: one kind after another, readable in a diff."""
    return json.dumps(kinds, indent=1, sort_keys=True) + "\n"


def load() -> dict[str, Any]:
    """The committed copy."""
    kinds: dict[str, Any] = json.loads(STRIPPED.read_text(encoding="utf-8"))
    return kinds
