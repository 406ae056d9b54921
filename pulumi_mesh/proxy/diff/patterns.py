"""Tests of a text as automata: what exact texts, prefixes, suffixes and regular expressions (RE2) take.

Characters are bits of a number, the plainest first, so that the lowest bit of a set is the one that reads best.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["exact", "prefix", "suffix", "contains", "regex", "segments"]
_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST = 200
"""Repetitions of a part that are still written out."""
_SETS = {
    "d": "0123456789",
    "w": f"{_PLAIN}_",
    "s": " ",
    "[:alpha:]": _PLAIN[:26] + _PLAIN[36:],
    "[:digit:]": "0123456789",
    "[:alnum:]": _PLAIN,
    "[:lower:]": _PLAIN[:26],
    "[:upper:]": _PLAIN[36:],
    "[:word:]": f"{_PLAIN}_",
    "[:xdigit:]": "0123456789abcdefABCDEF",
    "[:space:]": " ",
    "[:punct:]": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
}
_REPEATED = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_GROUP = re.compile(r"\?(?:P?<\w+>|([imsU]*(?:-[imsU]+)?)([:)]))")


class UnknownPatternError(Exception):
    """A pattern has a construct for which no automaton is made here."""


@dataclass(frozen=True, slots=True)
class TextTest:
    """What a text is to be. segments: a path that is the value, or below it."""

    kind: Kind
    value: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters of which texts are made, the plainest first."""

    characters: str

    @property
    def every(self) -> int:
        """The set of all."""
        return (1 << len(self.characters)) - 1

    def of(self, text: str, *, ignore_case: bool = False) -> int:
        """The set of the characters of a text."""
        known = {*text, *(text.swapcase() if ignore_case else "")}
        return sum(1 << place for place, each in enumerate(self.characters) if each in known)


Part = tuple[int, int]
"""Of an automaton: the state where it is entered, and the one where it ends."""


@dataclass(slots=True)
class Automaton:
    """States and their edges: the characters (none: without one), and the next state."""

    alphabet: Alphabet
    edges: list[list[tuple[int, int]]] = field(default_factory=list)

    def state(self) -> int:
        """A new state."""
        self.edges.append([])
        return len(self.edges) - 1

    def add(self, test: TextTest) -> Part:
        """The part that takes what a test takes. Raises UnknownPatternError."""
        if test.kind == "regex":
            return _Reader(self, test.value).whole()
        literal = [self.step(self.alphabet.of(each, ignore_case=test.ignore_case)) for each in test.value]
        match test.kind:
            case "prefix":
                return self.row([*literal, self.rest()])
            case "suffix":
                return self.row([self.rest(), *literal])
            case "contains":
                return self.row([self.rest(), *literal, self.rest()])
            case "segments":
                below = self.row([self.step(self.alphabet.of("/")), self.rest()])
                return self.row([*literal, self.either([self.row([]), below])])
            case _:
                return self.row(literal)

    def step(self, characters: int) -> Part:
        """One of the characters."""
        start, end = self.state(), self.state()
        if characters:  # an edge without characters is taken without one
            self.edges[start].append((characters, end))
        return start, end

    def rest(self) -> Part:
        """Any text."""
        start = self.state()
        self.edges[start].append((self.alphabet.every, start))
        return start, start

    def row(self, parts: list[Part]) -> Part:
        """Parts, one after the other."""
        start = end = self.state()
        for part in parts:
            self.edges[end].append((0, part[0]))
            end = part[1]
        # Nothing else may lead on from where it ends: a part that repeats itself does.
        last = self.state()
        self.edges[end].append((0, last))
        return start, last

    def either(self, parts: list[Part]) -> Part:
        """One of the parts."""
        start, end = self.state(), self.state()
        for part in parts:
            self.edges[start].append((0, part[0]))
            self.edges[part[1]].append((0, end))
        return start, end

    def repeated(self, part: Part) -> Part:
        """A part any number of times, none too."""
        start = self.state()
        self.edges[start].append((0, part[0]))
        self.edges[part[1]].append((0, start))
        return start, start


