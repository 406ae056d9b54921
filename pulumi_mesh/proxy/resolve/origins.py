"""Where people wrote what an object says that was made of others."""

from __future__ import annotations

from pulumi_mesh.manifests.snapshot import ref_of
from pulumi_mesh.objects import Object
from pulumi_mesh.refs import Ref

PLACES = "internal.pulumi-mesh.io/places"
"""The annotation with a line for each server of a Gateway or entry of ``http``: ``KIND NAMESPACE NAME PATH``."""


def places(item: Object) -> tuple[Ref, ...]:
    """The places of an object's servers or HTTP entries, in their order; none where people wrote the object itself."""
    text = str(item.annotations.get(PLACES, ""))
    return tuple(Ref(*line.split(" ", 3)) for line in text.splitlines())


def written(item: Object, path: str = "") -> Ref:
    """The object that people wrote: of several the first."""
    found = places(item)
    return Ref(found[0].kind, found[0].namespace, found[0].name) if found else ref_of(item, path)


def rule_of(place: Ref) -> Ref:
    """The rule that a match is of."""
    return Ref(place.kind, place.namespace, place.name, place.path.partition(".matches[")[0])
