"""Texts that tell tests apart: of every set of tests that some text passes together, the shortest such text."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_mesh.proxy.diff.patterns import Alphabet, Automaton, Part, TextTest, UnknownPatternError

PATH = Alphabet("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ/-._~!$&'()*+,;=:@")
HOST = Alphabet("abcdefghijklmnopqrstuvwxyz0123456789.-:")
VALUE = Alphabet(PATH.characters + ' "#%<>?[]\\^`{|}')
_NO_PATH = TextTest("regex", r"|[^/].*|.*/\.\.?")
_NEVER_PATH = TextTest("regex", r".*(//|/\./|/\.\./).*")
"""What proxies make another path of before they look at it, whatever follows."""
_WORK = 200_000
"""States that are looked at, all in all: more come of many patterns that all begin with ``.*``."""


@dataclass(frozen=True, slots=True)
class Texts:
    """found: the texts, the shortest first. missed: patterns for which texts may be missing."""

    found: tuple[str, ...]
    missed: tuple[str, ...] = ()


def texts_for(tests: Iterable[TextTest], alphabet: Alphabet, preferred: Iterable[str] = ()) -> Texts:
    """A text for each set of tests that are passed together, and for none of them.

    preferred: texts that are taken rather than others that pass the same. Paths begin with a slash and are such as
    proxies leave as they are.
    """
    automaton = Automaton(alphabet)
    parts: list[Part] = []
    missed: list[str] = []
    for test in dict.fromkeys(tests):
        try:
            parts.append(automaton.add(test))
        except UnknownPatternError:
            missed.append(test.value)
        else:
            if test.kind != "regex" and not {*test.value} <= {*alphabet.characters}:
                missed.append(test.value)
    # An empty value is hard to tell from none; where nothing is ruled out for good, no text comes to that end.
    unless = automaton.add(_NO_PATH if alphabet is PATH else TextTest("exact", ""))
    never = automaton.add(_NEVER_PATH) if alphabet is PATH else automaton.step(0)
    found, whole = _Search(automaton, parts, unless, never).run(preferred)
    return Texts(found, (*missed, *(() if whole else ("too many patterns at once",))))


@dataclass(slots=True)
class _Search:
    """unless: texts that are none, which longer ones may be. never: texts that are none, as are all longer ones."""

    automaton: Automaton
    parts: list[Part]
    unless: Part
    never: Part

    def run(self, preferred: Iterable[str]) -> tuple[tuple[str, ...], bool]:
        """The shortest text of each kind; and whether all states were looked at."""
        places = {end: 1 << place for place, (_, end) in enumerate(self.parts)}
        closed: dict[int, frozenset[int]] = {}
        dead = self.never[1]
        entry = self._closed((start for start, _ in (*self.parts, self.unless, self.never)), closed)
        found: dict[int, str] = {}
        work = 0
        seen = {entry}
        queue: deque[tuple[frozenset[int], str]] = deque([(entry, "")])
        for text in preferred:
            states = entry
            for each in text:
                states = self._after(states, self.automaton.alphabet.of(each), closed)
            if self.unless[1] not in states and dead not in states:
                found.setdefault(sum(places.get(each, 0) for each in states), text)
        while queue:
            states, text = queue.popleft()
            if self.unless[1] not in states:
                found.setdefault(sum(places.get(each, 0) for each in states), text)
            for characters in self._kinds(states):
                lowest = characters & -characters
                after = self._after(states, lowest, closed)
                if after in seen or dead in after:
                    continue
                work += len(after)
                if work > _WORK:
                    return tuple(found.values()), False
                seen.add(after)
                queue.append((after, text + self.automaton.alphabet.characters[lowest.bit_length() - 1]))
        return tuple(found.values()), True

    def _kinds(self, states: frozenset[int]) -> list[int]:
        """The sets of characters that lead on alike."""
        kinds = [self.automaton.alphabet.every]
        for characters in {each for state in states for each, _ in self.automaton.edges[state] if each}:
            kinds = [part for each in kinds for part in (each & characters, each & ~characters) if part]
        return sorted(kinds, key=lambda each: each & -each)

    def _after(self, states: frozenset[int], character: int, closed: dict[int, frozenset[int]]) -> frozenset[int]:
        reached = {to for state in states for each, to in self.automaton.edges[state] if each & character}
        return frozenset().union(*(self._closure(each, closed) for each in reached))

    def _closed(self, states: Iterable[int], closed: dict[int, frozenset[int]]) -> frozenset[int]:
        return frozenset().union(*(self._closure(each, closed) for each in states))

    def _closure(self, state: int, closed: dict[int, frozenset[int]]) -> frozenset[int]:
        """The states that are reached without a character, those of interest only."""
        known = closed.get(state)
        if known is None:
            reached, open_ = {state}, [state]
            while open_:
                for characters, to in self.automaton.edges[open_.pop()]:
                    if not characters and to not in reached:
                        reached.add(to)
                        open_.append(to)
            edges = self.automaton.edges
            telling = (each for each in reached if not edges[each] or any(characters for characters, _ in edges[each]))
            known = closed[state] = frozenset(telling)
        return known
