"""A mesh as a picture: nodes and edges from resolved views, written as Mermaid, SVG or JSON."""

from __future__ import annotations

from pulumi_mesh.graph.build import graph
from pulumi_mesh.graph.data import graph_data
from pulumi_mesh.graph.mermaid import mermaid
from pulumi_mesh.graph.model import Edge, Graph, Node
from pulumi_mesh.graph.svg import svg

__all__ = ["Edge", "Graph", "Node", "graph", "graph_data", "mermaid", "svg"]
