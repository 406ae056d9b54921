"""Reading proto3 JSON: fields are taken out of a message one by one, and what nobody took is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.proxy.envoy.field_names import snake

T = TypeVar("T")

_DURATION = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,9}))?s")


class UnmodelledError(Exception):
    """A message is valid as far as is known, but the view has no place for it: whoever holds it keeps it whole."""


class Message:
    """One message of Envoy's, with field names in snake_case or camelCase, and null for an absent field.

    Methods named after a type take a field out, or leave it for ``rest`` when it is valid but not of a form
    that the view has. InvalidError, with the path from the root, when a field is not what proto3 JSON allows.

    raw: the message is a map, whose keys are data and stay as they are.
    """

    def __init__(self, value: object, where: str, *, raw: bool = False) -> None:
        if not isinstance(value, Mapping):
            raise invalid(where, f"must be an object, not {kind(value)}")
        self.where = where
        self._children: dict[str, Message] = {}
        self._fields: dict[str, Any] = {}
        for key, item in value.items():
            name = key if raw else _snake(key)
            if name in self._fields:
                raise invalid(f"{where}.{name}", "is there twice, in snake_case and in camelCase")
            if item is not None:
                self._fields[name] = item

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def names(self) -> tuple[str, ...]:
        """The fields that are there and not taken."""
        return tuple(self._fields)

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value: str = self._typed(name, str, "text", default)
        return value

    def flag(self, name: str) -> bool | None:
        """A bool or BoolValue; None when it is absent."""
        value: bool | None = self._typed(name, bool, "true or false", None)
        return value

    def number(self, name: str) -> int | None:
        """An integer or its wrapper, which 64-bit ones write as text; None when it is absent."""
        value = self._fields.get(name)
        if value is None:
            return None
        whole = isinstance(value, float) and value.is_integer()
        digits = isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value)
        if isinstance(value, bool) or not (isinstance(value, int) or whole or digits):
            raise invalid(self.path(name), f"must be an integer, not {kind(value)}")
        return int(self._fields.pop(name))

    def decimal(self, name: str) -> float | None:
        """A double; None when it is absent."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(self.path(name), f"must be a number, not {kind(value)}")
        return float(self._fields.pop(name))

    def choice(self, name: str, table: Mapping[str, T], default: T) -> T:
        """An enum's value by the table; one that is not in the table stays."""
        value = self._fields.get(name)
        if isinstance(value, str) and value in table:
            del self._fields[name]
            return table[value]
        return default

    def duration(self, name: str) -> timedelta | None:
        """A Duration, such as ``1.5s``; finer than a microsecond it stays."""
        value = self._fields.get(name)
        if value is None:
            return None
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if not found:
            raise invalid(self.path(name), f"must be seconds such as '1.5s', not {kind(value)}")
        sign, seconds, fraction = found.groups()
        nanos = int((fraction or "").ljust(9, "0"))
        # Durations over 10,000 years are not valid in proto3 either.
        if nanos % 1000 or len(seconds) > 12:
            return None
        del self._fields[name]
        length = timedelta(seconds=int(seconds), microseconds=nanos // 1000)
        return -length if sign else length

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        values = self._list(name)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise invalid(f"{self.path(name)}[{index}]", f"must be text, not {kind(value)}")
        self._fields.pop(name, None)
        return tuple(values)

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of integers."""
        values = self._list(name)
        for index, value in enumerate(values):
            if not isinstance(value, int) or isinstance(value, bool):
                raise invalid(f"{self.path(name)}[{index}]", f"must be an integer, not {kind(value)}")
        self._fields.pop(name, None)
        return tuple(values)

    def map(self, name: str) -> FrozenMap[str, object]:
        """A map or a Struct, its keys as they are; empty when it is absent."""
        value = Message(self._fields.get(name, {}), self.path(name), raw=True).rest()
        self._fields.pop(name, None)
        return value

    def one(self, name: str, read: Callable[[Message], T]) -> T | None:
        """A message, read; None when it is absent or the view has no place for it (then it stays)."""
        if name not in self._fields:
            return None
        try:
            value = read(Message(self._fields[name], self.path(name)))
        except UnmodelledError:
            return None
        del self._fields[name]
        return value

    def each(self, name: str, read: Callable[[Message], T]) -> tuple[T, ...]:
        """A list of messages, each read; when the view has no place for one of them, all stay."""
        try:
            values = tuple(
                read(Message(value, f"{self.path(name)}[{index}]")) for index, value in enumerate(self._list(name))
            )
        except UnmodelledError:
            return ()
        self._fields.pop(name, None)
        return values

    def part(self, name: str, *, raw: bool = False) -> Message:
        """A message that is taken in part: what nobody takes of it stays. Empty when it is absent."""
        child = Message(self._fields.pop(name, {}), self.path(name), raw=raw)
        self._children[name] = child
        return child

    def drop(self, name: str) -> None:
        """A field that says nothing to the view, and that writing puts back."""
        self._fields.pop(name, None)

    def rest(self) -> FrozenMap[str, object]:
        """What nobody took."""
        left = dict(self._fields)
        for name, child in self._children.items():
            kept = child.rest()
            if kept:
                left[name] = kept
        frozen: FrozenMap[str, object] = freeze(left)
        return frozen

    def end(self) -> None:
        """Raises UnmodelledError when something is left: the view has no place for it here."""
        if self.rest():
            raise UnmodelledError

    def path(self, name: str) -> str:
        """Where a field is, from the root."""
        return f"{self.where}.{name}" if self.where else name

    def _typed(self, name: str, expected: type[T], words: str, default: Any) -> Any:
        value = self._fields.get(name)
        if value is None:
            return default
        if not isinstance(value, expected):
            raise invalid(self.path(name), f"must be {words}, not {kind(value)}")
        return self._fields.pop(name)

    def _list(self, name: str) -> list[Any]:
        value = self._fields.get(name, [])
        if not isinstance(value, list | tuple):
            raise invalid(self.path(name), f"must be a list, not {kind(value)}")
        return list(value)


def invalid(where: str, problem: str) -> InvalidError:
    """One problem at one place."""
    return InvalidError([(where, problem)])


def kind(value: object) -> str:
    """A value's JSON type in words, and no more: values may be secrets."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "other text" if value else "empty text"
        case Mapping():
            return "an object"
        case _:
            return "a list"


def _snake(name: object) -> str:
    if not isinstance(name, str):
        raise invalid("", "an Envoy config has text keys only")
    return snake(name)
