"""The examples as a user deploys them: at every stage of their canaries."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pulumi_mesh as pm
from pulumi_mesh.loading import load_program
from tests.cluster.tools.programs import EXAMPLES


def examples() -> Iterator[tuple[str, pm.Mesh]]:
    """Every example, with its name."""
    for program in sorted(EXAMPLES.glob("*/mesh.py")):
        yield from stages(program.parent.name, load_program(str(program)))


def stages(name: str, mesh: pm.Mesh) -> Iterator[tuple[str, pm.Mesh]]:
    """A mesh at every stage of its canaries."""
    canaries = [each.name for each in mesh.canaries]
    for chosen in product(*(range(len(each.stages) + 1) for each in mesh.canaries)):
        at = dict(zip(canaries, chosen, strict=True))
        where = ", ".join(f"{canary} at stage {stage}" for canary, stage in at.items())
        yield f"{name}, {where}" if where else name, mesh.at(at)
