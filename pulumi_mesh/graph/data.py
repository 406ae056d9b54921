"""A graph for a machine."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.graph.model import Graph


def graph_data(graph: Graph) -> dict[str, Any]:
    """Nodes and edges with all that is known of them; ``source`` and ``target`` are ids of nodes."""
    nodes = [
        {
            "id": each.id,
            "kind": each.kind,
            "title": each.title,
            "namespace": each.namespace,
            "details": list(each.details),
            "within": each.within,
        }
        for each in graph.nodes
    ]
    edges = [
        {
            "source": each.source,
            "target": each.target,
            "requests": list(each.labels),
            "weight": each.weight,
            "security": each.security,
            "access": each.access,
            "policies": list(each.policies),
            "ref": None
            if each.ref is None
            else {
                "kind": each.ref.kind,
                "namespace": each.ref.namespace,
                "name": each.ref.name,
                "path": each.ref.path,
            },
        }
        for each in graph.edges
    ]
    return {"nodes": nodes, "edges": edges}
