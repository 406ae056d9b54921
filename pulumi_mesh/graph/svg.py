"""A graph as an SVG picture that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from pulumi_mesh.graph.layout import LINE, PAD, Box, Layout, Path, layout
from pulumi_mesh.graph.model import Edge, Graph

_FILLS = {
    "gateway": "#dbeafe",
    "workload": "#f3f4f6",
    "service": "#ecfdf5",
    "external": "#fef3c7",
}
_DENIED, _INSECURE, _USUAL = "#b91c1c", "#b45309", "#374151"
_FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def svg(graph: Graph) -> str:
    """The text of the picture: a lock where mutual TLS holds, red and broken where a policy refuses."""
    drawn = layout(graph)
    return "".join(f"{line}\n" for line in _lines(graph, drawn))


def _lines(graph: Graph, drawn: Layout) -> Iterator[str]:
    size = f"{drawn.width:.0f} {drawn.height:.0f}"
    width, height = size.split()
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {size}"'
    yield f'  font-family="{_FONT}" font-size="12" fill="#111827">'
    yield '<rect width="100%" height="100%" fill="#ffffff"/>'
    yield "<defs>"
    for colour in (_USUAL, _INSECURE, _DENIED):
        yield f'<marker id="arrow{colour[1:]}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
        yield f'  orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
    yield "</defs>"
    for path in drawn.paths:
        yield from _path(path, graph.edges[path.edge])
    for box in drawn.boxes:
        yield from _box(box)
    yield "</svg>"


def _path(path: Path, edge: Edge) -> Iterator[str]:
    colour = _colour(edge)
    dashes = {"denied": ' stroke-dasharray="2 4"', "partly": ' stroke-dasharray="7 4"'}.get(edge.access, "")
    end = "marker-start" if path.turned else "marker-end"
    yield (
        f'<path d="{_curve(path.points)}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}'
        f' {end}="url(#arrow{colour[1:]})"/>'
    )
    label = path.label
    yield (
        f'<rect x="{label.x:.1f}" y="{label.y:.1f}" width="{label.width:.1f}" height="{label.height:.1f}" rx="4"'
        ' fill="#ffffff"/>'
    )
    if edge.security == "mtls":
        yield _lock(label.x + 3, label.y + label.height / 2 - 6)
    for number, line in enumerate(path.lines):
        y = label.y + LINE * (number + 1) - 3
        yield f'<text x="{label.x + 18:.1f}" y="{y:.1f}" fill="{colour}">{escape(line)}</text>'


def _curve(points: tuple[tuple[float, float], ...]) -> str:
    """Through all points: level where it passes a column, and at both ends."""
    x, y = points[0]
    parts = [f"M{x:.1f} {y:.1f}"]
    for number, (to_x, to_y) in enumerate(points[1:], start=1):
        if number % 2:
            half = (x + to_x) / 2
            parts.append(f"C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
        else:
            parts.append(f"L{to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return "".join(parts)


def _box(box: Box) -> Iterator[str]:
    area = box.area
    yield (
        f'<rect x="{area.x:.1f}" y="{area.y:.1f}" width="{area.width:.1f}" height="{area.height:.1f}" rx="6"'
        f' fill="{_FILLS[box.node.kind]}" stroke="#6b7280"/>'
    )
    for row in box.rows:
        if row.indented:
            y = row.area.y
            yield f'<path d="M{area.x:.1f} {y:.1f}h{area.width:.1f}" stroke="#9ca3af" stroke-dasharray="3 3"/>'
        start = row.area.y + (row.area.height - LINE * len(row.lines)) / 2
        for number, line in enumerate(row.lines):
            bold = ' font-weight="bold"' if number == 0 else ' fill="#4b5563"'
            x = row.area.x + PAD + (20 if row.indented else 0)
            yield f'<text x="{x:.1f}" y="{start + LINE * (number + 1) - 4:.1f}"{bold}>{escape(line)}</text>'


def _lock(x: float, y: float) -> str:
    return (
        f'<g transform="translate({x:.1f} {y:.1f})" fill="none" stroke="#047857" stroke-width="1.6">'
        '<path d="M2.5 6V3.5a2.5 2.5 0 0 1 5 0V6"/><rect x="1" y="6" width="8" height="6" rx="1" fill="#047857"/></g>'
    )


def _colour(edge: Edge) -> str:
    if edge.access == "denied" or edge.security == "mismatch":
        return _DENIED
    return _INSECURE if edge.security in ("plaintext", "mixed") else _USUAL
