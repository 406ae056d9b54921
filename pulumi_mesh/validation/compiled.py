"""A structural schema as a function over plain data: what the API server's own validation of a field says.

Each function takes a value, its place and the list that problems go to. A place is a chain of pairs, ``(outer, key)``,
with None for the object itself; it becomes text only for a problem, which is what makes this fast.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from pulumi_mesh.typed import kind_of
from pulumi_mesh.validation.formats import FORMATS

Place: TypeAlias = "tuple[Place, str | int | Key] | None"
Found: TypeAlias = list[tuple[Place, str]]
"""Problems so far: place, message."""
Check: TypeAlias = Callable[[Any, Place, Found], None]
Schema: TypeAlias = Mapping[str, Any]

KEYWORDS = frozenset({
    "type", "format", "properties", "required", "items", "additionalProperties", "enum", "minimum", "maximum",
    "minLength", "maxLength", "pattern", "minItems", "maxItems", "minProperties", "maxProperties", "oneOf", "anyOf",
    "allOf", "not", "nullable", "default", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string",
    "x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
})  # fmt: skip
"""What schemas are made of. x-kubernetes-map-type is about applying; CEL rules are the next stage's."""

_ROOT = ("apiVersion", "kind", "metadata")
_INT32, _INT64 = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1)
_WHOLE = 2.0**53 - 1  # beyond it a number with a fraction part is no integer to the API server


class Key(str):
    """The key of a map, which paths show in brackets: ``spec.selector.matchLabels[app]``."""

    __slots__ = ()


def path_of(place: Place) -> str:
    """The place as the API writes it: ``spec.http[0].match[1].uri``."""
    parts: list[str] = []
    while place is not None:
        place, key = place
        parts.append(f"[{key}]" if isinstance(key, int | Key) else f".{key}")
    return "".join(reversed(parts)).removeprefix(".")


def compiled_root(schema: Schema) -> Check:
    """The check of whole objects. Type and metadata are judged apart."""
    properties = {name: field for name, field in schema["properties"].items() if name not in _ROOT}
    check = compiled({**schema, "properties": properties})

    def root(value: Any, place: Place, found: Found) -> None:
        check({name: item for name, item in value.items() if name not in _ROOT}, place, found)

    return root


def compiled(schema: Schema, *, whole: bool = True) -> Check:
    """The check of a value. whole: fields that the schema does not name are refused; not so inside oneOf and the like.

    Raises ValueError for a schema with keywords that are not known here.
    """
    if unknown := schema.keys() - KEYWORDS:
        raise ValueError(f"the schema uses {sorted(unknown)}")
    parts = [*_typed(schema, whole), *_junctors(schema)]
    nullable, typed = schema.get("nullable", False), "type" in schema or "x-kubernetes-int-or-string" in schema
    enum = _one_of_values(schema["enum"], typed=typed) if "enum" in schema else None
    if enum is not None:
        parts.append(enum)
    first, rest = (parts[0], tuple(parts[1:])) if parts else (None, ())

    def check(value: Any, place: Place, found: Found) -> None:
        if value is None:
            if typed and not nullable:
                found.append((place, "is null, which is no value here; leave the field out"))
            elif enum is not None:
                enum(value, place, found)
            return
        if first is not None:
            first(value, place, found)
            for part in rest:
                part(value, place, found)

    return check


def _typed(schema: Schema, whole: bool) -> Iterable[Check]:
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        yield _int_or_text
    elif kind == "object" or (kind is None and ({"required", "properties", "minProperties"} & schema.keys())):
        yield _object(schema, whole)
    elif kind == "array":
        yield _list(schema, whole)
    elif kind == "string":
        yield _text(schema)
    elif kind == "boolean":
        yield _boolean
    elif kind in ("integer", "number"):
        yield _number(schema)
    elif kind is not None:
        raise ValueError(f"the schema has the type {kind}")
    elif "format" in schema:
        yield _form(schema["format"])


def _wrong(needed: str, value: Any, place: Place, found: Found) -> None:
    hint = "; quote it" if needed == "text" and isinstance(value, bool | int | float) else ""
    found.append((place, f"needs {needed}, not {kind_of(value)}{hint}"))


