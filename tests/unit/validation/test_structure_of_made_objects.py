"""Whatever an object holds: it is judged, what is accepted can be read and written, and defaults are there once."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from pulumi_mesh.manifests.wire import RawObject, from_wire, to_wire
from pulumi_mesh.validation.schemas import Channel, definition, kinds
from pulumi_mesh.validation.structure import structure

from .made import made_object

OBJECTS = 20
"""For each kind and version of a channel."""

SPELLINGS = {"jwks_uri": "jwksUri", "mirror_percent": "mirrorPercent"}
"""Fields of CRDs in protobuf's spelling, which are read as those in the API's own."""


def versions() -> list[Any]:
    found = []
    for channel in ("standard", "experimental"):
        for files in kinds(channel):
            for name in files:
                group, _, kind = name.rpartition("/")
                known = definition(group, kind, channel)
                assert known is not None
                found += [
                    pytest.param(known, version, channel, id=f"{channel}-{name}-{version}")
                    for version in known.versions
                ]
    return found


def written(value: Any) -> Any:
    """As it is written after it was read: unset fields left out, one spelling for each."""
    if isinstance(value, dict):
        return {SPELLINGS.get(key, key): written(item) for key, item in value.items() if item is not None}
    return [written(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("known", "version", "channel"), versions())
def test_made_objects(known: Any, version: str, channel: Channel) -> None:
    random = Random(f"{channel} {known.group} {known.kind} {version}")
    accepted = 0
    for _ in range(OBJECTS):
        document = made_object(known, version, random)
        judged = structure(document, channel)
        if judged.problems or any(all(name in str(document) for name in pair) for pair in SPELLINGS.items()):
            continue  # refused; or in both spellings, which istiod refuses
        accepted += 1
        again = structure(judged.object, channel)
        assert again.problems == ()
        assert again.object == judged.object
        made = from_wire(document)
        manifest = to_wire(made)
        assert written(manifest["spec"]) == written(document["spec"])
        assert from_wire(manifest) == made
        # Only a version with a schema of its own may hold what does not fit the type of the newest.
        assert version == "v1alpha2" or not isinstance(made, RawObject)
    assert accepted > 0
