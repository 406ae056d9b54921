"""Every destination that VirtualServices send requests to, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_mesh.istio import VirtualService, virtual_service
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a destination. path: of the destination in its VirtualService."""

    owner: VirtualService
    path: str
    destination: virtual_service.Destination

    @property
    def namespace(self) -> str:
        """Where a short host is looked up."""
        return self.owner.namespace

    def ref(self, field: str) -> Ref:
        """The place of one of the destination's fields."""
        return ref_of(self.owner, f"{self.path}.{field}")


def destinations(snapshot: Snapshot) -> Iterator[Use]:
    """The destinations of HTTP, TLS and TCP routes and of mirrors, in the objects' order."""
    for owner in snapshot.of(VirtualService):
        spec = owner.spec
        for position, rule in enumerate(spec.http or ()):
            place = f"spec.http[{position}]"
            for index, route in enumerate(rule.route or ()):
                yield Use(owner, f"{place}.route[{index}].destination", route.destination)
            if rule.mirror is not None:
                yield Use(owner, f"{place}.mirror", rule.mirror)
            for index, mirror in enumerate(rule.mirrors or ()):
                yield Use(owner, f"{place}.mirrors[{index}].destination", mirror.destination)
        for position, tls in enumerate(spec.tls or ()):
            for index, target in enumerate(tls.route or ()):
                yield Use(owner, f"spec.tls[{position}].route[{index}].destination", target.destination)
        for position, tcp in enumerate(spec.tcp or ()):
            for index, target in enumerate(tcp.route or ()):
                yield Use(owner, f"spec.tcp[{position}].route[{index}].destination", target.destination)