def _boolean(value: Any, place: Place, found: Found) -> None:
    if value is not True and value is not False:
        _wrong("true or false", value, place, found)


def _is_whole(value: Any) -> bool:
    if type(value) is int:
        return _INT64[0] <= value <= _INT64[1]
    return type(value) is float and abs(value) <= _WHOLE and value.is_integer()


def _int_or_text(value: Any, place: Place, found: Found) -> None:
    if type(value) is not str and not _is_whole(value):
        _wrong("a whole number or text", value, place, found)


def _number(schema: Schema) -> Check:
    whole = schema["type"] == "integer"
    low, high = (_INT32 if schema.get("format") == "int32" else _INT64) if whole else (-math.inf, math.inf)
    least, most = schema.get("minimum", low), schema.get("maximum", high)
    least, most = max(least, low), min(most, high)

    def check(value: Any, place: Place, found: Found) -> None:
        if (type(value) is not int and type(value) is not float) or (whole and not _is_whole(value)):
            _wrong("a whole number" if whole else "a number", value, place, found)
        elif not math.isfinite(value):
            found.append((place, f"is {value}; a finite number is needed"))
        elif value < least:
            found.append((place, f"is {value}; at least {least}"))
        elif value > most:
            found.append((place, f"is {value}; at most {most}"))

    return check


@functools.cache
def _pattern(pattern: str) -> Any:
    import re2  # Go's syntax, in which the CRDs are written

    return re2.compile(pattern)


def _text(schema: Schema) -> Check:
    least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    pattern, form = schema.get("pattern", ""), FORMATS.get(schema.get("format", ""))

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not str:
            _wrong("text", value, place, found)
        elif not least <= len(value) <= most:
            found.append((place, _length(len(value), least, most)))
        elif pattern and not _pattern(pattern).search(value):
            found.append((place, f"is {_short(value)}; must match {pattern}"))
        elif form is not None and not form[0](value):
            found.append((place, f"is {_short(value)}; must be {form[1]}"))

    return check if least or most != math.inf or pattern or form else _any_text


def _form(name: str) -> Check:
    fits, words = FORMATS[name]

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is str and not fits(value):
            found.append((place, f"is {_short(value)}; must be {words}"))

    return check


def _any_text(value: Any, place: Place, found: Found) -> None:
    if type(value) is not str:
        _wrong("text", value, place, found)


def _length(length: int, least: float, most: float) -> str:
    if not length:
        return "is empty"
    return (
        f"is {length} characters long; at {'least' if length < least else 'most'} {least if length < least else most}"
    )


def _short(value: str) -> str:
    return json.dumps(value if len(value) <= 60 else value[:57] + "...", ensure_ascii=False)


def _list(schema: Schema, whole: bool) -> Check:
    items = compiled(schema.get("items", {}), whole=whole)
    least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
    unique = {"set": _unique, "map": _unique_keys(tuple(schema.get("x-kubernetes-list-map-keys", ())))}.get(
        schema.get("x-kubernetes-list-type", "")
    )

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not list:
            return _wrong("a list", value, place, found)
        for index, item in enumerate(value):
            items(item, (place, index), found)
        if not least <= len(value) <= most:
            found.append((place, _entries(len(value), least, most)))
        if unique is not None and len(value) > 1:
            unique(value, place, found)
        return None

    return check


def _entries(count: int, least: float, most: float) -> str:
    return f"has {count} entries; at {'least' if count < least else 'most'} {least if count < least else most}"


def _unique(value: list[Any], place: Place, found: Found) -> None:
    """Say of each entry that was there before, once."""
    times: dict[str, int] = {}
    for index, item in enumerate(value):
        text = json.dumps(item, sort_keys=True, default=str)
        times[text] = times.get(text, 0) + 1
        if times[text] == 2:
            found.append(((place, index), f"is {_short(text)} a second time; each entry once"))


def _unique_keys(keys: tuple[str, ...]) -> Check:
    def check(value: list[Any], place: Place, found: Found) -> None:
        if all(isinstance(item, dict) for item in value):
            _unique([{key: item[key] for key in keys if key in item} for item in value], place, found)

    return check


