"""How a program's meshes and installations are found when it runs without an engine: components tell what they got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.model.mesh import Mesh


@dataclass(frozen=True, slots=True)
class Collected:
    """A mesh that a component was given, and the stages of its canaries there."""

    mesh: Mesh
    stages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What the components of a program were given, in their order."""

    meshes: list[Collected] = field(default_factory=list)
    installations: list[tuple[Istio, ...]] = field(default_factory=list)


_collected: ContextVar[Found | None] = ContextVar("collected", default=None)


@contextmanager
def collecting() -> Iterator[Found]:
    """Within it, what it yields is filled with all that components are made of."""
    found = Found()
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


def collects() -> bool:
    """Whether a program runs without an engine, for what its components are made of."""
    return _collected.get() is not None


def collect(mesh: Mesh, stages: Mapping[str, int]) -> None:
    """Called by the Mesh component before anything else; does nothing outside ``collecting``."""
    found = _collected.get()
    if found is not None:
        found.meshes.append(Collected(mesh, dict(stages)))


def collect_installation(control_planes: tuple[Istio, ...]) -> None:
    """The same for the Installation component."""
    found = _collected.get()
    if found is not None:
        found.installations.append(control_planes)
