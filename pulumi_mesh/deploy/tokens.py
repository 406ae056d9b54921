"""Outputs out of a description, and back into what was rendered from it.

``take`` replaces every Output by a token: private-use characters around a number. Pure functions then work on plain
text, also where the token ends up inside a longer one, and ``put_back`` restores the Outputs in a manifest. A token
says nothing of the value, and a number survives whatever is done to text (lower case, splitting at dots).
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pulumi_mesh.errors import InvalidError, OutputError
from pulumi_mesh.typed import TOKEN_END, TOKEN_START, has_token, is_output, kind_of
from pulumi_mesh.typed.walk import mapped, refuse_formatted_output

T = TypeVar("T")

_TOKEN = re.compile(f"{TOKEN_START}([0-9]+){TOKEN_END}")


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """An Output and the first place where it stands, such as ``Mesh("shop").services["db"].hostname``."""

    path: str
    output: Any


Places = Mapping[str, Place]
"""Token text to what it stands for, in the order in which the Outputs were found."""


def take(value: T, root: str) -> tuple[T, Places]:
    """The same description with a token for each Output (one for the same Output in several places), and the Outputs.

    value: frozen data: dataclasses, tuples, FrozenMaps. root: what paths start with. Objects are made anew, so
    everything is validated again. Raises InvalidError for text that holds a token's characters already.
    """
    places: dict[str, Place] = {}
    tokens: dict[int, str] = {}

    def leaf(item: Any, path: str) -> Any:
        refuse_formatted_output(item, path)
        if has_token(item):
            raise InvalidError([(path, "holds the private character U+E000, which stands for Outputs here")])
        if not is_output(item):
            return item
        if id(item) not in tokens:
            tokens[id(item)] = text = f"{TOKEN_START}{len(tokens)}{TOKEN_END}"
            places[text] = Place(path, item)
        return tokens[id(item)]

    return mapped(value, root, leaf), places


def fill(value: T, known: Mapping[str, Any]) -> T:
    """A description with values in place of its tokens, validated as if it had been written so. Raises InvalidError.

    known: token text to value.
    """

    def leaf(item: Any, path: str) -> Any:
        if not has_token(item):
            return item
        return known[item] if item in known else _TOKEN.sub(lambda found: str(known[found[0]]), item)

    return mapped(value, "", leaf)


def put_back(value: Any, places: Places, path: str) -> Any:
    """A manifest with its Outputs: in place of a text that is one token, or joined with the text around it.

    path: what errors start with. Raises OutputError for a token in a key, or one that is not whole. Secrets stay
    secret and unknowns unknown.
    """
    if isinstance(value, Mapping):
        if bad := [key for key in value if has_token(key)]:
            shown = shown_text(bad[0], places)
            raise OutputError(f"an Output may not stand in a key, as in {shown!r}", where=path)
        return {key: put_back(each, places, f"{path}.{key}") for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [put_back(each, places, f"{path}[{index}]") for index, each in enumerate(value)]
    return _text_with_outputs(value, places, path) if has_token(value) else value


def shown_text(text: str, places: Places) -> str:
    """Text for people: each token as the place of its Output."""
    return _TOKEN.sub(lambda found: f"<Output {places[found[0]].path}>" if found[0] in places else "<Output>", text)


def _text_with_outputs(text: str, places: Places, path: str) -> Any:
    import pulumi  # here, since taking Outputs out of what holds none needs no Pulumi

    if text in places:
        return places[text].output
    parts: list[Any] = []
    position = 0
    for found in _TOKEN.finditer(text):
        if found[0] in places:
            place = places[found[0]]
            parts += [text[position : found.start()], place.output.apply(functools.partial(_only_text, place.path))]
            position = found.end()
    if has_token("".join(part for part in [*parts, text[position:]] if isinstance(part, str))):
        raise OutputError("an Output may not stand here: its text is taken apart before its value is known", where=path)
    return pulumi.Output.concat(*parts, text[position:])


def _only_text(path: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise OutputError(
        f"the Output's value is {kind_of(value)}; it stands inside a text, so it must be text", where=path
    )
