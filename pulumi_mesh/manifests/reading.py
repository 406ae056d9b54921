"""YAML and JSON text to manifests, strictly: what two readers could read differently, or only some accept, is refused.

A text is cut at its ``---`` lines and each document read by the first reader that takes it: ``json`` for JSON,
``plain`` for simple block YAML, ``events`` for all of YAML and for the words of every refusal.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.events import Budget, Path, read_events
from pulumi_mesh.manifests.json_text import NOT_JSON, read_json
from pulumi_mesh.manifests.plain import OTHER, read_plain


@dataclass(frozen=True, slots=True)
class Piece:
    """The lines of a text from one ``---`` to the next. line: the first, from 1. index: its first document, from 0."""

    text: str
    line: int
    index: int


@dataclass(frozen=True, slots=True)
class Document:
    """One manifest. start: the line on which its YAML document starts, from 1. index: the number of that, from 0.

    base: the path to it inside that document: empty, or ``items[3]`` in a ``kind: List``. piece: the text it is in,
    which is read again when a line is asked for.
    """

    file: str
    start: int
    data: Mapping[str, Any]
    index: int = 0
    base: str = ""
    piece: Piece = field(default=Piece("", 1, 0), repr=False, compare=False)

    @property
    def line(self) -> int:
        """Where it starts, from 1."""
        return self.line_of("") if self.base else self.start

    def line_of(self, path: str) -> int:
        """The line of the value at the path, such as ``spec.http[0]``, or of its nearest parent that is there."""
        return _line_in(self.piece, self.index, ".".join(filter(None, (self.base, path))), self.start)


@dataclass(frozen=True, slots=True)
class Unread:
    """A document that is refused as it stands: the error's place is ``file:line``. index: as in Document."""

    file: str
    index: int
    error: MeshError

    @property
    def line(self) -> int:
        """Where it is refused, from 1."""
        return int(self.error.where.rpartition(":")[2])


def read_text(text: str, file: str = "-") -> tuple[Document, ...]:
    """The manifests of a text: empty documents left out, lists (``kind: List``) taken apart.

    Raises MeshError with file and line for what is not plain YAML: duplicate keys, tags, alias bombs, too deep
    nesting, keys that are not text; and for a document that is not a mapping.
    """
    documents: list[Document] = []
    for each in scan(text, file):
        if isinstance(each, Unread):
            raise each.error
        documents.append(each)
    return tuple(documents)


def scan(text: str, file: str = "-") -> Iterator[Document | Unread]:
    """The manifests of a text as read_text has them, one by one; one that is refused does not hide those after it."""
    return scan_pieces(pieces(text), file)


def scan_pieces(given: Iterable[Piece], file: str) -> Iterator[Document | Unread]:
    """The manifests of some pieces of a text."""
    budget = Budget()
    for piece in given:
        index = piece.index
        try:
            for position, (line, data) in enumerate(_values(piece, file, budget)):
                index = piece.index + position
                if data is not None:
                    yield from _manifests(piece, file, line, index, data)
                index += 1
        except MeshError as error:
            yield Unread(file, index, error)


def load_yaml(text: str, file: str = "-") -> Any:
    """The data of a text with one document, None when it is empty. Raises MeshError as read_text does."""
    budget = Budget()
    found = [(line, data) for piece in pieces(text) for line, data in _values(piece, file, budget) if data is not None]
    if len(found) > 1:
        raise MeshError("holds a second document; one is needed", where=f"{file}:{found[1][0]}")
    return found[0][1] if found else None


def line_of(text: str, index: int, path: str) -> int:
    """The line, from 1, on which the value at the path stands, or its nearest parent that is there.

    index: which YAML document of the text. path: such as ``spec.http[0].route`` or ``labels[a.b]``.
    """
    piece = next(each for each in reversed(pieces(text)) if each.index <= index)
    return _line_in(piece, index, path, piece.line)


def parse_path(path: str) -> Path:
    """``spec.http[0].labels[a.b]`` as ("spec", "http", 0, "labels", "a.b"); the key may be quoted, ``['a.b']``.

    Digits in brackets are read as an index; whether they are the key of a map, only the data can tell.
    """
    found = _PART.finditer(path)
    return tuple(int(m[1]) if m[1] is not None else m[2] or m[3] or m[4] or "" for m in found)


