"""Where two views differ, as lines for people and as data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_mesh.proxy.view import ProxyView

_MISSING = "(not there)"
_NAMES: tuple[Callable[[Any], str], ...] = (lambda each: each.name, lambda each: each.cluster)


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where they differ. ours, theirs: what stands there, as text."""

    where: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.where}\n    ours:   {self.ours}\n    istiod: {self.theirs}"


def differences(ours: ProxyView, theirs: ProxyView) -> tuple[Difference, ...]:
    """The narrowest places, in the order of the view."""
    return tuple(_between(ours, theirs, ""))


def _between(ours: Any, theirs: Any, where: str) -> Iterator[Difference]:
    if ours == theirs:
        return
    if dataclasses.is_dataclass(ours) and type(ours) is type(theirs):
        for field in dataclasses.fields(ours):
            if field.compare:
                path = f"{where}.{field.name}".lstrip(".")
                yield from _between(getattr(ours, field.name), getattr(theirs, field.name), path)
    elif isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in sorted({*ours, *theirs}):
            yield from _between(ours.get(key, _MISSING), theirs.get(key, _MISSING), f"{where}[{key!r}]")
    elif isinstance(ours, tuple) and isinstance(theirs, tuple):
        yield from _between_tuples(ours, theirs, where)
    else:
        yield Difference(where, _text(ours), _text(theirs))


def _between_tuples(ours: tuple[Any, ...], theirs: tuple[Any, ...], where: str) -> Iterator[Difference]:
    """By name where every item has one of its own and the names differ, else by position."""
    named, others = _by_name(ours), _by_name(theirs)
    if named is not None and others is not None and (list(named) == list(others) or {*named} != {*others}):
        for name in dict.fromkeys((*named, *others)):
            yield from _between(named.get(name, _MISSING), others.get(name, _MISSING), f"{where}[{name!r}]")
    elif len(ours) == len(theirs):
        for position, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _between(one, other, f"{where}[{position}]")
    else:
        yield Difference(where, _text(ours), _text(theirs))


def _by_name(items: tuple[Any, ...]) -> dict[str, Any] | None:
    for name in _NAMES:
        try:
            found = {name(each): each for each in items}
        except AttributeError:
            continue
        if len(found) == len(items) and all(found):
            return found
    return None


def _text(value: Any) -> str:
    return value if value is _MISSING else repr(value)
