"""Names that the provider gives: to objects without one, and to itself as the owner of fields."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from typing import Any

AUTONAMED = "pulumi.com/autonamed"
_MANAGER = "pulumi.com/patchFieldManager"
_DIGITS = "0123456789abcdef"


def annotation(manifest: Mapping[str, Any], name: str) -> str:
    """An annotation's text; empty without it."""
    return str(((manifest.get("metadata") or {}).get("annotations") or {}).get(name, ""))


def named(inputs: Mapping[str, Any], old: Mapping[str, Any], urn: str, seed: bytes) -> dict[str, Any]:
    """The inputs with a name: the one that they were given before, or the resource's with eight random digits."""
    metadata = dict(inputs.get("metadata") or {})
    if metadata.get("name"):
        return dict(inputs)
    if annotation(old, AUTONAMED) == "true":
        name = old["metadata"]["name"]
    else:
        # The seed is the engine's, so that a preview and the update after it may agree.
        chosen = random.Random(seed)
        name = f"{urn.rsplit('::', 1)[-1]}-{''.join(chosen.choice(_DIGITS) for _ in range(8))}"
    annotations = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**inputs, "metadata": {**metadata, "name": name, "annotations": annotations}}


def field_manager(inputs: Mapping[str, Any], state: Mapping[str, Any], urn: str) -> str:
    """The name under which a resource owns fields: its annotation's, its state's, or one of its URN's own."""
    fresh = f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"
    return annotation(inputs, _MANAGER) or str(state.get("__fieldManager") or fresh)


def api_version_and_kind(type_token: str) -> tuple[str, str]:
    """``("v1", "Service")`` of ``kubernetes:core/v1:Service``. Raises ValueError for a token that has no version."""
    found = re.fullmatch(r"kubernetes:([^/:]+)/([^/:]+):(\w+)", type_token)
    if found is None:
        raise ValueError(f"{type_token} does not say a group, a version and a kind")
    group, version, kind = found.groups()
    return (version if group == "core" else f"{group}/{version}"), kind


def identifier(manifest: Mapping[str, Any]) -> str:
    """``NAMESPACE/NAME``, or ``NAME``: what Pulumi calls the object."""
    metadata = manifest["metadata"]
    return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)


def parsed(identifier: str) -> tuple[str, str]:
    """Namespace (or empty) and name of an identifier."""
    namespace, _, name = identifier.rpartition("/")
    return namespace, name


def type_token(api_version: str, kind: str) -> str:
    """The inverse of ``api_version_and_kind``."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"
