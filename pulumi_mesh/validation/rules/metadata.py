"""Annotations that Istio refuses, on an object of any of its kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.verdict import Problem

DRY_RUN = "istio.io/dry-run"
_INTERNAL = ("internal.istio.io/parents", "internal.istio.io/parent-namespace")
ALWAYS_REJECT = "internal.istio.io/webhook-always-reject"
_BOOLEANS = frozenset({"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"})


def annotation_problems(kind: str, spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Problem]:
    """Dry run is for an AuthorizationPolicy that allows or denies; some annotations are Istio's own."""
    given = metadata.get("annotations")
    if not given:
        return
    path = "metadata.annotations"
    if DRY_RUN in given:
        if kind != "AuthorizationPolicy":
            yield Problem(path, f"{DRY_RUN} is for AuthorizationPolicies")
        elif (action := spec.get("action") or "ALLOW") not in {"ALLOW", "DENY"}:
            yield Problem(path, f"{DRY_RUN} goes with the actions ALLOW and DENY, not with {action}")
        elif given[DRY_RUN] not in _BOOLEANS:
            yield Problem(path, f"{DRY_RUN} is true or false, not {given[DRY_RUN]!r}")
    for name in (ALWAYS_REJECT, *_INTERNAL):
        if name in given:
            yield Problem(path, f"{name} is for Istio itself")
