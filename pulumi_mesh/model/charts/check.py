"""Helm values against a chart's types. Helm itself says nothing of a name that no template reads."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from pulumi_mesh.model.charts import kinds
from pulumi_mesh.typed import has_token, is_output, kind_of

_WORDS: dict[Any, str] = {
    kinds.Text: "text",
    kinds.Flag: "true or false",
    kinds.Whole: "a whole number",
    kinds.Number: "a number",
}


def check_values(type_: Any, values: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Each problem as (path, message). type_: a chart's values, such as ``IstiodValues``. path: what paths start with.

    An Output, or the token of one, is not judged.
    """
    hints = _hints(type_)
    for key, value in values.items():
        where = f"{path}.{key}" if key.isidentifier() else f"{path}[{key!r}]"
        if key in hints:
            yield from _check(hints[key], value, where)
        else:
            close = get_close_matches(key, hints, n=1)
            more = f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(sorted(hints))}"
            yield where, f"is no value that the chart takes{more}"


@cache
def _hints(type_: Any) -> dict[str, Any]:
    return get_type_hints(type_)


def _check(hint: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if value is None or hint is Any or is_output(value) or has_token(value):
        return
    alternatives = [each for each in _alternatives(hint) if each is not type(None)]
    fitting = [each for each in alternatives if _has_form(each, value)]
    if not fitting:
        yield path, f"needs {' or '.join(map(_wanted, alternatives))}, not {_shown(value)}"
        return
    (inner,) = fitting
    if is_typeddict(inner):
        yield from check_values(inner, value, path)
    elif get_origin(inner) is kinds.Items:
        for index, item in enumerate(value):
            yield from _check(get_args(inner)[0], item, f"{path}[{index}]")
    elif get_origin(inner) is kinds.Entries:
        for key, item in value.items():
            yield from _check(get_args(inner)[0], item, f"{path}[{key!r}]")


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _has_form(hint: Any, value: Any) -> bool:
    if get_origin(hint) is Literal:
        return any(value == each and type(value) is type(each) for each in get_args(hint))
    if is_typeddict(hint) or get_origin(hint) is kinds.Entries:
        return isinstance(value, Mapping)
    if get_origin(hint) is kinds.Items:
        return isinstance(value, list | tuple)
    if hint is kinds.Text:
        return isinstance(value, str)
    if hint is kinds.Flag:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if hint is kinds.Whole:  # JSON has one kind of number, and so does Helm
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, int | float)


def _wanted(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(repr(each) for each in get_args(hint))
    if get_origin(hint) is kinds.Items:
        return "a list"
    return _WORDS.get(hint, "a mapping")


def _shown(value: Any) -> str:
    """A number or a boolean as it is; what could hold a secret only by its kind."""
    return str(value).lower() if isinstance(value, bool | int) else kind_of(value)
