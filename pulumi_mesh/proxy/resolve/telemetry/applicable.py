"""Which Telemetry holds for a proxy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pulumi_mesh.istio import Telemetry
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.attachment import attached, labels_of, targets_of
from pulumi_mesh.proxy.resolve.virtual_services import by_age

Mode = Literal["CLIENT", "SERVER"]
"""On which side of a request a listener stands: a gateway's are a client's."""


def applicable(snapshot: Snapshot, proxy: Proxy) -> tuple[Telemetry, ...]:
    """From the widest to the narrowest: the oldest of the root namespace and of the proxy's that hold for all, then
    those of the proxy's namespace that are attached to it.

    Mirrors applicableTelemetries (pilot/pkg/model/telemetry.go).
    """
    oldest_first = sorted(snapshot.of(Telemetry), key=by_age)
    own = [each for each in oldest_first if each.namespace == proxy.namespace]
    found: list[Telemetry] = []
    for space in dict.fromkeys((snapshot.mesh.root_namespace, proxy.namespace)):
        wide = (each for each in oldest_first if each.namespace == space and not _is_narrow(each))
        found.extend(first for first in [next(wide, None)] if first)
    found.extend(each for each in own if _is_narrow(each) and attached(each.spec, each.namespace, proxy))
    return tuple(found)


def _is_narrow(telemetry: Telemetry) -> bool:
    return bool(labels_of(telemetry.spec) or targets_of(telemetry.spec))


def matches(mode: str | None, side: Mode) -> bool:
    """Whether ``match.mode`` takes a side. Mirrors matchWorkloadMode (pilot/pkg/model/telemetry.go)."""
    return mode in (None, "CLIENT_AND_SERVER", side)


def names_of(providers: Sequence[object] | None) -> tuple[str, ...]:
    """The names of ``providers``."""
    return tuple(str(getattr(each, "name", "")) for each in providers or ())
