"""A patch of an EnvoyFilter, ready to be applied; and those that count for one kind of traffic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pulumi_mesh.proxy.envoy.write.message import Json
from pulumi_mesh.refs import Ref

if TYPE_CHECKING:
    from pulumi_mesh.istio import envoy_filter

Context = Literal["SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY"]
"""Which traffic listeners, route tables and clusters are for."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One of ``configPatches``. value: the message, with which nothing may be done but copying it."""

    applies_to: str
    context: str
    operation: str
    value: Json
    listener: envoy_filter.Listener | None = None
    routes: envoy_filter.RouteConfiguration | None = None
    cluster: envoy_filter.Cluster | None = None
    ref: Ref | None = None

    @property
    def merges(self) -> bool:
        """Whether the value is merged into what is there."""
        return self.operation in ("MERGE", "MERGE_AND_REPLACE_LIST")

    @property
    def replaces_lists(self) -> bool:
        """Whether lists are replaced when it is merged."""
        return self.operation == "MERGE_AND_REPLACE_LIST"


class Patches:
    """The patches for one kind of traffic, by what they apply to."""

    def __init__(self, patches: Iterable[Patch], context: Context) -> None:
        """All that count there (patchContextMatch in core/envoyfilter)."""
        self._context = context
        self._by: dict[str, list[Patch]] = {}
        for each in patches:
            if each.context in (context, "ANY"):
                self._by.setdefault(each.applies_to, []).append(each)

    def __getitem__(self, applies_to: str) -> list[Patch]:
        return self._by.get(applies_to, [])

    def any(self, *applies_to: str) -> bool:
        """Whether there is a patch of one of these."""
        return any(each in self._by for each in applies_to)

    def added(self, applies_to: Literal["LISTENER", "CLUSTER"]) -> list[Patch]:
        """Those that add a whole listener or cluster: one that names no kind of traffic adds none to inbound."""
        inbound = self._context == "SIDECAR_INBOUND"
        return [
            each for each in self[applies_to] if each.operation == "ADD" and not (inbound and each.context == "ANY")
        ]
