"""Manifests that are wrong in ways that nobody thinks of: valid ones, changed by chance."""

from __future__ import annotations

import copy
import random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, 1.5, -0.0, 1e308, "", "*", ".", "x" * 5000, "\u00e9\u0301", "\U0001f600", "a\nb",
    "\t", "\x00", "\u2028", "yes", "1e3", "0x1", "~", "[", "(a+)+$", "a{1000}", "%", "*.*", "..", "1.2.3.4/33", "::",
    "-1s", "9999999999h", "1h1h", "http://", "http://[::1", "//", [], {}, [None], [[]], {"": ""}, {"a": {"b": None}},
    ["a", 1, None], [{}] * 50, {"key" + str(n): n for n in range(100)}, "{{ .Values.x }}", "$(x)", "${x}", "@", "<<",
)  # fmt: skip


def changed(manifest: dict[str, Any], chance: random.Random) -> Any:
    """A copy of the manifest with up to four changes at any depth."""
    root = {"": copy.deepcopy(manifest)}
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        places = _places(root)
        holder, key = chance.choice(places)
        others = [each[at] for each, at in places]
        match chance.randrange(6):
            case 0:
                holder[key] = copy.deepcopy(chance.choice(ODD))
            case 1 if holder is not root:
                del holder[key]
            case 2:
                holder[key] = copy.deepcopy(chance.choice(others))
            case 3 if isinstance(holder, dict) and holder is not root:
                holder[chance.choice(["", "colour", key.upper() + "x", "é", "a.b"])] = holder.pop(key)
            case 4 if isinstance(holder, list):
                holder += copy.deepcopy(holder[:1] * chance.choice([1, 3, 70]))
            case _:
                for _ in range(chance.choice([1, 5, 60, 98])):
                    holder[key] = {"a": holder[key]} if chance.random() < 0.5 else [holder[key]]
    return root[""]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (mapping or list, key or index) in the value; of what nests deep, the upper part."""
    found: list[tuple[Any, Any]] = []
    level = [value]
    while level and len(found) < 2000:
        below: list[Any] = []
        for each in level:
            keys = list(each) if isinstance(each, dict) else range(len(each))
            found += [(each, key) for key in keys]
            below += [each[key] for key in keys if isinstance(each[key], dict | list)]
        level = below
    return found


def garbled(text: str, chance: random.Random) -> bytes:
    """The text with up to four changes to its lines or bytes."""
    lines = text.split("\n")
    for _ in range(chance.randint(0, 3)):
        at = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2:
                lines[at] = " " * chance.randrange(5) + lines[at].lstrip(" ")
            case 3:
                lines.insert(
                    at, chance.choice(("---", "...", "%YAML 1.1", "&a b: *a", "<<: *a", "? a", "- - -", "!!x y"))
                )
            case 4:
                lines[at] += chance.choice(
                    (" #", ":", " &a", " |", " >-", " *a", " !!int", "\t", "\r", " {", " [", '"', "'")
                )
            case _:
                lines[at], lines[-1] = lines[-1], lines[at]
        lines = lines or [""]
    data = bytearray("\n".join(lines).encode())
    for _ in range(chance.choice([0, 0, 0, 1, 2])):
        at = chance.randrange(len(data) + 1)
        data[at : at + chance.randrange(2)] = bytes([chance.choice([0, 9, 10, 13, 32, 34, 38, 42, 58, 128, 255, 239])])
    return bytes(data)
