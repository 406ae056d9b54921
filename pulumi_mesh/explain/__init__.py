"""A request's way as a person, or a machine, reads it."""

from __future__ import annotations

from pulumi_mesh.explain.data import journey_data
from pulumi_mesh.explain.story import Line, story
from pulumi_mesh.explain.text import tree_text

__all__ = ["Line", "journey_data", "story", "tree_text"]