@dataclass(slots=True)
class _Reader:
    """Reads a pattern from left to right."""

    automaton: Automaton
    text: str
    at: int = 0
    ignore_case: bool = False
    depth: int = 0

    def whole(self) -> Part:
        found = self._alternatives()
        if self.at < len(self.text):
            raise UnknownPatternError(self.text)
        return found

    def _next(self, text: str) -> bool:
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _alternatives(self) -> Part:
        found = [self._row()]
        while self._next("|"):
            found.append(self._row())
        return found[0] if len(found) == 1 else self.automaton.either(found)

    def _row(self) -> Part:
        parts: list[Part] = []
        if self.depth == 0 and not self._next("^"):
            self._next(r"\A")
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            ends = self.text[self.at + 1 : self.at + 2] in ("", "|") and self.depth == 0
            if ends and self._next("$"):
                break
            parts.append(self._repeated())
        return self.automaton.row(parts)

    def _repeated(self) -> Part:
        before = self.at
        ignored = self.ignore_case
        atom = self._atom()
        after = self.at

        def again() -> Part:
            # An automaton's part is in one place only: for another one it is read again.
            reader = _Reader(self.automaton, self.text, before, ignored, self.depth)
            found = reader._atom()
            assert reader.at == after  # noqa: S101 - the same text is read
            return found

        least, most = 1, 1
        if self._next("*"):
            least, most = 0, -1
        elif self._next("+"):
            least, most = 1, -1
        elif self._next("?"):
            least, most = 0, 1
        elif found := _REPEATED.match(self.text, self.at):
            self.at = found.end()
            least = int(found[1])
            most = int(found[3]) if found[3] else -1 if found[2] else least
        else:
            return atom
        self._next("?")  # how much it takes first is the same to whole texts
        if max(least, most) > _LONGEST:
            raise UnknownPatternError(self.text)
        parts = [again() for _ in range(least)]
        if most < 0:
            parts.append(self.automaton.repeated(atom))
        else:
            parts += [self.automaton.either([again(), self.automaton.row([])]) for _ in range(most - least)]
        return self.automaton.row(parts)

    def _atom(self) -> Part:
        if self._next("("):
            return self._group()
        if self._next("["):
            return self.automaton.step(self._class())
        if self._next("."):
            return self.automaton.step(self.automaton.alphabet.every)
        if self.text[self.at] in "^$*+?":
            raise UnknownPatternError(self.text)
        return self.automaton.step(self._characters())

    def _group(self) -> Part:
        ignored = self.ignore_case
        if self.text.startswith("?", self.at):
            found = _GROUP.match(self.text, self.at)
            if found is None:
                raise UnknownPatternError(self.text)
            self.at = found.end()
            if found[1] is not None:
                on, _, off = found[1].partition("-")
                self.ignore_case = ("i" in on or self.ignore_case) and "i" not in off
            if found[2] == ")":
                return self.automaton.row([])
        self.depth += 1
        inner = self._alternatives()
        self.depth -= 1
        self.ignore_case = ignored
        if not self._next(")"):
            raise UnknownPatternError(self.text)
        return inner

    def _class(self) -> int:
        negated = self._next("^")
        found = 0
        first = True
        while first or not self.text.startswith("]", self.at):
            first = False
            if self.at >= len(self.text):
                raise UnknownPatternError(self.text)
            named = next((each for each in _SETS if each[0] == "[" and self.text.startswith(each, self.at)), "")
            if named:
                self.at += len(named)
                found |= self._set(_SETS[named])
                continue
            start = self.at
            characters = self._characters()
            low = self._single(start)
            if low and self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                start = self.at
                self._characters()
                high = self._single(start)
                if not high:
                    raise UnknownPatternError(self.text)
                characters = self._set("".join(map(chr, range(ord(low), ord(high) + 1))))
            found |= characters
        self.at += 1
        return self.automaton.alphabet.every & ~found if negated else found

    def _single(self, start: int) -> str:
        """The one character that was read from a place on; empty for a set of them."""
        read = self.text[start : self.at]
        return "" if read[0] == "\\" and read[1:] in ("d", "w", "s", "D", "W", "S") else read[-1]

    def _set(self, characters: str) -> int:
        return self.automaton.alphabet.of(characters, ignore_case=self.ignore_case)

    def _characters(self) -> int:
        """A character, or what an escape stands for."""
        each = self.text[self.at]
        self.at += 1
        if each != "\\":
            return self._set(each)
        each = self.text[self.at : self.at + 1]
        self.at += 1
        if each in ("d", "w", "s"):
            return self._set(_SETS[each])
        if each in ("D", "W", "S"):
            return self.automaton.alphabet.every & ~self._set(_SETS[each.lower()])
        if not each or each.isalnum():
            raise UnknownPatternError(self.text)
        return self._set(each)
