"""Typed objects from YAML text; problems of all documents at once, each with its own file and line."""

from __future__ import annotations

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.manifests.reading import Document, read_text
from pulumi_mesh.manifests.wire import AnyObject, from_wire


def load_objects(text: str, file: str = "-") -> tuple[tuple[AnyObject, Document], ...]:
    """Each object with the document it came from, in the text's order.

    Raises MeshError as read_text does, or InvalidError with every problem of every object.
    """
    loaded: list[tuple[AnyObject, Document]] = []
    problems: list[tuple[str, str]] = []
    for document in read_text(text, file):
        try:
            loaded.append((from_wire(document.data), document))
        except InvalidError as error:
            problems += [(_placed(document, where), message) for where, message in error.problems]
    if problems:
        raise InvalidError(problems)
    return tuple(loaded)


def _placed(document: Document, where: str) -> str:
    """``file:line`` of the problem's own line, then its path: ``VirtualService("x").spec.http[0]``."""
    inside = where.partition('")')[2]
    return f"{document.file}:{document.line_of(inside)} {where}"
