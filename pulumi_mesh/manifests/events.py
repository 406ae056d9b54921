"""YAML from the event stream of libyaml, which neither recurses nor constructs anything: complete and strict.

What two readers could read differently, or only some accept, is refused with its line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.scalars import resolve

MAX_DEPTH = 100
"""How deep mappings and lists may nest; Kubernetes objects stay far below."""
MAX_ALIASED = 100_000
"""How many nodes all aliases of a text may add; a bomb adds billions."""

Path = tuple[str | int, ...]


class Budget:
    """How many nodes aliases may still add."""

    def __init__(self) -> None:
        self.left = MAX_ALIASED


def read_events(
    text: str, file: str, line: int, budget: Budget, lines: dict[Path, int] | None = None
) -> Iterator[tuple[int, Any]]:
    """Each document of the text: the line on which its data starts, and the data; None when it is empty.

    line: the one on which the text starts. lines: where given, it is cleared at each document and filled with the line
    of each path in it. Raises MeshError with file and line.
    """
    reader = _Reader(text, file, line, budget, lines)
    language = "JSON" if file.endswith(".json") else "YAML"
    try:
        yield from reader.documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # libyaml counts the end of a text as a line of its own, also where its last line is not ended.
        at = line + min(mark.line, text.count("\n")) if mark else line
        raise MeshError(f"is not {language}: {error.problem or error.context}", where=f"{file}:{at}") from None
    except yaml.reader.ReaderError as error:
        at = text.count("\n", 0, error.position) + line
        raise MeshError(f"holds a character that {language} does not allow", where=f"{file}:{at}") from None


class _Reader:
    """Builds values from events; anchors live as long as a document."""

    def __init__(self, text: str, file: str, line: int, budget: Budget, lines: dict[Path, int] | None) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self.file = file
        self.first = line
        self.budget = budget
        self.lines = lines
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0

    def documents(self) -> Iterator[tuple[int, Any]]:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                if self.lines is not None:
                    self.lines.clear()
                root = next(self.events)
                yield root.start_mark.line + self.first, self.value(root, ())

    def value(self, event: Any, path: Path) -> Any:
        """The value that the event begins, taking the events that belong to it."""
        self.nodes += 1
        if self.lines is not None:
            self.lines.setdefault(path, event.start_mark.line + self.first)
        if len(path) > MAX_DEPTH:
            raise self.error(event, f"nests deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if event.tag is not None:
            raise self.error(event, f"has the tag {_tag(event.tag)}; plain YAML has none, so leave it out")
        before = self.nodes
        if isinstance(event, yaml.ScalarEvent):
            value: Any = self.scalar(event) if event.implicit[0] else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self.value(item, (*path, index)) for index, item in enumerate(self.until_end())]
        else:
            value = self.mapping(path)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.nodes - before + 1)
        return value

    def scalar(self, event: Any) -> Any:
        value = resolve(event.value)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(event, f"has {event.value}, which no manifest can hold; quote it if it is text")
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
                if self.lines is not None:
                    self.lines[*path, key] = event.start_mark.line + self.first
                own[key] = value
        return {**{key: value for key, value in merged.items() if key not in own}, **own} if merged else own

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
        self.budget.left -= size
        if self.budget.left < 0:
            raise self.error(event, f"expands aliases to more than {MAX_ALIASED} nodes; write the values out")
        return value

    def error(self, event: Any, message: str) -> MeshError:
        return MeshError(message, where=f"{self.file}:{event.start_mark.line + self.first}")


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
