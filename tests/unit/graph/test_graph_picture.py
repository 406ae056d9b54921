"""The picture of a graph: nothing lies on anything else, and edges go where they should."""

from __future__ import annotations

import itertools
import random
from xml.etree import ElementTree

import pytest

from pulumi_mesh.graph import Edge, Graph, Node, svg
from pulumi_mesh.graph.layers import layers
from pulumi_mesh.graph.layout import Area, layout


def made(seed: int) -> Graph:
    """Some graph: cycles, edges to versions, edges to oneself, long and short texts."""
    chance = random.Random(seed)
    count = chance.randrange(1, 12)
    nodes = [Node(f"s{each}", "service", "s" * chance.randrange(1, 20), "shop", ("80 HTTP",)) for each in range(count)]
    for top in list(nodes):
        nodes += [Node(f"{top.id}v{each}", "version", f"v{each}", within=top.id) for each in range(chance.randrange(4))]
    edges = [
        Edge(
            source=chance.choice(nodes[:count]).id,
            target=chance.choice(nodes).id,
            labels=tuple("/" + "x" * chance.randrange(40) for _ in range(chance.randrange(5))),
            weight=chance.choice([None, 12.5]),
            security=chance.choice(["mtls", "plaintext", "mismatch"]),
            access=chance.choice(["allowed", "denied", "partly"]),
            policies=("p",),
        )
        for _ in range(chance.randrange(20))
    ]
    return Graph(tuple(nodes), tuple(edges))


def overlap(one: Area, other: Area) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@pytest.mark.parametrize("seed", range(60))
def test_nothing_overlaps(seed: int) -> None:
    graph = made(seed)
    found = layout(graph)
    areas = [each.area for each in found.boxes] + [each.label for each in found.paths]
    assert not [pair for pair in itertools.combinations(areas, 2) if overlap(*pair)]
    for each in areas:
        assert each.x >= 0 <= each.y
        assert each.x + each.width <= found.width
        assert each.y + each.height <= found.height
    for box in found.boxes:
        assert sum(row.area.height for row in box.rows) == pytest.approx(box.area.height)
        assert all(overlap(row.area, box.area) for row in box.rows)


@pytest.mark.parametrize("seed", range(60))
def test_edges_end_at_their_nodes(seed: int) -> None:
    graph = made(seed)
    found = layout(graph)
    rows = {
        node.id: row.area
        for box in found.boxes
        for node, row in zip([n for n in graph.nodes if box.node.id in (n.id, n.within)], box.rows, strict=True)
    }
    holder = {each.id: each.within or each.id for each in graph.nodes}
    boxes = {box.node.id: box.area for box in found.boxes}
    drawn = {each.edge for each in found.paths}
    for number, edge in enumerate(graph.edges):
        assert (number in drawn) == (holder[edge.source] != holder[edge.target])
    for path in found.paths:
        edge = graph.edges[path.edge]
        left, right = (edge.target, edge.source) if path.turned else (edge.source, edge.target)
        (start, *_, end), row = path.points, rows[right]
        assert start[0] == pytest.approx(boxes[holder[left]].x + boxes[holder[left]].width)
        assert boxes[holder[left]].y <= start[1] <= boxes[holder[left]].y + boxes[holder[left]].height
        assert end[0] == pytest.approx(row.x)
        assert row.y <= end[1] <= row.y + row.height
        xs = [x for x, _ in path.points]
        assert xs == sorted(xs)


def test_columns() -> None:
    found = layers(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("a", "c"), ("c", "a"), ("d", "d")])
    assert found.columns[0][0] in ("a", "d")
    assert [("a" in each, "b" in each, "c" in each) for each in found.columns] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert [(each.left, each.right, each.turned) for each in found.links] == [
        ("a", "b", False),
        ("b", "c", False),
        ("a", "c", False),
        ("a", "c", True),
    ]
    assert found.chains[2] == ("a", "2@1", "c")


@pytest.mark.parametrize("seed", range(5))
def test_svg_is_xml(seed: int) -> None:
    graph = made(seed)
    text = svg(graph)
    assert text == svg(graph)
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    titles = {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {f"{each.title}.shop" for each in graph.nodes if not each.within} <= titles


def test_names_are_escaped() -> None:
    text = svg(Graph((Node("a", "service", '<a & "b">'),), ()))
    assert "&lt;a &amp;" in text
    ElementTree.fromstring(text)  # noqa: S314 - our own
    assert ElementTree.fromstring(svg(Graph((), ()))) is not None  # noqa: S314 - our own
