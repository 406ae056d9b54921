"""Every leaf of a description, with its path."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from pulumi_mesh.errors import OutputError
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.typed.tokens import FORMATTED_OUTPUT, is_formatted_output, is_output

T = TypeVar("T")


def mapped(value: T, root: str, leaf: Callable[[Any, str], Any]) -> T:
    """Frozen data (dataclasses, tuples, FrozenMaps) with each leaf replaced by ``leaf(value, path)``.

    root: what paths start with, such as ``Mesh("shop")`` in ``Mesh("shop").services["db"].hostname``. What does not
    change stays the same object; what does is made anew, and so validated again.
    """
    made: dict[int, Any] = {}

    def walk(item: Any, path: str) -> Any:
        if isinstance(item, tuple):
            return _kept(item, tuple(walk(each, _entry(path, index, each)) for index, each in enumerate(item)))
        if isinstance(item, FrozenMap):
            return _kept(item, FrozenMap({key: walk(each, f"{path}[{key!r}]") for key, each in item.items()}))
        if dataclasses.is_dataclass(item) and not isinstance(item, type):
            if id(item) not in made:  # a service that is reached from many places stays one service
                made[id(item)] = replaced(item, path)
            return made[id(item)]
        return leaf(item, path)

    def replaced(item: Any, path: str) -> Any:
        old = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
        new = {name: walk(each, f"{path}.{name}") for name, each in old.items()}
        changes = {name: each for name, each in new.items() if each is not old[name]}
        return dataclasses.replace(item, **changes) if changes else item

    return cast("T", walk(value, root))


def refuse_formatted_output(value: object, path: str) -> None:
    """Raise OutputError for text that an Output was formatted into, as in ``f"/{output}"``."""
    if is_formatted_output(value):
        raise OutputError(FORMATTED_OUTPUT, where=path)


def _kept(old: Any, new: Any) -> Any:
    """The old collection unless an entry changed, so that untouched parts of a description stay themselves."""
    before, after = (list(each.values()) if isinstance(each, Mapping) else each for each in (old, new))
    return old if all(one is other for one, other in zip(before, after, strict=True)) else new


def _entry(path: str, index: int, item: Any) -> str:
    name = None if is_output(item) else getattr(item, "name", None)  # an Output would make another one of any name
    return f'{path}["{name}"]' if isinstance(name, str) and name else f"{path}[{index}]"
