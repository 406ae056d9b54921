"""A structural schema as a function over plain data: what the API server's own validation of a field says.

Each function takes a value, its place and the list that problems go to. A place is a chain of pairs, ``(outer, key)``,
with None for the object itself; it becomes text only for a problem, which is what makes this fast.
"""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

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
_INT32 = 2**31 - 1
_WHOLE = 2.0**53 - 1  # a float beyond it is no integer to the API server
_LARGEST = sys.float_info.max


class Key(str):
    """The key of a map, which paths show in brackets: ``spec.selector.matchLabels[app]``."""

    __slots__ = ()


def path_of(place: Place) -> str:
    """The place as the API writes it: ``spec.http[0].match[1].uri``. A name with a dot is in brackets as keys are."""
    parts: list[str] = []
    while place is not None:
        place, key = place
        parts.append(f"[{key}]" if isinstance(key, int | Key) or "." in key else f".{key}")
    return "".join(reversed(parts)).removeprefix(".")


def compiled_root(schema: Schema) -> Check:
    """The check of whole objects. Type and metadata are judged apart."""
    judged = {name: field for name, field in schema["properties"].items() if name not in _ROOT}
    return _object({**schema, "properties": judged}, True, _mismatch(schema, "a mapping"), dict.fromkeys(_ROOT, _taken))


def _taken(value: Any, place: Place, found: Found) -> None:
    """The check of what is judged elsewhere."""


def compiled(schema: Schema, *, whole: bool = True) -> Check:
    """The check of a value. whole: fields that the schema does not name are refused; not so inside oneOf and the like.

    Raises ValueError for a schema with keywords that are not known here.
    """
    if unknown := schema.keys() - KEYWORDS:
        raise ValueError(f"the schema uses {sorted(unknown)}")
    main = _typed(schema, whole)
    parts = (main, *_junctors(schema))
    if len(parts) == 1:
        return main

    def check(value: Any, place: Place, found: Found) -> None:
        if value is None:
            return main(value, place, found)
        for part in parts:
            part(value, place, found)
        return None

    return check


def _typed(schema: Schema, whole: bool) -> Check:
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return _int_or_text(_mismatch(schema, "a whole number or text"))
    if kind == "object" or (kind is None and ({"required", "properties", "minProperties"} & schema.keys())):
        return _object(schema, whole, _mismatch(schema, "a mapping") if kind else _taken)
    if kind == "array":
        return _list(schema, whole, _mismatch(schema, "a list"))
    if kind == "boolean":
        return _boolean(_mismatch(schema, "true or false"))
    if kind in ("integer", "number"):
        return _number(schema, _mismatch(schema, "a whole number" if kind == "integer" else "a number"))
    if kind == "string" and "enum" not in schema:
        return _text(schema, _mismatch(schema, "text"))
    if kind == "string" or "enum" in schema:
        return _one_of_values(schema["enum"], _mismatch(schema, "text") if kind else _taken)
    if kind is not None:
        raise ValueError(f"the schema has the type {kind}")
    return _form(schema["format"]) if "format" in schema else _taken


def _mismatch(schema: Schema, needed: str) -> Check:
    """What is said of a value that has not the schema's type. A null is one, unless the schema takes it."""
    nullable, listed = schema.get("nullable", False), "enum" not in schema or None in schema["enum"]

    def check(value: Any, place: Place, found: Found) -> None:
        if value is not None:
            from pulumi_mesh.typed import kind_of  # what is behind it takes long to import, and is for problems only

            hint = "; quote it" if needed == "text" and isinstance(value, bool | int | float) else ""
            found.append((place, f"needs {needed}, not {kind_of(value)}{hint}"))
        elif not nullable or not listed:
            found.append((place, "is null, which is no value here; leave the field out"))

    return check


def _boolean(mismatch: Check) -> Check:
    def check(value: Any, place: Place, found: Found) -> None:
        if value is not True and value is not False:
            mismatch(value, place, found)

    return check


def _is_whole(value: Any) -> bool:
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) is float and abs(value) <= _WHOLE and value.is_integer()


def _int_or_text(mismatch: Check) -> Check:
    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not str and not _is_whole(value):
            mismatch(value, place, found)

    return check


def _number(schema: Schema, mismatch: Check) -> Check:
    whole = schema["type"] == "integer"
    low, high = (-_INT32 - 1, _INT32) if schema.get("format") == "int32" else (-math.inf, math.inf)
    least, most = max(schema.get("minimum", low), low), min(schema.get("maximum", high), high)
    allowed = set(schema["enum"]) if "enum" in schema else None

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not int and type(value) is not float:
            mismatch(value, place, found)
        elif not (_is_whole(value) if whole else abs(value) <= _LARGEST):  # neither infinite nor not-a-number passes
            found.append((place, f"is {_shown(value)}, which is no {'whole number of 64 bits' if whole else 'number'}"))
        elif value < least:
            found.append((place, f"is {_shown(value)}; at least {least}"))
        elif value > most:
            found.append((place, f"is {_shown(value)}; at most {most}"))
        elif allowed is not None and value not in allowed:
            found.append((place, f"is {_shown(value)}; one of {', '.join(map(str, schema['enum']))}"))

    return check


