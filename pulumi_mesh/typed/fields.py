"""What a typed class's fields are: their names on the wire, their types, and the validator made of them."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic_core import SchemaValidator

ALIAS = "alias"
"""Under this key of a field's metadata pydantic looks for its name on the wire."""


@cache
def validator_of(cls: Any) -> SchemaValidator:
    """What makes objects of the class.

    It is built when first asked for: of all kinds a program uses few. Classes whose fields hold the class take over
    what was built.
    """
    made: TypeAdapter[Any] = TypeAdapter(cls)
    cls.__pydantic_core_schema__ = made.core_schema
    validator: SchemaValidator = made.validator  # type: ignore[assignment]  # else a plugin of pydantic's, which is like it
    return validator


@cache
def wire_names(cls: Any) -> tuple[tuple[str, str], ...]:
    """Each field's Python name and its name on the wire, in the class's order; none where it is no typed class."""
    if not dataclasses.is_dataclass(cls):
        return ()
    return tuple((field.name, field.metadata.get(ALIAS, field.name)) for field in dataclasses.fields(cls))


@cache
def field_types(cls: Any) -> dict[str, Any]:
    """What each field of a typed class stores, by the field's name on the wire."""
    names = wire_names(cls)
    hints = get_type_hints(cls, include_extras=True) if names else {}
    return {wire: hints[name] for name, wire in names}
