"""``samples``: an object of the real world; is it taken, and does it survive our types and our YAML unchanged?"""

from __future__ import annotations

from typing import Any

from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.manifests.reading import read_text
from pulumi_mesh.manifests.wire import from_wire
from tests.conformance.cases import Case
from tests.conformance.sets.verdicts import verdict_differs


def disagreement(case: Case) -> str | None:
    """What we say otherwise than the case; None when nothing."""
    # The set's clusters have all CRDs: TCPRoute v1alpha2, which it takes, is in the experimental channel only.
    differs = verdict_differs(case, "experimental")
    if differs is None and case.data["expectation"] == "accept":
        return _lost(case)
    return differs


def _lost(case: Case) -> str | None:
    """What reading, typing, writing and reading again changes."""
    for document in read_text(case.text(), case.id):
        typed = from_wire(document.data)
        (again,) = read_text(dump(typed), "written")
        if from_wire(again.data) != typed:
            return f"round trip: {typed!r} became {from_wire(again.data)!r}"
        before, after = _set(document.data), _set(again.data)
        if before != after:
            return f"round trip: {_difference(before, after, '')}"
    return None


def _set(value: Any) -> Any:
    """The value without fields that are null: to the API server those are not set."""
    if isinstance(value, dict):
        return {key: _set(each) for key, each in value.items() if each is not None}
    return [_set(each) for each in value] if isinstance(value, list) else value


def _difference(before: Any, after: Any, path: str) -> str:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                return _difference(before.get(key), after.get(key), f"{path}.{key}")
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (left, right) in enumerate(zip(before, after, strict=True)):
            if left != right:
                return _difference(left, right, f"{path}[{index}]")
    return f"{path}: {before!r} became {after!r}"
