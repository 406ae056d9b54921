"""The YAML that most manifests are made of, read line by line: several times as fast as from events.

Block mappings and lists of one-line scalars, comments, quotes without escapes, short lists in brackets. Whatever else
(anchors, tags, block scalars, escapes, text over several lines, a key given twice, an odd indent) is left to
``events``, which also has the words for what is wrong. So this reader says "not mine" rather than guess: what it does
read, it reads as ``events`` does, and tests hold the two against each other.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any, Final, TypeAlias

from pulumi_mesh.manifests.scalars import resolve

OTHER: Final = object()
"""What ``read_plain`` returns for a text that is for ``events`` to read."""

_NESTED: Final = object()
_EMPTY: Final = object()
_DEEPEST = 50
_LONGEST = 1000  # YAML takes no key without "? " beyond 1024 characters

_QUOTED = r"\"[^\"\\]*\"|'[^']*'"
_ITEM = rf"(?:{_QUOTED}|[A-Za-z0-9_/][A-Za-z0-9_/.-]*)"
_LINE = re.compile(
    rf"""
    (?P<indent>[ ]*)
    (?P<dash>-[ ]+)?
    (?:
        (?: (?P<key>[A-Za-z_][A-Za-z0-9_./-]*) | "(?P<text_key>[^"\\]+)" )
        : (?:[ ]+(?=[^ #])|(?=[ ]*$)|(?=[ ]+\#))
    )?
    (?:
        (?P<quoted>{_QUOTED})
      | (?P<plain>(?:[A-Za-z0-9_/.+^$~(]|-(?=[^ ]))(?:[^ :#]|:(?=[^ ])|(?<=[^ ])\#|[ ]+(?=[^ #]))*)
      | (?P<empty>\[\]|\{{\}})
      | \[(?P<items>{_ITEM}(?:,[ ]*{_ITEM})*)\]
    )?
    [ ]*(?:(?<=[ ])\#.*)?
    """,
    re.VERBOSE,
)
_ITEMS = re.compile(_ITEM)

Shape: TypeAlias = tuple[int, int, str | None, Any]


def read_plain(text: str) -> Any:
    """The mapping that one document holds, None when it holds nothing, OTHER when it is not plain.

    text: without its ``---`` line.
    """
    root: dict[str, Any] | None = None
    current: Any = None
    at = -1
    waiting: str | None = None  # the key of `current` that the lines below give a value
    outer: list[tuple[Any, int]] = []
    for line in text.split("\n"):
        shape = _shape(line)
        if shape is None:
            continue
        indent, inner, key, value = shape
        if indent < 0:
            return OTHER
        if waiting is not None:
            if indent > at or (indent == at and inner >= 0):
                if len(outer) > _DEEPEST:
                    return OTHER
                child: Any = {} if inner < 0 else []
                current[waiting] = child
                outer.append((current, at))
                current, at = child, indent
            waiting = None
        elif root is None:
            current = root = {}
            at = indent
        while at > indent or (at == indent and inner < 0 and type(current) is list):
            if not outer:
                return OTHER
            current, at = outer.pop()
        if at != indent or (type(current) is list) != (inner >= 0):
            return OTHER
        if inner >= 0:
            if key is None:
                current.append(value if type(value) is str else _fresh(value))
                continue
            outer.append((current, at))
            current.append({})
            current, at = current[-1], inner
        if key in current:
            return OTHER
        if value is _NESTED:
            waiting = key
            current[key] = None
        else:
            current[key] = value if type(value) is str else _fresh(value)
    return root


def _fresh(value: Any) -> Any:
    """Lists and mappings anew for each place where the line stands."""
    if type(value) is tuple:
        return list(value)
    return {} if value is _EMPTY else value


_OTHER_LINE: Shape = (-1, -1, None, None)


@functools.lru_cache(maxsize=1 << 14)
def _shape(line: str) -> Shape | None:
    """Indent of the line, indent of what its dash begins (-1 without one), key, value; None when it says nothing.

    Remembered, since many lines stand in many objects.
    """
    stripped = line.lstrip(" ")
    if not stripped or stripped[0] == "#":
        return None if line.isascii() and line.isprintable() else _OTHER_LINE
    match = _LINE.fullmatch(line) if len(line) < _LONGEST and line.isascii() and line.isprintable() else None
    if match is None:
        return _OTHER_LINE
    indent, dash, key, text_key, quoted, plain, empty, items = match.groups()
    value: Any
    if quoted is not None:
        value = quoted[1:-1]
    elif plain is not None:
        value = resolve(plain)
        if isinstance(value, float) and not math.isfinite(value):
            return _OTHER_LINE
    elif empty is not None:
        value = () if empty == "[]" else _EMPTY
    elif items is not None:
        value = tuple(_item(item) for item in _ITEMS.findall(items))
    else:
        value = _NESTED
    if key is not None and type(resolve(key)) is not str:
        return _OTHER_LINE
    name = key if key is not None else text_key
    if name is None and (dash is None or value is _NESTED):
        return _OTHER_LINE
    return len(indent), len(indent) + len(dash) if dash is not None else -1, name, value


def _item(text: str) -> Any:
    return text[1:-1] if text[0] in "\"'" else resolve(text)
