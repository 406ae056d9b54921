"""Values for attributes, such that some terms hold and others do not."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pulumi_mesh.proxy.diff.attributes import Key, Value
from pulumi_mesh.proxy.diff.terms import Term, meet

Values = Mapping[Key, tuple[Value, ...]]
"""The values of each attribute, the plainest first."""
_STEPS = 5_000
"""Choices that are tried."""


class _GivenUpError(Exception):
    """More choices than are tried."""


def assigned(needs: Iterable[Sequence[Term]], excludes: Sequence[Term], values: Values) -> Mapping[Key, Value] | None:
    """A value for each attribute that is asked about; none at all where there are no such values; None where it takes
    too long to know.

    needs: of each group one term has to hold. excludes: terms that must not.
    """
    groups = list(needs)
    domain: Term = {}
    for group in groups:
        if len(group) == 1:
            domain = meet(domain, group[0])
            if not all(domain.values()):
                return {}
    search = _Search(values, _STEPS)
    try:
        for chosen in itertools.product(*(group for group in groups if len(group) > 1)):
            narrow = domain
            for term in chosen:
                narrow = meet(narrow, term)
            if all(narrow.values()) and (found := search.run(narrow, excludes)):
                return found
            search.step()
    except _GivenUpError:
        return None
    return {}


@dataclass(slots=True)
class _Search:
    values: Values
    steps: int

    def step(self) -> None:
        """One choice more. Raises _GivenUpError."""
        self.steps -= 1
        if self.steps < 0:
            raise _GivenUpError

    def run(self, domain: Term, excludes: Sequence[Term]) -> dict[Key, Value]:
        """Values of a domain with which no term of those excluded holds; empty where there are none."""
        left: list[Term] = []
        for term in excludes:
            ways = [(self._taken(domain, key), taken) for key, taken in term.items()]
            if any(not mine & taken for mine, taken in ways):
                continue
            if all(not mine & ~taken for mine, taken in ways):
                return {}
            left.append(term)
        keys = dict.fromkeys(key for term in left for key in term)
        options = {key: self._options(domain, key, left) for key in keys}
        order = sorted(keys, key=lambda key: len(options[key]))
        chosen = self._choose(order, options, (1 << len(left)) - 1)
        if chosen is None:
            return {}
        bits = {key: taken & -taken for key, taken in domain.items()} | chosen
        return {key: self.values[key][bit.bit_length() - 1] for key, bit in bits.items()}

    def _taken(self, domain: Term, key: Key) -> int:
        return domain.get(key, (1 << len(self.values[key])) - 1)

    def _options(self, domain: Term, key: Key, left: list[Term]) -> list[tuple[int, int]]:
        """Values of an attribute, each with the terms (bits) that fail with it; none with which fewer fail."""
        found: dict[int, int] = {}
        taken = self._taken(domain, key)
        tests = [(1 << place, term[key]) for place, term in enumerate(left) if key in term]
        while taken:
            bit = taken & -taken
            taken ^= bit
            failing = sum(place for place, wanted in tests if not wanted & bit)
            found.setdefault(failing, bit)
        return [
            (bit, failing)
            for failing, bit in found.items()
            if not any(failing != other and failing & other == failing for other in found)
        ]

    def _choose(
        self, order: Sequence[Key], options: Mapping[Key, list[tuple[int, int]]], alive: int
    ) -> dict[Key, int] | None:
        if not alive:
            return {}
        reach = 0
        for key in order:
            for _, failing in options[key]:
                reach |= failing
        if alive & ~reach:
            return None
        first, rest = order[0], order[1:]
        for bit, failing in options[first]:
            self.step()
            found = self._choose(rest, options, alive & ~failing)
            if found is not None:
                return {first: bit, **found}
        return None
