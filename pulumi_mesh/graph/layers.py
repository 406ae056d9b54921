"""Columns for the boxes of a picture, and their order in each: edges go to the right, and cross little."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Link:
    """An edge between boxes, turned round where that breaks a cycle. edge: its position in the graph."""

    left: str
    right: str
    edge: int
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Layers:
    """columns: ids of boxes, and of the places where long links pass (``LINK@COLUMN``), from top to bottom.

    chains: for each link the ids that it goes through, its ends among them.
    """

    columns: tuple[tuple[str, ...], ...]
    links: tuple[Link, ...]
    chains: tuple[tuple[str, ...], ...]


def layers(boxes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Layers:
    """edges: by their boxes; one from a box to itself is left out."""
    links = _without_cycles(boxes, [(a, b, position) for position, (a, b) in enumerate(edges) if a != b])
    column = _columns(boxes, links)
    chains: list[tuple[str, ...]] = []
    columns: list[list[str]] = [[] for _ in range(max(column.values(), default=0) + 1)]
    for box in boxes:
        columns[column[box]].append(box)
    for link in links:
        between = range(column[link.left] + 1, column[link.right])
        passes = [f"{link.edge}@{each}" for each in between]
        for each, name in zip(between, passes, strict=True):
            columns[each].append(name)
        chains.append((link.left, *passes, link.right))
    return Layers(_ordered(columns, chains), tuple(links), tuple(chains))


def _without_cycles(boxes: Sequence[str], edges: list[tuple[str, str, int]]) -> list[Link]:
    """Links of which none leads back, found by walking from each box in turn."""
    following: dict[str, list[str]] = {}
    for source, target, _ in edges:
        following.setdefault(source, []).append(target)
    entered = {target for _, target, _ in edges}
    order: dict[str, int] = {}
    # Where nothing leads to comes first, so that a cycle is entered where requests enter it.
    for start in sorted(boxes, key=lambda each: each in entered):
        _walk(start, following, order, set())
    rank = {box: len(order) - position for box, position in order.items()}
    return [
        Link(source, target, edge) if rank[source] < rank[target] else Link(target, source, edge, turned=True)
        for source, target, edge in edges
    ]


def _walk(start: str, following: Mapping[str, Sequence[str]], done: dict[str, int], seen: set[str]) -> None:
    """Note boxes in the order in which everything after them is done."""
    stack = [(start, iter(following.get(start, ())))]
    seen.add(start)
    while stack:
        box, rest = stack[-1]
        step = next((each for each in rest if each not in seen and each not in done), None)
        if step is None:
            stack.pop()
            done.setdefault(box, len(done))
        else:
            seen.add(step)
            stack.append((step, iter(following.get(step, ()))))


def _columns(boxes: Sequence[str], links: Sequence[Link]) -> dict[str, int]:
    """Each box in the column after the last of those that lead to it."""
    found = dict.fromkeys(boxes, 0)
    for _ in boxes:
        moved = False
        for link in links:
            if found[link.right] <= found[link.left]:
                found[link.right] = found[link.left] + 1
                moved = True
        if not moved:
            break
    return found


def _ordered(columns: list[list[str]], chains: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Each column by the middle of its neighbours, to and fro."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for chain in chains:
        for one, other in itertools.pairwise(chain):
            after.setdefault(one, []).append(other)
            before.setdefault(other, []).append(one)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        for column in columns if forward else reversed(columns):
            place = {each: index for those in columns for index, each in enumerate(those)}
            middle = {
                each: sum(place[one] for one in neighbours[each]) / len(neighbours[each])
                if each in neighbours
                else float(place[each])
                for each in column
            }
            column.sort(key=lambda each: (middle[each], place[each]))
    return tuple(map(tuple, columns))
