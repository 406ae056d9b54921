"""Validation errors in words for people: the path in the user's own terms, and what would be right."""

from __future__ import annotations

import types
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.typed.fields import field_types, wire_names
from pulumi_mesh.typed.leaves import OUTPUT_REFUSED, FieldError, kind_of
from pulumi_mesh.typed.tokens import is_output

SCALAR = "<scalar>"
"""The tag of a union's alternative that is no class; paths leave it out."""


TOLD_ELSEWHERE = "cannot be judged before other problems are mended"
"""The message of a problem that only follows from another one, which is told as well."""


def problems_of(error: ValidationError, root: str, cls: type | None = None) -> list[tuple[str, str]]:
    """Each problem as (where, message).

    root: what the paths start with, such as ``VirtualService("x")``.
    cls: the class validated; with it unknown fields get suggestions and paths lose pydantic's union labels.
    """
    problems: dict[tuple[str, str], None] = {}
    for item in error.errors(include_url=False):
        path, known = _path(item["loc"], cls)
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, InvalidError) and cause.root:
            for where, message in cause.problems:
                problems[_joined(root, path + where.removeprefix(cause.root)), message] = None
            continue
        if isinstance(cause, FieldError) and cause.field:
            path += cause.field if cause.field.startswith("[") else f".{cause.field}"
        problems[_joined(root, path), _message(item, cause, known)] = None
    return [each for each in problems if each[1] != TOLD_ELSEWHERE] or list(problems)


def _joined(root: str, path: str) -> str:
    return f"{root}{path}" if root else path.removeprefix(".")


def _path(loc: Iterable[int | str], cls: type | None) -> tuple[str, list[str]]:
    """The path, and the names of the fields that its parent has (when the classes along it are known)."""
    path, types_here, known = "", _alternatives(cls), list[str]()
    for part in loc:
        if part in ("[key]", SCALAR):
            continue
        if isinstance(part, int):
            path += f"[{part}]"
            types_here = [inner for t in types_here for inner in _items(t)]
            continue
        found = [_field(t, part) for t in types_here]
        if inside := [annotation for annotation in found if annotation is not None]:
            path += f".{part}"
            types_here = [inner for annotation in inside for inner in _alternatives(annotation)]
        elif values := [value for t in types_here for value in _values(t)]:
            path += f"[{part!r}]"
            types_here = values
        elif narrowed := [t for t in types_here if getattr(t, "__name__", "") == part]:
            types_here = narrowed
        elif cls is None or any(_fields(t) for t in types_here):
            known = sorted({name for t in types_here for name in _fields(t)})
            path += f".{part}"
            types_here = []
    return path, known


def _fields(cls: Any) -> dict[str, Any]:
    return field_types(cls) if isinstance(cls, type) else {}


def _field(cls: Any, part: str) -> Any:
    wire = dict(wire_names(cls)).get(part, part) if isinstance(cls, type) else part
    return _fields(cls).get(wire)


def _alternatives(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _alternatives(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [inner for arg in get_args(annotation) for inner in _alternatives(arg)]
    return [annotation]


def _items(annotation: Any) -> list[Any]:
    return _alternatives(get_args(annotation)[0]) if get_origin(annotation) in (tuple, list) else []


def _values(annotation: Any) -> list[Any]:
    return _alternatives(get_args(annotation)[1]) if get_origin(annotation) in (dict, FrozenMap) else []


def _message(item: Any, cause: object, known: list[str]) -> str:
    kind, value, ctx = item["type"], item["input"], item.get("ctx", {})
    if cause is not None:
        return str(cause)
    if kind not in ("unexpected_keyword_argument", "extra_forbidden") and is_output(value):
        return OUTPUT_REFUSED
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        close = get_close_matches(str(item["loc"][-1]), known, n=1)
        if close:
            return f"is not a field here; did you mean {close[0]}?"
        return "is not a field here" + (f"; fields: {', '.join(known)}" if known else "")
    if kind in ("text", "string_type"):
        hint = "; quote it" if isinstance(value, bool | int | float) else ""
        return f"needs text, not {kind_of(value)}{hint}"
    if kind in ("dataclass_type", "dataclass_exact_type"):
        return f"needs {ctx.get('class_name', 'a mapping')} or a mapping, not {kind_of(value)}"
    if kind == "literal_error":
        return f"is {_shown(value)}; one of {ctx['expected']}"
    if kind in _MESSAGES:
        return _MESSAGES[kind].format(value=_shown(value), kind=kind_of(value), **ctx)
    return str(item["msg"])


def _shown(value: object) -> str:
    """Numbers and short text as they are; anything else only by its kind, which keeps secrets out."""
    shown = repr(value)
    return shown if isinstance(value, str | int | float) and len(shown) <= 60 else kind_of(value)


_MESSAGES = {
    "missing": "is required",
    "missing_argument": "is required",
    "missing_positional_only_argument": "is required",
    "missing_keyword_only_argument": "is required",
    "int_type": "needs a whole number, not {kind}",
    "bool_type": "needs true or false, not {kind}",
    "int_from_float": "is {value}; a whole number is needed",
    "finite_number": "is {value}; a finite number is needed",
    "greater_than": "is {value}; must be more than {gt}",
    "greater_than_equal": "is {value}; at least {ge}",
    "less_than": "is {value}; must be less than {lt}",
    "less_than_equal": "is {value}; at most {le}",
    "too_short": "has {actual_length} entries; at least {min_length}",
    "too_long": "has too many entries; at most {max_length}",
    "none_required": "must be absent",
}
