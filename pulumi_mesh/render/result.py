"""What rendering returns: objects in the order in which they may be applied, where each came from, and findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from pulumi_mesh.findings import Finding
from pulumi_mesh.refs import Identity


class Phase(IntEnum):
    """The order in which objects are applied, so that nothing refers to what is not there yet.

    Removal goes the other way round: a route stops using a subset before the subset goes.
    """

    NAMESPACES = 0
    GATEWAYS = 1
    DESTINATIONS = 2
    POLICY_AND_ROUTES = 3


_PHASES = {
    "Namespace": Phase.NAMESPACES,
    "ServiceAccount": Phase.GATEWAYS,
    "Secret": Phase.GATEWAYS,
    "Gateway": Phase.GATEWAYS,
    "Service": Phase.DESTINATIONS,
    "ServiceEntry": Phase.DESTINATIONS,
    "WorkloadEntry": Phase.DESTINATIONS,
    "WorkloadGroup": Phase.DESTINATIONS,
    "DestinationRule": Phase.DESTINATIONS,
}


def phase_of(kind: str) -> Phase:
    """The phase of a kind; what is not listed acts on traffic and comes last."""
    return _PHASES.get(kind, Phase.POLICY_AND_ROUTES)


@dataclass(frozen=True, slots=True)
class Entry:
    """One rendered object.

    identity: in the mesh's own words: its namespace is the logical name, also where ``object`` carries the physical
    one. source: the model's path, such as ``services["reviews"]`` or ``objects[0]``.
    """

    identity: Identity
    object: Any
    source: str

    @property
    def phase(self) -> Phase:
        """When it may be applied."""
        return phase_of(self.identity.kind)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Entries by phase, then kind, namespace and name; and what rendering had to say."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def objects(self) -> tuple[Any, ...]:
        """The objects alone, in the same order."""
        return tuple(each.object for each in self.entries)


def in_order(entries: list[Entry]) -> tuple[Entry, ...]:
    """Entries by phase, then by identity: the same for any order in which a mesh lists things."""
    return tuple(sorted(entries, key=lambda each: (each.phase, each.identity)))