@functools.cache
def _pattern(pattern: str) -> Any:
    import re2  # Go's syntax, in which the CRDs are written

    return re2.compile(pattern)


def _text(schema: Schema, mismatch: Check) -> Check:
    least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    pattern, form = schema.get("pattern", ""), FORMATS.get(schema.get("format", ""))

    def any_text(value: Any, place: Place, found: Found) -> None:
        if type(value) is not str:
            mismatch(value, place, found)

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not str:
            mismatch(value, place, found)
        elif not least <= len(value) <= most:
            found.append((place, _length(len(value), least, most)))
        elif pattern and not _pattern(pattern).search(value):
            found.append((place, f"is {_shown(value)}; must match {pattern}"))
        elif form is not None and not form[0](value):
            found.append((place, f"is {_shown(value)}; must be {form[1]}"))

    return check if least or most != math.inf or pattern or form else any_text


def _form(name: str) -> Check:
    fits, words = FORMATS[name]

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is str and not fits(value):
            found.append((place, f"is {_shown(value)}; must be {words}"))

    return check


def _length(length: int, least: float, most: float) -> str:
    bound = f"at least {least}" if length < least else f"at most {most}"
    return f"is {length} characters long; {bound}" if length else "is empty"


def _shown(value: Any) -> str:
    """Text in quotes, numbers as they are; what is long is cut."""
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 60 else value[:57] + "...", ensure_ascii=False)
    return "a number of more than 20 digits" if isinstance(value, int) and abs(value) >= 10**20 else str(value)


def _list(schema: Schema, whole: bool, mismatch: Check) -> Check:
    items = compiled(schema.get("items", {}), whole=whole)
    least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
    counted = bool(least) or most != math.inf
    keys = tuple(schema.get("x-kubernetes-list-map-keys", ()))
    unique = {"set": _unique, "map": _unique_keys(keys)}.get(schema.get("x-kubernetes-list-type", ""))

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not list:
            return mismatch(value, place, found)
        before = len(found)
        for index, item in enumerate(value):
            items(item, (place, index), found)
        if counted and not least <= len(value) <= most:
            found.append((place, _entries(len(value), least, most)))
        if unique is not None and len(value) > 1 and len(found) == before:
            unique(value, place, found)
        return None

    return check


def _entries(count: int, least: float, most: float) -> str:
    return f"has {count} entries; " + (f"at least {least}" if count < least else f"at most {most}")


def _unique(value: list[Any], place: Place, found: Found) -> None:
    """Say of each entry that was there before, once."""
    times: dict[str, int] = {}
    for index, item in enumerate(value):
        text = json.dumps(item, sort_keys=True)
        times[text] = times.get(text, 0) + 1
        if times[text] == 2:
            found.append(((place, index), f"is there twice: {text[:80]}"))


def _unique_keys(keys: tuple[str, ...]) -> Check:
    def check(value: list[Any], place: Place, found: Found) -> None:
        _unique([{key: item[key] for key in keys if key in item} for item in value], place, found)

    return check


def _object(schema: Schema, whole: bool, mismatch: Check, taken: Mapping[str, Check] = MappingProxyType({})) -> Check:
    fields = {name: compiled(field, whole=whole) for name, field in schema.get("properties", {}).items()}
    fields.update(taken)
    others = schema.get("additionalProperties")
    rest = compiled(others, whole=whole) if isinstance(others, Mapping) else None
    closed = whole and rest is None and others is not True and not schema.get("x-kubernetes-preserve-unknown-fields")
    required = tuple(schema.get("required", ()))
    least, most = schema.get("minProperties", 0), schema.get("maxProperties", math.inf)
    counted = bool(least) or most != math.inf

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not dict:
            return mismatch(value, place, found)
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
        if counted and not least <= len(value) <= most:
            found.append((place, _entries(len(value), least, most)))
        return None

    return check


def _unknown(key: str, fields: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, fields, n=1) if len(key) < 100 else []
    return "is not a field here" + (f"; did you mean {close[0]}?" if close else "")


def _one_of_values(values: list[Any], mismatch: Check) -> Check:
    allowed = frozenset(values)
    shown = ", ".join(json.dumps(value) for value in values)

    def check(value: Any, place: Place, found: Found) -> None:
        if type(value) is not str:
            mismatch(value, place, found)
        elif value not in allowed:
            found.append((place, f"is {_shown(value)}; one of {shown}"))

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
