"""What proxies log and trace, by the model."""

from __future__ import annotations

from random import Random
from typing import Any, get_args

import pulumi_mesh as pm
from pulumi_mesh.model.telemetry import Side


def telemetry(random: Random, spaces: list[pm.Namespace], listed: list[pm.Service]) -> list[pm.Telemetry]:
    """For the mesh, a namespace and a service, each in some meshes."""
    places: list[dict[str, Any]] = [{}, {"namespace": random.choice(spaces)}, {"target": random.choice(listed)}]
    return [_one(random, f"told-{position}", place) for position, place in enumerate(places) if random.random() < 0.15]


def _one(random: Random, name: str, place: dict[str, Any]) -> pm.Telemetry:
    parts: dict[str, Any] = {
        "access_logs": [_access_log(random)],
        "tracing": _tracing(random),
    }
    return pm.Telemetry(
        name, **place, **{each: parts[each] for each in random.sample(sorted(parts), random.randint(1, 2))}
    )


def _access_log(random: Random) -> pm.AccessLog:
    parts: dict[str, Any] = {
        "providers": ["envoy"],
        "disabled": random.random() < 0.5,
        "filter": "response.code >= 400",
        "side": random.choice(get_args(Side)),
    }
    return pm.AccessLog(**{name: parts[name] for name in random.sample(sorted(parts), random.randint(0, 3))})


def _tracing(random: Random) -> pm.Tracing:
    """Its provider is one that the mesh config has not: all meshes of the model have Istio's defaults."""
    tags = {
        "given": "here",
        "user": pm.TraceTag(header="x-user", default="nobody"),
        "zone": pm.TraceTag(environment="ZONE"),
    }
    parts: dict[str, Any] = {"provider": "nobody", "sampling": 5, "disabled": True, "tags": tags}
    return pm.Tracing(**{name: parts[name] for name in random.sample(sorted(parts), random.randint(1, 3))})
