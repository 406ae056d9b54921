"""What state remembers of an object: the live one, and beside it what the program declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.cluster.provider.values import plain, with_secrets

_INPUTS, _VERSION, _MANAGER = "__inputs", "__initialApiVersion", "__fieldManager"
_SERVERS_OWN = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def remembered(live: Mapping[str, Any], inputs: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """The state of an object. inputs: with secrets wrapped; what was secret in them is so in the live object."""
    outputs = with_secrets(live, inputs)
    return {
        **outputs,
        _INPUTS: with_secrets(plain(inputs), inputs),
        _VERSION: str(live["apiVersion"]),
        _MANAGER: manager,
    }


def recalled(state: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The live object and what was declared, both plain."""
    live: dict[str, Any] = plain(state)
    declared = live.pop(_INPUTS, {})
    return {key: value for key, value in live.items() if key not in {_VERSION, _MANAGER}}, declared


def without_servers_own(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest without the metadata that only servers write."""
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping):
        return dict(manifest)
    return {**manifest, "metadata": {key: value for key, value in metadata.items() if key not in _SERVERS_OWN}}


def imported(live: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of an object that no program declared yet: all of it but what servers write."""
    made = without_servers_own(live)
    made.pop("status", None)
    return made
