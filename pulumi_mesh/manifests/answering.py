"""Which workloads answer for a service, without a look at all of them for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pulumi_mesh.manifests.facts import KnownService, Workload
from pulumi_mesh.manifests.snapshot import answers_for

_Placed = tuple[tuple[int, Workload], ...]


@dataclass(frozen=True, slots=True)
class Answering:
    """Workloads, to be asked which of them answer for a service. Make it with ``answering``."""

    by_label: Mapping[tuple[str, str, str], _Placed]
    by_host: Mapping[tuple[str, str], _Placed]

    def for_service(self, service: KnownService) -> tuple[Workload, ...]:
        """The workloads that are endpoints of a service, in the order in which they were given."""
        near = list(self.by_host.get((service.namespace, service.hostname), ()))
        if service.selector:
            key, value = min(service.selector.items())
            near += self.by_label.get((service.namespace, key, value), ())
        return tuple(each for _, each in sorted(near, key=lambda one: one[0]) if answers_for(each, service))


def answering(workloads: Iterable[Workload]) -> Answering:
    """Index workloads by their labels, and by the service that they are listed for."""
    by_label: dict[tuple[str, str, str], list[tuple[int, Workload]]] = {}
    by_host: dict[tuple[str, str], list[tuple[int, Workload]]] = {}
    for placed in enumerate(workloads):
        _, each = placed
        if each.hostname:
            by_host.setdefault((each.namespace, each.hostname), []).append(placed)
            continue
        for key, value in each.labels.items():
            by_label.setdefault((each.namespace, key, value), []).append(placed)
    return Answering(
        {key: tuple(found) for key, found in by_label.items()}, {key: tuple(found) for key, found in by_host.items()}
    )
