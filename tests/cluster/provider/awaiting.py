"""Waiting until an object is what it is to become, or is gone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.cluster.provider.client import ApiError, Client
from tests.cluster.provider.naming import annotation

_MISSING = 404
_EVERY = 0.1
_READY_WITHIN = 600.0
_GONE_WITHIN = 300.0


class NotReadyError(Exception):
    """The time is over. live: the object as it was seen last."""

    def __init__(self, message: str, live: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.live = live


def wait_ready(client: Client, path: str, live: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """The object once it is ready: a Deployment that is rolled out, what ``pulumi.com/waitFor`` asks for.

    Anything else is ready as it is. timeout: seconds; 0: the annotation's, or ten minutes. Raises NotReadyError, and
    ValueError for an annotation that cannot be read.
    """
    conditions = _conditions(live)
    until = time.monotonic() + _seconds(live, timeout, _READY_WITHIN)
    seen = dict(live)
    while waiting := [why for is_met, why in conditions if not is_met(seen)]:
        if time.monotonic() > until:
            raise NotReadyError("; ".join(waiting), seen)
        time.sleep(_EVERY)
        seen = client.get(path)
    return seen


def wait_gone(client: Client, path: str, declared: Mapping[str, Any], timeout: float) -> None:
    """Until the object is gone, or another has its name. Raises NotReadyError."""
    until = time.monotonic() + _seconds(declared, timeout, _GONE_WITHIN)
    uid = None
    while (live := present(client, path)) is not None:
        uid = uid or live["metadata"]["uid"]
        if live["metadata"]["uid"] != uid:
            return
        if time.monotonic() > until:
            held = ", ".join(live["metadata"].get("finalizers") or []) or "nothing that it tells"
            raise NotReadyError(f"it is being deleted and not gone; it waits for {held}", live)
        time.sleep(_EVERY)


def present(client: Client, path: str) -> dict[str, Any] | None:
    """The live object; None where there is none. Raises what the client raises."""
    try:
        live: dict[str, Any] = client.get(path)
    except ApiError as error:
        if error.code == _MISSING:
            return None
        raise
    return live


_Condition = tuple[Callable[[Mapping[str, Any]], bool], str]


def _conditions(live: Mapping[str, Any]) -> list[_Condition]:
    if annotation(live, "pulumi.com/skipAwait") == "true":
        return []
    asked = annotation(live, "pulumi.com/waitFor")
    if asked:
        parsed = json.loads(asked) if asked.startswith("[") else [asked]
        return [_asked(each) for each in parsed]
    if (live.get("apiVersion"), live.get("kind")) == ("apps/v1", "Deployment"):
        return [(_rolled_out, "the Deployment has not the replicas of its latest version")]
    return []


def _asked(expression: str) -> _Condition:
    if found := re.fullmatch(r"jsonpath=\{(\.[^}]+)\}(?:=(.*))?", expression):
        path, wanted = found.groups()
        return lambda live: _matches(_at(live, path), wanted), f"waits for {expression}"
    if found := re.fullmatch(r"condition=([^=]+)(?:=(.*))?", expression):
        name, status = found.group(1), found.group(2) or "True"
        return lambda live: _has_condition(live, name, status), f"waits for {expression}"
    raise ValueError(f'pulumi.com/waitFor: expected "jsonpath=" or "condition=", got {expression!r}')


def _at(live: Mapping[str, Any], path: str) -> Any:
    at: Any = live
    for key, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", path):
        try:
            at = at[int(index)] if index else at[key]
        except (KeyError, IndexError, TypeError):
            return None
    return at


def _matches(value: Any, wanted: str | None) -> bool:
    return value is not None and (wanted is None or str(value) == wanted)


def _has_condition(live: Mapping[str, Any], name: str, status: str) -> bool:
    found = (live.get("status") or {}).get("conditions") or []
    return any(each["type"].lower() == name.lower() and each["status"].lower() == status.lower() for each in found)


def _rolled_out(live: Mapping[str, Any]) -> bool:
    status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return False
    counts = (status.get(f"{each}Replicas", 0) for each in ("updated", "available"))
    return all(count >= wanted for count in counts) and status.get("replicas", 0) == status.get("updatedReplicas", 0)


def _seconds(manifest: Mapping[str, Any], timeout: float, default: float) -> float:
    said = annotation(manifest, "pulumi.com/timeoutSeconds")
    return timeout or (float(said) if said.isdigit() else default)
