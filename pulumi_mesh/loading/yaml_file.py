"""A mesh from YAML text."""

from __future__ import annotations

from functools import partial

from pulumi_mesh.manifests.reading import line_of, load_yaml
from pulumi_mesh.manifests.wire import from_wire
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.reading import mesh_from_data


def read_mesh(text: str, file: str) -> Mesh:
    """The mesh that the text describes. file: its name for errors. Raises MeshError with file and line."""
    return mesh_from_data(load_yaml(text, file), where=file, line_of=partial(line_of, text, 0), read_object=from_wire)
