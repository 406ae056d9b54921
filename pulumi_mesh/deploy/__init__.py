"""Apply a mesh with Pulumi: components whose children are the rendered objects, one each."""

from pulumi_mesh.deploy.mesh import Mesh
from pulumi_mesh.deploy.object import Object

__all__ = ["Mesh", "Object"]