_PART = re.compile(r"\[(0|[1-9][0-9]*)\]|\['(.*?)'\](?=[.\[]|\Z)|\[(.*?)\](?=[.\[]|\Z)|([^.\[]+)", re.DOTALL)
"""An index, a quoted key, a key as it stands, a field. A key may itself hold dots and brackets."""


_START = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)


def pieces(text: str) -> list[Piece]:
    """The text cut at ``---``, which YAML takes for the start of a document wherever it begins a line."""
    starts = [match.start() for match in _START.finditer(text)] if _may_be_cut(text) else []
    if not starts:
        return [Piece(text, 1, 0)]
    cut: list[Piece] = []
    line, index = 1, 0
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        part = text[start:end]
        # Before the first "---" may stand a document, or comments only.
        if part.startswith("---") or not _blank(part):
            cut.append(Piece(part, line, index))
            index += 1
        line += part.count("\n")
    return cut


def _may_be_cut(text: str) -> bool:
    """Whether documents start only so: no directives, no "...", no line breaks that are YAML's alone."""
    if ("\r" in text and re.search("\r(?!\n)", text)) or text.startswith(("%", "...")):
        return False
    found = ("\n%", "\n...") if text.isascii() else ("\n%", "\n...", "\x85", "\u2028", "\u2029")
    return not any(each in text for each in found)


def _blank(text: str) -> bool:
    return all(not line or line.startswith("#") for line in (each.strip(" \r") for each in text.split("\n")))


def _values(piece: Piece, file: str, budget: Budget) -> Iterator[tuple[int, Any]]:
    """Each document of a piece: the line on which its data starts, and the data; None when it is empty."""
    text, skipped = piece.text, 0
    if text.startswith("---"):
        first, _, rest = text.partition("\n")
        if first.rstrip() != "---":
            yield from read_events(text, file, piece.line, budget)
            return
        text, skipped = rest, 1
    data = read_json(text) if text.lstrip()[:1] in ("{", "[") else NOT_JSON
    if data is NOT_JSON:
        data = read_plain(text.replace("\r\n", "\n"))
    if data is OTHER:
        yield from read_events(piece.text, file, piece.line, budget)
    elif data is not None or skipped:
        yield piece.line + skipped + _leading(text), data


def _leading(text: str) -> int:
    """How many lines stand before the first that says something."""
    if text[:1].isalpha():
        return 0
    lines = map(str.strip, text.split("\n"))
    return next((number for number, line in enumerate(lines) if line and not line.startswith("#")), 0)


def _manifests(piece: Piece, file: str, line: int, index: int, data: Any) -> Iterator[Document | Unread]:
    if not isinstance(data, dict):
        yield _unread("a manifest is a mapping with apiVersion, kind and metadata", file, line, index)
        return
    if "items" not in data or not str(data.get("kind", "")).endswith("List"):
        yield Document(file, line, data, index, piece=piece)
        return
    items = data["items"]
    if items is not None and not isinstance(items, list):
        yield _unread("the items of a list are a list of objects", file, _line_in(piece, index, "items", line), index)
        return
    for position, item in enumerate(items or ()):
        document = Document(file, line, item, index, f"items[{position}]", piece)
        if isinstance(item, dict):
            yield document
        else:
            yield _unread("an item of a list is an object, a mapping", file, document.line, index)


def _unread(message: str, file: str, line: int, index: int) -> Unread:
    return Unread(file, index, MeshError(message, where=f"{file}:{line}"))


def _line_in(piece: Piece, index: int, path: str, default: int) -> int:
    """default: for a text that only the reader of JSON takes."""
    tables = _tables(piece)
    if index - piece.index >= len(tables):
        return default
    table = tables[index - piece.index]
    reached: Path = ()
    for key in parse_path(path):
        below = next((longer for each in (key, str(key)) if (longer := (*reached, each)) in table), None)
        if below is None:
            break
        reached = below
    return table.get(reached, default)


@functools.lru_cache(maxsize=4)
def _tables(piece: Piece) -> tuple[dict[Path, int], ...]:
    """The line of every path of each document of a piece, up to one that is refused."""
    tables: list[dict[Path, int]] = []
    lines: dict[Path, int] = {}
    with contextlib.suppress(MeshError):
        tables.extend(dict(lines) for _ in read_events(piece.text, "", piece.line, Budget(), lines))
    return tuple(tables)
