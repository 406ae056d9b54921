"""YAML text to plain data, strictly: what two readers could read differently, or only some accept, is refused.

Built on the event stream of libyaml, which neither recurses nor constructs anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.scalars import resolve

MAX_DEPTH = 100
"""How deep mappings and lists may nest; Kubernetes objects stay far below."""
MAX_ALIASED = 100_000
"""How many nodes all aliases of a text may add; a bomb adds billions."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One manifest. line: where it starts, from 1. index: which YAML document of the text it is in, from 0.

    base: the path to it inside that document: empty, or ``items[3]`` in a ``kind: List``.
    """

    file: str
    line: int
    data: Mapping[str, Any]
    index: int = 0
    base: str = ""


def read_text(text: str, file: str = "-") -> tuple[Document, ...]:
    """The manifests of a text: empty documents left out, lists (``kind: List``) taken apart.

    Raises MeshError with file and line for what is not plain YAML: duplicate keys, tags, alias bombs, too deep
    nesting, keys that are not text; and for a document that is not a mapping.
    """
    documents: list[Document] = []
    for index, (data, lines) in enumerate(_documents(text, file)):
        if data is None:
            continue
        line = lines[()]
        if not isinstance(data, dict):
            raise MeshError("a manifest is a mapping with apiVersion, kind and metadata", where=f"{file}:{line}")
        items = data.get("items")
        if not str(data.get("kind", "")).endswith("List") or not isinstance(items, list):
            documents.append(Document(file, line, data, index))
            continue
        for position, item in enumerate(items):
            item_line = lines["items", position]
            if not isinstance(item, dict):
                raise MeshError("an item of a list is an object, a mapping", where=f"{file}:{item_line}")
            documents.append(Document(file, item_line, item, index, f"items[{position}]"))
    return tuple(documents)


def load_yaml(text: str, file: str = "-") -> Any:
    """The data of a text with one document, None when it is empty. Raises MeshError as read_text does."""
    found = [(data, lines) for data, lines in _documents(text, file) if data is not None]
    if len(found) > 1:
        raise MeshError("holds a second document; one is needed", where=f"{file}:{found[1][1][()]}")
    return found[0][0] if found else None


def line_of(text: str, index: int, path: str) -> int:
    """The line, from 1, on which the value at the path stands, or its nearest parent that is there.

    index: which YAML document of the text. path: such as ``spec.http[0].route`` or ``labels['a.b']``.
    """
    for position, (_, lines) in enumerate(_documents(text, "-")):
        if position == index:
            keys = parse_path(path)
            return next(lines[keys[:length]] for length in range(len(keys), -1, -1) if keys[:length] in lines)
    raise IndexError(f"no document {index}")


def parse_path(path: str) -> Path:
    """``spec.http[0].labels['a.b']`` as ("spec", "http", 0, "labels", "a.b")."""
    found = re.finditer(r"\[(\d+)\]|\['([^']*)'\]|([^.\[\]]+)", path)
    return tuple(int(m[1]) if m[1] is not None else m[2] if m[2] is not None else m[3] for m in found)


def _documents(text: str, file: str) -> Iterator[tuple[Any, dict[Path, int]]]:
    reader = _Reader(text, file)
    try:
        yield from reader.documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise MeshError(f"is not YAML: {error.problem or error.context}", where=f"{file}:{line}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise MeshError("holds a character that YAML does not allow", where=f"{file}:{line}") from None


class _Reader:
    """Builds values from events; anchors and the count of aliased nodes live as long as one text."""

    def __init__(self, text: str, file: str) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self.file = file
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.aliased = 0
        self.lines: dict[Path, int] = {}
        self.nodes = 0

    def documents(self) -> Iterator[tuple[Any, dict[Path, int]]]:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors, self.lines = {}, {}
                yield self.value(next(self.events), ()), self.lines

    def value(self, event: Any, path: Path) -> Any:
        """The value that the event begins, taking the events that belong to it."""
        self.nodes += 1
        self.lines.setdefault(path, event.start_mark.line + 1)
        if len(path) > MAX_DEPTH:
            raise self.error(event, f"nests deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if event.tag is not None:
            raise self.error(event, f"has the tag {_tag(event.tag)}; plain YAML has none, so leave it out")
        before = self.nodes
        if isinstance(event, yaml.ScalarEvent):
            value: Any = resolve(event.value) if event.implicit[0] else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self.value(item, (*path, index)) for index, item in enumerate(self.until_end())]
        else:
            value = self.mapping(path)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.nodes - before + 1)
        return value

    def until_end(self) -> Iterator[Any]:
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                return
            yield event

    def mapping(self, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for event in self.until_end():
            key = self.key(event)
            if key in own or (key == "<<" and merged and event.implicit[0]):
                raise self.error(event, f"gives {key} twice; keep one")
            value = self.value(next(self.events), (*path, key))
            if key == "<<" and event.implicit[0]:
                merged = self.merge(event, value)
            else:
                self.lines[*path, key] = event.start_mark.line + 1
                own[key] = value
        return {**{key: value for key, value in merged.items() if key not in own}, **own}

    def key(self, event: Any) -> str:
        if isinstance(event, yaml.ScalarEvent) and event.tag is None:
            text: str = event.value
            meaning = resolve(text) if event.implicit[0] else text
            # A decimal number is a key's text as it stands (portLevelMtls: 8080), to kubectl too.
            if isinstance(meaning, str) or (type(meaning) is int and text == str(meaning)):
                return text
            raise self.error(event, f"has the key {text or 'nothing'}, which is not text; quote it")
        raise self.error(event, "has a key that is not plain text")

    def merge(self, event: Any, value: Any) -> dict[str, Any]:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self.error(event, "merges (<<) what is not a mapping")
        merged: dict[str, Any] = {}
        for source in sources:
            merged = {**source, **merged}
        return merged

    def alias(self, event: Any) -> Any:
        if event.anchor not in self.anchors:
            raise self.error(event, f"refers to *{event.anchor}, which no finished node before it is named")
        value, size = self.anchors[event.anchor]
        self.nodes += size
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            raise self.error(event, f"expands aliases to more than {MAX_ALIASED} nodes; write the values out")
        return value

    def error(self, event: Any, message: str) -> MeshError:
        return MeshError(message, where=f"{self.file}:{event.start_mark.line + 1}")


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
