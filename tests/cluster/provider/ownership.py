"""Who owns which fields of an object: ``metadata.managedFields``, and what server-side apply makes of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]

# Under these names whoever declares the object acted by other means: kubectl by hand, this provider's own create.
_KUBECTL = "kubectl"
_TAKEN_AFTER_UPDATE = ("kubectl", "before-first-apply", "pulumi-kubernetes", "pulumi-resource-kubernetes")


def entries(live: Mapping[str, Any]) -> list[Entry]:
    """The owners of an object, in their order."""
    return list(live.get("metadata", {}).get("managedFields") or [])


def is_taken(entry: Entry) -> bool:
    """Whether a resource takes what this owner has before it applies, so that it does not conflict."""
    if entry.get("subresource"):
        return False
    owner = str(entry.get("manager", ""))
    if entry.get("operation") == "Apply":
        return owner.startswith(_KUBECTL)
    return owner.startswith(_TAKEN_AFTER_UPDATE)


def taken_over(owners: Sequence[Entry], manager: str) -> list[Entry]:
    """The owners with ``manager`` in place of those whose fields it takes."""
    mine = [each for each in owners if _applies(each, manager)]
    taken = [each for each in owners if is_taken(each) and each not in mine]
    if not taken:
        return list(owners)
    merged: dict[str, Any] = copy.deepcopy(dict((mine or taken)[0]))
    merged |= {"manager": manager, "operation": "Apply"}
    for each in taken:
        _merge(merged["fieldsV1"], each["fieldsV1"])
    return [merged, *(each for each in owners if each not in mine and each not in taken)]


def without_ignored(
    wanted: Mapping[str, Any], live: Mapping[str, Any], manager: str, ignored: Sequence[str]
) -> dict[str, Any]:
    """The wanted object where ``ignoreChanges`` names fields: as they are, or left out where another owns them."""
    made = copy.deepcopy(dict(wanted))
    own = [each["fieldsV1"] for each in entries(live) if each.get("manager") == manager]
    others = [each["fieldsV1"] for each in entries(live) if each.get("manager") != manager]
    for path in ignored:
        steps = path.split(".")
        owned = any(_holds(fields, steps) for fields in own)
        if not owned and any(_holds(fields, steps) for fields in others):
            _remove(made, steps)
        elif (value := _value(live, steps)) is not None:
            _put(made, steps, value)
    return made


def _applies(entry: Entry, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def _merge(into: dict[str, Any], fields: Mapping[str, Any]) -> None:
    for key, value in fields.items():
        if key not in into:
            into[key] = copy.deepcopy(value)
        elif isinstance(value, Mapping):
            _merge(into[key], value)


def _holds(fields: Mapping[str, Any], steps: Sequence[str]) -> bool:
    at: Any = fields
    for step in steps:
        if f"f:{step}" not in at:
            return False
        at = at[f"f:{step}"]
    return True


def _value(live: Mapping[str, Any], steps: Sequence[str]) -> Any:
    at: Any = live
    for step in steps:
        if not isinstance(at, Mapping) or step not in at:
            return None
        at = at[step]
    return copy.deepcopy(at)


def _remove(made: dict[str, Any], steps: Sequence[str]) -> None:
    at: Any = made
    for step in steps[:-1]:
        at = at.get(step) if isinstance(at, dict) else None
    if isinstance(at, dict):
        at.pop(steps[-1], None)


def _put(made: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    at = made
    for step in steps[:-1]:
        at = at.setdefault(step, {})
    at[steps[-1]] = value
