"""How a program's meshes are found when it runs without an engine: each component tells which mesh it was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from pulumi_mesh.model.mesh import Mesh


@dataclass(frozen=True, slots=True)
class Collected:
    """A mesh that a component was given, and the stages of its canaries there."""

    mesh: Mesh
    stages: Mapping[str, int]


_collected: ContextVar[list[Collected] | None] = ContextVar("collected", default=None)


@contextmanager
def collecting() -> Iterator[list[Collected]]:
    """Within it, the list gets each mesh that a component is made of, in their order."""
    found: list[Collected] = []
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


def collect(mesh: Mesh, stages: Mapping[str, int]) -> None:
    """Called by the Mesh component before anything else; does nothing outside ``collecting``."""
    found = _collected.get()
    if found is not None:
        found.append(Collected(mesh, dict(stages)))
