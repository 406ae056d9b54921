"""From the model to objects, and to the snapshot that check and resolve read."""

from pulumi_mesh.render.facts import snapshot
from pulumi_mesh.render.mesh import render
from pulumi_mesh.render.result import Entry, Phase, Rendered

__all__ = ["Entry", "Phase", "Rendered", "render", "snapshot"]
