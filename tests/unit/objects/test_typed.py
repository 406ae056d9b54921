"""The mechanism under every user-facing type."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import KW_ONLY, FrozenInstanceError
from types import MappingProxyType
from typing import Annotated, Any, Literal

import pulumi
import pytest

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.typed import (
    Bool,
    Chars,
    Count,
    Each,
    FieldError,
    Int32,
    JsonMap,
    Many,
    MapOf,
    Name,
    Number,
    OptionalParts,
    OptionalText,
    OptionalTexts,
    PlainText,
    Text,
    TextMap,
    build,
    default,
    required,
    typed,
    wire_names,
)


@typed
class Leaf:
    _: KW_ONLY
    host: Text
    weight: Int32 | None = default()
    per_try: OptionalText = default(wire="perTry")
    short: Annotated[OptionalText, Chars(1, 3, "^[a-z]+$")] = default()
    mode: Literal["A", "B"] | None = default()
    port: Int32 | PlainText | None = default()

    def __post_init__(self) -> None:
        if self.weight == 7:
            raise FieldError("weight", "is seven")


@typed
class Root:
    name: Name
    _: KW_ONLY
    must: Text = required(wire="mustBe")
    labels: TextMap = default(FrozenMap())
    leaves: OptionalParts[Leaf] = default()
    numbers: Many[Int32] = default(())
    shares: MapOf[Number] = default(FrozenMap())
    words: Annotated[OptionalTexts, Count(1, 2), Each(Chars(max=3))] = default()
    body: JsonMap = default(FrozenMap())
    on: Bool | None = default()
    hidden: OptionalText = default(shown=False)


def root(**given: Any) -> Root:
    return Root("r", must="m", **given)


def output() -> Any:
    # Made without a running engine's loop: only the type matters here.
    return pulumi.Output.__new__(pulumi.Output)


def test_stored_types_are_frozen_and_hashable() -> None:
    made = root(labels={"a": "b"}, leaves=[{"host": "h", "perTry": "1s"}, Leaf(host="g")], numbers=[1], body={"x": [1]})
    assert made.leaves == (Leaf(host="h", per_try="1s"), Leaf(host="g"))
    assert made.numbers == (1,)
    assert isinstance(made.labels, FrozenMap)
    assert made.body == {"x": (1,)}
    assert len({made, root()}) == 2
    with pytest.raises(FrozenInstanceError):
        made.name = "other"  # type: ignore[misc]  # what the test is about


def test_mappings_of_any_class_become_parts() -> None:
    assert root(leaves=[MappingProxyType({"host": "h"})]).leaves == (Leaf(host="h"),)


def test_repr_shows_only_what_was_set() -> None:
    assert repr(root(leaves=[Leaf(host="h")], hidden="s")) == "Root('r', must='m', leaves=[Leaf(host='h')])"
    assert repr(root(labels={"a": output()})) == "Root('r', must='m', labels={'a': <Output>})"


PROBLEMS: list[tuple[Callable[[], Any], list[tuple[str, str]]]] = [
    (lambda: build(Root, {"name": "r"}, "it"), [("it.mustBe", "is required")]),
    (lambda: root(leavs=1), [('Root("r").leavs', "is not a field here; did you mean leaves?")]),
    (lambda: root(leaves="x"), [('Root("r").leaves', "needs a list, not text")]),
    (lambda: root(leaves={1}), [('Root("r").leaves', "needs a list, not a set")]),
    (lambda: root(leaves=[3]), [('Root("r").leaves[0]', "needs Leaf or a mapping, not a number")]),
    (lambda: root(labels=[]), [('Root("r").labels', "needs a mapping, not a list")]),
    (lambda: root(labels={"a": 1}), [("Root(\"r\").labels['a']", "needs text, not a number; quote it")]),
    (lambda: root(numbers=[1, True]), [('Root("r").numbers[1]', "needs a number, not a boolean")]),
    (lambda: root(numbers=["1"]), [('Root("r").numbers[0]', "needs a number, not text")]),
    (lambda: root(numbers=[1.5]), [('Root("r").numbers[0]', "is 1.5; a whole number is needed")]),
    (lambda: root(numbers=[2**31]), [('Root("r").numbers[0]', "is 2147483648; at most 2147483647")]),
    (lambda: root(shares={"a": float("inf")}), [("Root(\"r\").shares['a']", "is inf; a finite number is needed")]),
    (lambda: root(words=[]), [('Root("r").words', "has 0 entries; at least 1")]),
    (lambda: root(words=["a", "b", "c"]), [('Root("r").words', "has 3 entries; at most 2")]),
    (lambda: root(words=["a", "long"]), [('Root("r").words[1]', "is 4 characters long; at most 3")]),
    (lambda: root(on="yes"), [('Root("r").on', "needs true or false, not text")]),
    (lambda: root(body={"a": {1, 2}}), [('Root("r").body', "holds a set, which JSON cannot say")]),
    (lambda: root(body={1: 2}), [('Root("r").body', "holds the key 1, which is not text")]),
    (
        lambda: root(leaves=[{"host": "h", "weight": 7}, {"mode": "C"}]),
        [
            ('Root("r").leaves[0].weight', "is seven"),
            ('Root("r").leaves[1].host', "is required"),
            ('Root("r").leaves[1].mode', "is 'C'; one of 'A' or 'B'"),
        ],
    ),
    (lambda: Leaf(host="h", short=""), [("Leaf.short", "is empty")]),
    (lambda: Leaf(host="h", short="A"), [("Leaf.short", "is 'A'; must match ^[a-z]+$")]),
    (lambda: build(Leaf, {"host": "h", "perTry": 1}, "f:3"), [("f:3.perTry", "needs text, not a number; quote it")]),
]


@pytest.mark.parametrize(("make", "expected"), PROBLEMS, ids=range(len(PROBLEMS)))
def test_problems(make: Callable[[], Any], expected: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidError) as caught:
        make()
    assert sorted(caught.value.problems) == sorted(expected)


def test_positional_arguments_are_the_named_ones() -> None:
    with pytest.raises(TypeError, match="Root takes name by position, the rest by keyword"):
        Root("r", "m")  # type: ignore[call-arg]  # what the test is about


def test_outputs_stand_at_text_leaves_untouched() -> None:
    given = output()
    made = root(leaves=[Leaf(host=given, short=given)], labels={"a": given}, words=[given], body={"a": [given]})
    assert made.leaves is not None and made.leaves[0].host is given and made.leaves[0].short is given
    assert made.labels["a"] is given
    assert made.words is not None and made.words[0] is given
    assert made.body["a"][0] is given


@pytest.mark.parametrize("field", ["name", "mode", "weight", "port"])
def test_outputs_are_refused_where_they_decide_structure(field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        if field == "name":
            Root(output(), must="m")
        else:
            build(Leaf, {"host": "h", field: output()}, "Leaf")
    assert all("utput" in message and where.endswith(f".{field}") for where, message in caught.value.problems)


def test_tokens_skip_rules_on_text() -> None:
    unknown = "\ue000a-token-that-is-long\ue001"
    made = root(leaves=[Leaf(host="h", short=unknown)], words=[f"x{unknown}"])
    assert made.leaves is not None and made.leaves[0].short == unknown
    assert Root(f"pre-{unknown}", must="m").name == f"pre-{unknown}"


def test_the_constructor_says_what_it_takes() -> None:
    kinds = {name: (each.kind, each.default) for name, each in inspect.signature(Root).parameters.items()}
    assert list(kinds) == [name for name, _ in wire_names(Root)]
    assert kinds["name"] == (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty)
    assert kinds["must"] == (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty)
    assert kinds["leaves"] == (inspect.Parameter.KEYWORD_ONLY, None)
    assert dict(wire_names(Root))["must"] == "mustBe"


def test_a_default_of_its_own_for_each() -> None:
    @typed
    class Held:
        """In a field of another."""

        _: KW_ONLY
        of: JsonMap = default(factory=lambda: FrozenMap({"a": 1}))

    assert Held() == Held(of={"a": 1})
    assert repr(Held()).endswith("Held()")
    assert repr(Held(of={"a": 2})).endswith("Held(of={'a': 2})")
