"""References by name: where a file says ``service: reviews``, the validators look the name up.

In Python one passes the object itself. While a file is read, the validation context holds what it declares, by name
and by ``NAMESPACE/NAME``: ``{"service": {"reviews": Service(...), "shop/reviews": ...}, "gateway": {...}}``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationInfo


@dataclass(frozen=True, slots=True)
class Unusable:
    """Stands in the context for a name that is declared and yet cannot be referred to. reason: why."""

    reason: str


def named(kind: str) -> Callable[[Any, ValidationInfo], Any]:
    """A validator that replaces a name by the declared object of that kind and passes anything else on."""

    def look_up(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        if info.context is None:
            raise ValueError(f"{value!r} is text; pass the {kind} object itself")
        declared = info.context.get(kind, {})
        if value not in declared:
            known = ", ".join(sorted(name for name in declared if "/" not in name)) or "none"
            raise ValueError(f"no {kind} {value!r} is declared; declared: {known}")
        found = declared[value]
        if isinstance(found, Unusable):
            raise ValueError(found.reason)
        return found

    return look_up
