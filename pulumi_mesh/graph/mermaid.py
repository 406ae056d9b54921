"""A graph as a Mermaid flowchart, which Markdown of GitHub and GitLab shows as a picture."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.graph.model import Edge, Graph, Node
from pulumi_mesh.graph.words import edge_lines

_SHAPES = {
    "gateway": ('{{"', '"}}'),
    "workload": ('(["', '"])'),
    "service": ('["', '"]'),
    "external": ('[["', '"]]'),
    "version": ('("', '")'),
}
_ARROWS = {"allowed": "-->", "partly": "-.->", "denied": "--x"}
_STYLES = {"denied": "stroke:#b91c1c,color:#b91c1c", "insecure": "stroke:#b45309,color:#b45309"}


def mermaid(graph: Graph) -> str:
    """The text of a flowchart: a lock where mutual TLS holds, red where a policy refuses, orange for plain text."""
    return "".join(f"{line}\n" for line in _lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    ids = {each.id: f"n{position}" for position, each in enumerate(graph.nodes)}
    yield "flowchart LR"
    for node in graph.nodes:
        inner = [each for each in graph.nodes if each.within == node.id]
        if node.within:
            continue
        if inner:
            yield f'  subgraph {ids[node.id]}["{_title(node)}"]'
            yield from (f"    {_box(each, ids)}" for each in inner)
            yield "  end"
        else:
            yield f"  {_box(node, ids)}"
    styled: dict[str, list[int]] = {}
    for position, edge in enumerate(graph.edges):
        lock = "🔒 " if edge.security == "mtls" else ""
        text = "<br/>".join(map(_escaped, edge_lines(edge)))
        yield f'  {ids[edge.source]} {_ARROWS[edge.access]}|"{lock}{text}"| {ids[edge.target]}'
        if style := _style(edge):
            styled.setdefault(style, []).append(position)
    for style, positions in sorted(styled.items()):
        yield f"  linkStyle {','.join(map(str, positions))} {_STYLES[style]}"


def _box(node: Node, ids: dict[str, str]) -> str:
    start, end = _SHAPES[node.kind]
    return f"{ids[node.id]}{start}{_title(node)}{end}"


def _title(node: Node) -> str:
    place = f"{node.title}.{node.namespace}" if node.namespace else node.title
    return "<br/>".join(map(_escaped, (place, *node.details)))


def _escaped(text: str) -> str:
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")


def _style(edge: Edge) -> str:
    if edge.access == "denied" or edge.security == "mismatch":
        return "denied"
    return "insecure" if edge.security in ("plaintext", "mixed") else ""