def _object(schema: Schema, whole: bool) -> Check:
    fields = {name: compiled(field, whole=whole) for name, field in schema.get("properties", {}).items()}
    others = schema.get("additionalProperties")
    rest = compiled(others, whole=whole) if isinstance(others, Mapping) else None
    closed = whole and rest is None and others is not True and not schema.get("x-kubernetes-preserve-unknown-fields")
    required = tuple(schema.get("required", ()))
    least, most = schema.get("minProperties", 0), schema.get("maxProperties", math.inf)
    typed = schema.get("type") == "object"

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not dict:
            if typed:
                _wrong("a mapping", value, place, found)
            return
        for key, item in value.items():
            if (field := fields.get(key)) is not None:
                field(item, (place, key), found)
            elif rest is not None:
                rest(item, (place, Key(key)), found)
            elif closed:
                found.append(((place, key), _unknown(key, fields)))
        for key in required:
            if key not in value:
                found.append(((place, key), "is required"))
        if not least <= len(value) <= most:
            found.append((place, _entries(len(value), least, most)))

    return check


def _unknown(key: str, fields: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(key), fields, n=1)
    return "is not a field here" + (f"; did you mean {close[0]}?" if close else "")


def _one_of_values(values: list[Any], *, typed: bool) -> Check:
    allowed = {(type(value), value) for value in values}
    types = {type(value) for value in values}
    shown = ", ".join(json.dumps(value) for value in values)

    def check(value: Any, place: Place, found: Found) -> None:
        if isinstance(value, str | int | float | None) and (type(value), value) in allowed:
            return
        if isinstance(value, float) and value.is_integer() and (int, int(value)) in allowed:
            return
        if not typed or type(value) in types:  # else it was said already
            found.append((place, f"is {_short(value) if isinstance(value, str) else value}; one of {shown}"))

    return check


def _junctors(schema: Schema) -> Iterable[Check]:
    if "oneOf" in schema:
        yield _exactly_one(schema["oneOf"])
    if "anyOf" in schema and not schema.get("x-kubernetes-int-or-string"):
        yield _any_of(schema["anyOf"])
    for each in schema.get("allOf", ()):
        yield compiled(each, whole=False)
    if "not" in schema:
        yield _not(compiled(schema["not"], whole=False))


def _named(branches: Iterable[Schema]) -> list[str]:
    """The fields that branches ask for."""
    return [name for branch in branches for name in branch.get("required", ())]


def _holds(check: Check, value: Any) -> bool:
    found: Found = []
    check(value, None, found)
    return not found


def _exactly_one(branches: list[Schema]) -> Check:
    """One of the fields that branches ask for; where a branch says "none of them", none is fine too."""
    fields = [branch for branch in branches if branch.keys() == {"required"} and len(branch["required"]) == 1]
    names = _named(fields)
    others = [branch for branch in branches if branch not in fields]
    none = [{"not": {"anyOf": fields}}, {"not": fields[0]}] if fields else []
    if len(others) > 1 or any(other not in none for other in others) or len(set(names)) != len(names):
        return _exactly_one_of_any(branches)
    shown = ", ".join(names)

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not dict:
            return
        given = [name for name in names if name in value]
        if len(given) > 1:
            found.append((place, f"sets {' and '.join(given)}; only one of {shown} may be set"))
        elif not given and not others:
            found.append((place, f"needs one of {shown}"))

    return check


def _exactly_one_of_any(branches: list[Schema]) -> Check:
    checks = [compiled(branch, whole=False) for branch in branches]

    def check(value: Any, place: Place, found: Found) -> None:
        fitting = sum(_holds(each, value) for each in checks)
        if fitting != 1:
            found.append((place, f"fits {fitting} of the forms that it may have; exactly one is needed"))

    return check


def _any_of(branches: list[Schema]) -> Check:
    checks = [compiled(branch, whole=False) for branch in branches]
    names = ", ".join(_named(branches))

    def check(value: Any, place: Place, found: Found) -> None:
        if not any(_holds(each, value) for each in checks):
            found.append((place, f"needs one of {names}" if names else "fits none of the forms that it may have"))

    return check


def _not(inner: Check) -> Check:
    def check(value: Any, place: Place, found: Found) -> None:
        if _holds(inner, value):
            found.append((place, "sets fields that exclude each other"))

    return check
