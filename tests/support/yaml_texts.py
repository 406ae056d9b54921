"""Text that is YAML, or nearly: block mappings and lists with here and there something else."""

from __future__ import annotations

import random

_VALUES = (
    "1", "017", "0x1f", "1.5", "1e3", "yes", "No", "null", "~", "text", "two words", "a:b", "a#b", "a #b", "/x/*", "[]",
    '"quoted"', "'single'", "{}", "[a, b]", '["*", 8080]', "[a,b]", "2024-01-02", "12:30", ".5", "-5", "-x", '""', "''",
    "x,y", "(a)", "$var", "^re$", "~x", "'#'", "true # yes", "# only", "99999999999999999999", "a b  c", "/a/.*[0-9]+",
)  # fmt: skip
_ODD_VALUES = (
    '"a\\n"', "'it''s'", "[a", "{a: 1}", "|", ">-", "&x b", "*x", "!t c", "-", "- d", "?", "a: b", "\u00e9", "\t", "+",
    "%d", "@e", "[a , b]", "[1, ]", ".inf", '"open', "a\tb", "]", "x:",
)  # fmt: skip
_ODD_KEYS = ("yes", "12", "'c'", "<<", "~", "null", "a b", "? a", "1.5", "-", '"a\\tb"', "&k a", "k\u00e9")
_ENDS = ("", "", "", "", "", "", "", "", " ", " # c", "  #")


def near_yaml(chance: random.Random) -> str:
    """One document, often valid; without the ``---`` that may stand before it."""
    wild = chance.choice((0.0, 0.0, 0.02, 0.1))
    lines = _mapping(chance, wild, chance.choice((0, 0, 0, 1, 2)), 0)
    if chance.random() < wild:
        place = chance.randrange(len(lines) + 1)
        lines.insert(place, chance.choice(("", "# c", "  # c", "x", "- y", "\t", "  z: 1", "\r", "...", "a: 1", "%A")))
    end = "\r\n" if chance.random() < 0.1 else "\n"
    return end.join(lines) + chance.choice(("", "\n", "\n\n"))


def _mapping(chance: random.Random, wild: float, indent: int, depth: int) -> list[str]:
    lines: list[str] = []
    for number in range(chance.randint(depth > 0, 4)):
        key = chance.choice(("a", "spec", "x-y", "a.b/c", '"b', "k8s", "kind", "_z")) + str(number)
        key += '"' * (key[0] == '"')
        if chance.random() < wild:
            key = chance.choice(_ODD_KEYS)
        lines += _entry(chance, wild, " " * _off(chance, wild, indent) + key + ":", indent, depth)
    return lines


def _list(chance: random.Random, wild: float, indent: int, depth: int) -> list[str]:
    lines: list[str] = []
    for _ in range(chance.randint(1, 3)):
        dash = chance.choice(("- ", "- ", "- ", "-   "))
        start = " " * _off(chance, wild, indent) + dash
        if chance.random() < 0.4 and depth < 5:
            first, *rest = _mapping(chance, wild, indent + len(dash), depth + 1)
            lines += [start + first.lstrip(" "), *rest]
        else:
            lines.append(start + _value(chance, wild) + chance.choice(_ENDS))
    return lines


def _entry(chance: random.Random, wild: float, start: str, indent: int, depth: int) -> list[str]:
    form = chance.random()
    if form < 0.55 or depth > 4:
        return [start + chance.choice((" ", " ", "   ")) + _value(chance, wild) + chance.choice(_ENDS)]
    if form < 0.6:
        return [start + chance.choice(_ENDS)]
    if form < 0.8:
        return [start, *_list(chance, wild, indent + chance.choice((0, 2, 2, 3)), depth + 1)]
    return [start + chance.choice(_ENDS), *_mapping(chance, wild, indent + chance.choice((2, 2, 1, 4)), depth + 1)]


def _value(chance: random.Random, wild: float) -> str:
    return chance.choice(_ODD_VALUES if chance.random() < wild else _VALUES)


def _off(chance: random.Random, wild: float, indent: int) -> int:
    return max(0, indent + chance.choice((-2, -1, 1, 2))) if chance.random() < wild / 3 else indent
