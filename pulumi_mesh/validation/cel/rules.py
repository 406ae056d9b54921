"""The CEL rules of a schema as one function over plain data.

Evaluating is by far the dearest part of a verdict, so little is evaluated. A rule sees only what it can tell apart: the
fields of ``self`` that it names, of those that it only asks whether they are there no more than that, and the keys of a
map whose values it does not read. Its answer for that is remembered, and shared by all objects that differ elsewhere.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Callable, Mapping
from typing import Any

from pulumi_mesh.validation.cel.environment import compiled
from pulumi_mesh.validation.compiled import Check, Found, Key, Place, Schema

_REMEMBERED = 4096
_texts = re.compile(r'r?"""(?:.|\n)*?"""|r?\'\'\'(?:.|\n)*?\'\'\'|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
_ranges = re.compile(r"(?<![\w.])self\.(?:all|exists|exists_one)\(").search  # over a map: over its keys
_presence = re.compile(r"has\(\s*self\.([A-Za-z_]\w*)\s*\)")
_uses = re.compile(r"(?<![\w.])self\b(?:\.([A-Za-z_]\w*)(?!\w*\s*\())?")
_reserved = re.compile(r"__([a-z]+)__")
_KNOWN = frozenset({"rule", "message"})


def rules_of(schema: Schema) -> Check | None:
    """The rules of a schema and of all within it; None where it has none.

    Rules that compare with an older object are left out: the verdict is of an object that is made.
    Raises ValueError for a rule with fields that are not known here.
    """
    own = [_rule(each, schema) for each in schema.get("x-kubernetes-validations", ()) if "oldSelf" not in each["rule"]]
    fields = {name: rules_of(field) for name, field in schema.get("properties", {}).items()}
    inner = {name: check for name, check in fields.items() if check is not None}
    items = rules_of(schema["items"]) if "items" in schema else None
    more = schema.get("additionalProperties")
    values = rules_of(more) if isinstance(more, Mapping) else None
    if not own and not inner and items is None and values is None:
        return None

    def check(value: Any, place: Place, found: Found) -> None:
        if value is None:
            return
        for rule in own:
            rule(value, place, found)
        if items is not None:
            for index, item in enumerate(value):
                items(item, (place, index), found)
        elif values is not None:
            for key, item in value.items():
                values(item, (place, Key(key)), found)
        elif inner:
            for name, item in value.items():
                if (judge := inner.get(name)) is not None:
                    judge(item, (place, name), found)

    return check


def _rule(validation: Mapping[str, str], schema: Schema) -> Check:
    if unknown := validation.keys() - _KNOWN:
        raise ValueError(f"the rule uses {sorted(unknown)}")
    text = validation["rule"]
    message = validation.get("message") or f"failed rule: {text.strip()}"
    seen = _view(text, is_map="additionalProperties" in schema)
    answer = _remembering(_evaluated(text))

    def check(value: Any, place: Place, found: Found) -> None:
        if (problem := answer(value if seen is None else seen(value))) is not None:
            found.append((place, f"{message}: {problem}" if problem else message))

    return check


def _view(rule: str, *, is_map: bool) -> Callable[[Any], Any] | None:
    """What of ``self`` a rule can tell apart; None where that is all."""
    plain = _texts.sub("''", rule)
    names = [match[1] for match in _uses.finditer(plain)]
    if any(name is None for name in names):
        if is_map and len(names) == 1 and _ranges(plain):
            return lambda value: dict.fromkeys(value, True)
        return None
    asked = [match[1] for match in _presence.finditer(plain)]
    there = tuple(dict.fromkeys(_named(name) for name in names if asked.count(name) == names.count(name)))
    read = tuple(dict.fromkeys(_named(name) for name in names if asked.count(name) != names.count(name)))

    def view(value: Any) -> Any:
        part = {name: value[name] for name in read if name in value}
        for name in there:
            if name in value:
                part[name] = True
        return part

    return view


def _named(name: str) -> str:
    """A field's name, where the rule escapes it: ``__namespace__`` is ``namespace``."""
    return _reserved.sub(r"\1", name)


def _evaluated(rule: str) -> Callable[[Any], str | None]:
    """A rule's answer: None where it holds, empty where it does not, or why it cannot be evaluated."""
    program: Any = None

    def evaluate(value: Any) -> str | None:
        nonlocal program
        if program is None:
            program = compiled(rule)
        result = program.eval(data={"self": value}).plain_value()
        if result is True:
            return None
        return "" if result is False else f"the rule cannot be evaluated, {_reason(str(result))}"

    return evaluate


def _reason(status: str) -> str:
    """What the library says, without the code before it."""
    return re.sub(r"^[A-Z_]+: ", "", status)


def _remembering(function: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
    """The function, asked once for equal values of the same types and order of keys, within bounds."""
    answers: dict[bytes, str | None] = {}

    def answer(value: Any) -> str | None:
        key = marshal.dumps(value, 2)  # this version of the format makes equal bytes of equal values
        try:
            return answers[key]
        except KeyError:
            if len(answers) >= _REMEMBERED:
                answers.clear()
            answers[key] = result = function(value)
            return result

    return answer
