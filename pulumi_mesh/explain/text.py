"""A tree of lines as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pulumi_mesh.explain.story import Line
from pulumi_mesh.refs import Ref

Style = Callable[[str, str], str]
"""Text and what it is (``step``, ``hop``, ``end``, ``error``, ``ref``) to text in colour."""

_MARKS = {"step": "", "hop": "", "end": "✓ ", "error": "✗ "}


def tree_text(root: Line, place: Callable[[Ref], str], style: Style = lambda text, _: text) -> str:
    """The tree, one line each, and under what an object asked for a line with the object and where it was written.

    It is left out where it is that of the line before. place: ``file:line`` of a Ref, or an empty text.
    """
    return "".join(f"{line}\n" for line in _lines(root, place, style))


def _lines(root: Line, place: Callable[[Ref], str], style: Style) -> Iterator[str]:
    yield style(root.text, "hop")
    told: Ref | None = None
    for start, line in _walk(root, ""):
        yield start + style(_MARKS[line.kind] + line.text, line.kind)
        if line.ref is not None and line.ref != told:
            under = start.replace("├─ ", "│  ").replace("└─ ", "   ") + ("│" if line.below else " ")
            yield under + style(f"  at {_where(line.ref, place)}", "ref")
        told = line.ref


def _walk(line: Line, start: str) -> Iterator[tuple[str, Line]]:
    """Every line below, with what is drawn before it."""
    for each in line.below:
        last = each is line.below[-1]
        yield start + ("└─ " if last else "├─ "), each
        yield from _walk(each, start + ("   " if last else "│  "))


def _where(ref: Ref, place: Callable[[Ref], str]) -> str:
    found = place(ref)
    return f"{ref} ({found})" if found else str(ref)
