"""Where everything stands in a picture: boxes in columns, the text of each edge before the row that it leads to."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.graph.layers import Layers, Link, layers
from pulumi_mesh.graph.model import Graph, Node
from pulumi_mesh.graph.words import edge_lines

LINE = 16.0
"""Height of a line of text."""
CHARACTER = 7.3
"""Width of a character: the font has characters of one width."""
PAD = 10.0
_GAP = 24.0
_CURVE = 70.0
_LOCK = 16.0
_PASS = 10.0


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle by its left upper corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a box with text of its own: the service, or one version. indented: the latter."""

    area: Area
    lines: tuple[str, ...]
    indented: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A gateway, a workload or a service with its versions."""

    node: Node
    area: Area
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points, and the text on it. edge: its position in the graph. turned: the arrow is at its start."""

    edge: int
    points: tuple[tuple[float, float], ...]
    turned: bool
    label: Area
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """width, height: of the whole picture."""

    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]
    width: float
    height: float


def layout(graph: Graph) -> Layout:
    """The picture of a graph: the same for the same graph."""
    holder = {each.id: each.within or each.id for each in graph.nodes}
    tops = [each for each in graph.nodes if not each.within]
    found = layers([each.id for each in tops], [(holder[each.source], holder[each.target]) for each in graph.edges])
    return _Drawing(graph, tops, found).layout()


class _Drawing:
    """What is measured once for a layout."""

    def __init__(self, graph: Graph, tops: list[Node], found: Layers) -> None:
        self.graph = graph
        self.found = found
        self.texts = [edge_lines(each) for each in graph.edges]
        self.rows = {top.id: [top, *(each for each in graph.nodes if each.within == top.id)] for top in tops}
        self.tops = {each.id: each for each in tops}
        self.arriving: dict[str, list[Link]] = {}
        for link in found.links:
            edge = graph.edges[link.edge]
            self.arriving.setdefault(edge.source if link.turned else edge.target, []).append(link)
        self.column = {each: index for index, those in enumerate(found.columns) for each in those}
        self.label_widths = self._label_widths()

    def layout(self) -> Layout:
        lefts = self._lefts()
        ys = self._tops()
        boxes: dict[str, Box] = {}
        slots: dict[int, Area] = {}
        for box, top in self.tops.items():
            x, width = lefts[self.column[box]], self._column_width(self.column[box])
            boxes[box] = self._box(top, x, ys[box], width, slots)
        paths = tuple(
            self._path(link, chain, boxes, slots, lefts, ys)
            for link, chain in zip(self.found.links, self.found.chains, strict=True)
        )
        areas = [each.area for each in boxes.values()] + [each.label for each in paths]
        return Layout(
            tuple(boxes.values()),
            paths,
            max((each.x + each.width for each in areas), default=0.0) + PAD,
            max((each.y + each.height for each in areas), default=0.0) + PAD,
        )

    def _lines(self, node: Node) -> tuple[str, ...]:
        place = f"{node.title}.{node.namespace}" if node.namespace else node.title
        own = [each for each in self.graph.edges if each.source == each.target == node.id]
        return (place, *node.details, *(f"to itself: {line}" for each in own for line in edge_lines(each)))

    def _label_widths(self) -> list[float]:
        """How much room the texts before each column take: they start in one line, so that no curve crosses them."""
        widths = [0.0] * len(self.found.columns)
        for link in self.found.links:
            column = self.column[link.right]
            widths[column] = max(widths[column], self._text_width(link.edge))
        return widths

    def _text_width(self, edge: int) -> float:
        return max(map(len, self.texts[edge])) * CHARACTER + _LOCK + PAD

    def _before(self, column: int) -> float:
        """The room for texts before a column, and for the arrows after them."""
        width = self.label_widths[column]
        return width + _GAP if width else 0.0

    def _row_height(self, node: Node) -> float:
        arriving = sum(len(self.texts[link.edge]) * LINE + PAD for link in self.arriving.get(node.id, ()))
        return max(len(self._lines(node)) * LINE + PAD, arriving)

    def _height(self, item: str) -> float:
        return sum(map(self._row_height, self.rows[item])) if item in self.rows else _PASS

    def _column_width(self, column: int) -> float:
        texts = [
            len(line) + (3 if node.within else 0)
            for box in self.found.columns[column]
            for node in self.rows.get(box, ())
            for line in self._lines(node)
        ]
        return max(texts, default=0) * CHARACTER + 2 * PAD

    def _lefts(self) -> list[float]:
        """The left side of every column of boxes: before it stand the texts of what arrives there."""
        x, lefts = PAD, []
        for column in range(len(self.label_widths)):
            x += self._before(column) + (_CURVE if column else 0.0)
            lefts.append(x)
            x += self._column_width(column)
        return lefts

    def _tops(self) -> dict[str, float]:
        """The upper side of every box and passing point: columns are stacked and stand in the middle of the tallest."""
        heights = [sum(self._height(each) + _GAP for each in column) - _GAP for column in self.found.columns]
        tallest = max(heights, default=0.0)
        found: dict[str, float] = {}
        for column, height in zip(self.found.columns, heights, strict=True):
            y = PAD + (tallest - height) / 2
            for each in column:
                found[each] = y
                y += self._height(each) + _GAP
        return found

    def _box(self, top: Node, x: float, y: float, width: float, slots: dict[int, Area]) -> Box:
        """A box with its rows; ``slots`` gets the place of the text of each link that arrives."""
        rows: list[Row] = []
        start = y
        for node in self.rows[top.id]:
            height = self._row_height(node)
            rows.append(Row(Area(x, y, width, height), self._lines(node), bool(node.within)))
            arriving = sorted(self.arriving.get(node.id, ()), key=lambda each: (self._from(each), each.edge))
            used = sum(len(self.texts[link.edge]) * LINE + PAD for link in arriving)
            at = y + (height - used) / 2
            for link in arriving:
                tall = len(self.texts[link.edge]) * LINE + PAD
                wide = self.label_widths[self.column[link.right]]
                slots[link.edge] = Area(x - _GAP - wide, at + PAD / 4, self._text_width(link.edge), tall - PAD / 2)
                at += tall
            y += height
        return Box(top, Area(x, start, width, y - start), tuple(rows))

    def _from(self, link: Link) -> int:
        """How far up the link comes from, in the column before."""
        chain = self.found.chains[self.found.links.index(link)]
        return self.found.columns[self.column[chain[-2]]].index(chain[-2])

    def _path(
        self,
        link: Link,
        chain: tuple[str, ...],
        boxes: dict[str, Box],
        slots: dict[int, Area],
        lefts: list[float],
        ys: dict[str, float],
    ) -> Path:
        label = slots[link.edge]
        start = boxes[link.left].area
        middle = label.y + label.height / 2
        points = [(start.x + start.width, self._leaving(link, start, slots))]
        for each in chain[1:-1]:
            column = self.column[each]
            y = ys[each] + _PASS / 2
            points += [
                (lefts[column] - self.label_widths[column] - _GAP, y),
                (lefts[column] + self._column_width(column), y),
            ]
        points += [(label.x, middle), (boxes[link.right].area.x, middle)]
        return Path(link.edge, tuple(points), link.turned, label, self.texts[link.edge])

    def _leaving(self, link: Link, area: Area, slots: dict[int, Area]) -> float:
        """The height at which a link leaves its box: all that leave it are spread out in the order of where they go."""
        leaving = [each for each in self.found.links if each.left == link.left]
        leaving.sort(key=lambda each: (slots[each.edge].y, each.edge))
        return area.y + area.height * (leaving.index(link) + 1) / (len(leaving) + 1)
