"""Merging one message into another as istiod does (pkg/proto/merge): lists grow, entries of maps are replaced."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.proxy.envoy.schema import (
    PROTOBUF,
    SPECIAL,
    WRAPPERS,
    fields_of,
    is_message,
    message_of,
)
from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.proxy.patching.origins import Origins
from pulumi_mesh.proxy.patching.values import is_zero
from pulumi_mesh.refs import Ref


class MismatchError(Exception):
    """Messages of two kinds are to be merged: istiod gives up what it is patching."""


class Merge:
    """One way to merge. ref: the patch that is merged. replace_lists: whether a list takes the other's place instead
    of growing."""

    def __init__(self, origins: Origins, ref: Ref | None, *, replace_lists: bool = False) -> None:
        self._origins = origins
        self._ref = ref
        self._replace_lists = replace_lists

    def into(self, name: str, there: Json, given: Json) -> None:
        """Merge a message into another of the same kind, in place."""
        known = fields_of(name)
        for key, value in given.items():
            field = known[key]
            if field.oneof is not None:
                others = [each for each in there if each != key and each in known and known[each].oneof == field.oneof]
                for other in others:
                    del there[other]
            if field.kind[0] == "[":
                kept = [] if self._replace_lists else there.get(key, [])
                there[key] = [*kept, *self._copied(value)]
            elif field.kind[0] == "{":
                there[key] = {**there.get(key, {}), **self._copied(value)}
            elif field.kind[0] == "m":
                there[key] = self._message(message_of(field.kind), there.get(key), value)
            else:
                there[key] = value

    def any(self, there: Json, given: Json) -> None:
        """Merge the message in one Any into that in another, in place. MismatchError where they are of two kinds.

        Mirrors MergeAnyWithAny (pilot/pkg/networking/util).
        """
        name = there.get("@type", "").rpartition("/")[2]
        if name != given["@type"].rpartition("/")[2]:
            raise MismatchError
        if is_message(name) and name not in SPECIAL:
            self.into(name, there, {key: value for key, value in given.items() if key != "@type"})

    def _message(self, name: str, there: Any, given: Any) -> Any:
        if there is None or name in (f"{PROTOBUF}Duration", f"{PROTOBUF}Timestamp"):
            return self._copied(given)
        if name in WRAPPERS:
            return there if is_zero(fields_of(name)["value"].kind, given) else given
        if name == f"{PROTOBUF}Any":
            # Its bytes are a scalar: empty ones change nothing.
            return there if given.keys() == {"@type"} and given["@type"] == there.get("@type") else self._copied(given)
        if name == f"{PROTOBUF}Struct" or (isinstance(there, dict) and isinstance(given, dict) and name in SPECIAL):
            return {**there, **self._copied(given)}
        if name in SPECIAL:
            both = isinstance(there, list) and isinstance(given, list)
            return [*there, *self._copied(given)] if both else self._copied(given)
        self.into(name, there, given)
        return there

    def _copied(self, value: Any) -> Any:
        return self._origins.copied(value, self._ref)
