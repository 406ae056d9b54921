"""Headers that a route configuration sets and takes away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.headers import Headers, canonical
from pulumi_mesh.proxy.view.routes import HeaderChanges

How = Literal["add", "add if absent", "replace", "replace if there"]

_ACTIONS: dict[object, How] = {
    "APPEND_IF_EXISTS_OR_ADD": "add",
    "ADD_IF_ABSENT": "add if absent",
    "OVERWRITE_IF_EXISTS_OR_ADD": "replace",
    "OVERWRITE_IF_EXISTS": "replace if there",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A header to set. keep_empty: whether a value that turns out empty is set too."""

    name: str
    value: str
    how: How
    keep_empty: bool = False


@dataclass(frozen=True, slots=True)
class Mutation:
    """What one part of a route configuration asks for."""

    settings: tuple[Setting, ...] = ()
    remove: tuple[str, ...] = ()


def mutation(changes: HeaderChanges | None, extra: Mapping[str, Any], side: Literal["request", "response"]) -> Mutation:
    """From what the view models, and from ``extra`` where it does not model all of it."""
    modelled = changes.add if changes else ()
    found = [Setting(each.name, each.value, "add" if each.append else "replace") for each in modelled]
    found += map(_setting, raw.each(extra, f"{side}_headers_to_add"))
    removed = tuple(str(name) for name in extra.get(f"{side}_headers_to_remove", ()))
    return Mutation(tuple(found), (*(changes.remove if changes else ()), *removed))


def mutated(headers: Headers, mutations: Iterable[Mutation], value_of: Callable[[str, Headers], str]) -> Headers:
    """The headers after all mutations, in their order.

    value_of: makes a value of what is configured, from the headers as they are when the mutation's are taken away.
    In each: first headers are taken away, then those that replace are set, then those that are added.
    Mirrors HeaderParser::evaluateHeaders (Envoy's source/common/router/header_parser.cc).
    """
    for each in mutations:
        for name in each.remove:
            headers = headers.without(name)
        present, left = headers, []
        for setting in each.settings:
            value = value_of(setting.value, present)
            if not value and not setting.keep_empty:
                continue
            there = present.get(setting.name) is not None
            if setting.how == "add" or (setting.how == "add if absent" and not there):
                left.append((setting.name, value))
            elif setting.how == "replace" or (setting.how == "replace if there" and there):
                headers = headers.replaced(setting.name, value)
        for name, value in left:
            headers = headers.added(name, value)
    return headers


def removed_names(mutations: Iterable[Mutation]) -> tuple[str, ...]:
    """The headers that are taken away, each once."""
    return tuple(dict.fromkeys(canonical(name) for each in mutations for name in each.remove))


def _setting(message: Mapping[str, Any]) -> Setting:
    header = raw.part(message, "header")
    if "append" in message:
        how: How = "add" if message["append"] else "replace"
    else:
        how = _ACTIONS.get(message.get("append_action"), "add")
    value = str(header.get("value", ""))
    return Setting(str(header.get("key", "")), value, how, bool(message.get("keep_empty_value")))
