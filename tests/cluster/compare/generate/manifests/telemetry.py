"""Telemetry: who is told of requests, which of them, and what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.cluster.compare.generate.manifests.mesh_config import LOGGERS, TRACERS
from tests.cluster.compare.generate.manifests.scene import ROOT, Document, Scene, document


def telemetries(seen: Scene) -> Iterator[Document]:
    """Of the mesh, of a namespace, of a workload: at most one of each, since istiod takes the oldest."""
    places: list[tuple[str, str, Document]] = [
        (ROOT, "default", {}),
        (seen.one(seen.spaces), "default", {}),
        (seen.one(seen.services).namespace, "own", {"selector": {"matchLabels": seen.labels()}}),
    ]
    for namespace, name, selected in seen.some(places, 1, 3):
        spec = {**selected, **seen.parts({"accessLogging": [_logging(seen)], "tracing": [_tracing(seen)]}, 1, 2)}
        yield document("Telemetry", namespace, name, spec, "telemetry.istio.io/v1")


def _logging(seen: Scene) -> Document:
    parts: dict[str, Any] = {
        "providers": [{"name": each} for each in seen.some(LOGGERS, 1, 2)],
        "filter": {"expression": seen.one(["response.code >= 400", "'x-user' in request.headers"])},
        "match": {"mode": seen.one(["CLIENT", "SERVER", "CLIENT_AND_SERVER"])},
        "disabled": seen.chance(0.3),
    }
    return seen.parts(parts, 1, 3)


def _tracing(seen: Scene) -> Document:
    tags = {
        "given": {"literal": {"value": "here"}},
        "header": {"header": {"name": "x-user", "defaultValue": "nobody"}},
        "place": {"environment": {"name": "ZONE"}},
        "formatted": {"formatter": {"value": "%REQ(x-user)%"}},
    }
    parts: dict[str, Any] = {
        "providers": [{"name": seen.one(TRACERS)}],
        "randomSamplingPercentage": seen.one([0, 12.5, 100]),
        "customTags": seen.parts(tags, 1, 3),
        "disableSpanReporting": seen.chance(0.3),
        "useRequestIdForTraceSampling": seen.chance(0.5),
    }
    return seen.parts(parts, 1, 4)
