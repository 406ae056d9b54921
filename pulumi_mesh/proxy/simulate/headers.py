"""The headers of one message, with Envoy's pseudo headers (``:path``), in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_HOST = {"host": ":authority"}

_IN_ONE = frozenset({"content-type", "content-length", "user-agent", "x-request-id", "via", "te", "expect"})


@dataclass(frozen=True, slots=True)
class Headers:
    """(name, value) pairs; names in small letters, one pair for each value."""

    items: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(items: Iterable[tuple[str, str]]) -> Headers:
        """Headers from what somebody wrote: names in any letter case, ``host`` for ``:authority``."""
        return Headers(tuple((canonical(name), value.strip()) for name, value in items))

    def get(self, name: str) -> str | None:
        """The value, several joined by commas; None when there is none. name: in any letter case."""
        values = self.values(name)
        return ",".join(values) if values else None

    def values(self, name: str) -> tuple[str, ...]:
        """Each value by itself."""
        wanted = canonical(name)
        return tuple(value for key, value in self.items if key == wanted)

    def text(self, name: str) -> str:
        """The value, empty when there is none."""
        return self.get(name) or ""

    def replaced(self, name: str, value: str) -> Headers:
        """With one value in the place of those there are."""
        wanted = canonical(name)
        kept = tuple(item for item in self.items if item[0] != wanted)
        if len(kept) == len(self.items):
            return Headers((*kept, (wanted, value)))
        place = next(index for index, item in enumerate(self.items) if item[0] == wanted)
        return Headers((*kept[:place], (wanted, value), *kept[place:]))

    def added(self, name: str, value: str) -> Headers:
        """With one value more; where Envoy holds a header's values in one, behind a comma."""
        wanted = canonical(name)
        there = self.get(wanted)
        if wanted in _IN_ONE and there is not None:
            return self.replaced(wanted, f"{there},{value}")
        return Headers((*self.items, (wanted, value)))

    def without(self, name: str) -> Headers:
        """Without the header."""
        wanted = canonical(name)
        return Headers(tuple(item for item in self.items if item[0] != wanted))

    def plain(self) -> tuple[tuple[str, str], ...]:
        """Those that are no pseudo headers."""
        return tuple(item for item in self.items if not item[0].startswith(":"))


def canonical(name: str) -> str:
    """The name under which Envoy holds a header."""
    lower = name.lower()
    return _HOST.get(lower, lower)
