"""The CEL rules of schemas: what they see, what they say, and that all that are bundled compile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pulumi_mesh.validation.cel.environment import compiled, syntax_problem
from pulumi_mesh.validation.cel.rules import _view, rules_of
from pulumi_mesh.validation.compiled import Found, path_of
from pulumi_mesh.validation.schemas import Channel, definition, kinds


def problems(schema: Mapping[str, Any], value: Any) -> list[tuple[str, str]]:
    check = rules_of(schema)
    assert check is not None
    found: Found = []
    check(value, (None, "v"), found)
    return [(path_of(place), text) for place, text in found]


def ruled(rule: str, **schema: Any) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": rule, "message": "no"}], **schema}


def bundled() -> Iterator[str]:
    channels: tuple[Channel, ...] = ("standard", "experimental")
    for channel in channels:
        for name in {each for files in kinds(channel) for each in files}:
            known = definition(*name.split("/"), channel)
            assert known is not None
            for schema in known.schemas.values():
                yield from texts(schema)


def texts(schema: Mapping[str, Any]) -> Iterator[str]:
    for each in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in each["rule"]:
            yield each["rule"]
    for inner in schema.get("properties", {}).values():
        yield from texts(inner)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield from texts(schema[key])


def test_every_bundled_rule_compiles() -> None:
    rules = set(bundled())
    assert len(rules) > 100
    for rule in sorted(rules):
        compiled(rule)


def test_a_rule_is_found_at_each_place_of_its_schema() -> None:
    text = ruled("self != 'b'", type="string")
    schema = {
        "properties": {"one": text, "many": {"items": text}, "named": {"additionalProperties": text}, "free": {}},
    }
    value = {"one": "b", "many": ["a", "b"], "named": {"x.y": "b"}, "free": "b", "other": "b"}
    assert problems(schema, value) == [("v.one", "no"), ("v.many[1]", "no"), ("v.named[x.y]", "no")]


def test_a_schema_without_rules_has_no_check() -> None:
    assert rules_of({"properties": {"a": {"items": {"type": "string"}}}}) is None


def test_a_null_is_not_judged() -> None:
    assert problems(ruled("false"), None) == []


def test_rules_of_updates_are_left_out() -> None:
    assert rules_of(ruled("self == oldSelf")) is None


def test_a_rule_that_cannot_be_evaluated_refuses() -> None:
    ((path, text),) = problems(ruled("self.a == 1"), {})
    assert path == "v" and "cannot be evaluated" in text


def test_why_a_rule_cannot_be_evaluated_comes_after_its_message() -> None:
    schema = {"x-kubernetes-validations": [{"rule": "duration(self) > duration('1ms')", "message": "longer, please"}]}
    assert problems(schema, "abc") == [
        ("v", "longer, please: the rule cannot be evaluated, String to Duration conversion failed")
    ]


def test_a_rule_with_unknown_fields_is_an_error() -> None:
    with pytest.raises(ValueError, match="fieldPath"):
        rules_of({"x-kubernetes-validations": [{"rule": "true", "fieldPath": ".a"}]})


@pytest.mark.parametrize(
    ("rule", "is_map", "value", "seen"),
    [
        ("has(self.a) || has(self.b)", False, {"a": [1], "c": 2}, {"a": True}),
        ("has(self.a) ? self.a > 1 : true", False, {"a": 2, "c": 2}, {"a": 2}),
        ("has(self.__namespace__)", False, {"namespace": "n"}, {"namespace": True}),
        ("self.a.startsWith('self.b')", False, {"a": "x", "b": "y"}, {"a": "x"}),
        ("self.all(key, key.size() != 0)", True, {"a": [1]}, {"a": True}),
    ],
)
def test_what_a_rule_sees(rule: str, is_map: bool, value: Any, seen: Any) -> None:
    view = _view(rule, is_map=is_map)
    assert view is not None
    assert view(value) == seen


@pytest.mark.parametrize(
    ("rule", "is_map"),
    [("self.size() > 1", False), ("self.all(x, x > 0)", False), ("size(self) > 1", True), ("self > 1", False)],
)
def test_a_rule_that_sees_all(rule: str, is_map: bool) -> None:
    assert _view(rule, is_map=is_map) is None


def test_equal_parts_share_an_answer_and_different_ones_do_not() -> None:
    check = ruled("!has(self.a) || self.a == 1")
    judge = rules_of(check)
    assert judge is not None
    answers = []
    for value in ({"a": 1}, {"a": 1, "b": 2}, {"a": 2}, {"a": "1"}, {"a": True}, {}, {"a": 1}):
        found: Found = []
        judge(value, None, found)
        answers.append(bool(found))
    assert answers == [False, False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("rule", "value", "holds"),
    [
        ("isURL(self)", "https://a/b", True),
        ("isURL(self)", "a/b", False),
        ("url(self).getScheme() == 'oci'", "oci://a/b", True),
        ("isIP(self)", "::1", True),
        ("isIP(self)", "fe80::1%eth0", False),
        ("isIP(self)", "::ffff:1.2.3.4", False),
        ("isIP(self)", "010.0.0.1", False),
        ("duration(self) >= duration('1ms')", "1h30m", True),
        ("duration(self) >= duration('1ms')", "1us", False),
        ("self.substring(7, 8) == '@'", "unix://@a", True),
        ("self.matches('^(?i)A+$')", "aA", True),
        ("size(self) == 0 || format.dns1123Label().validate(self) == null", "", True),
        ("size(self) == 0 || format.dns1123Label().validate(self) == null", "a", False),
    ],
)
def test_functions(rule: str, value: Any, holds: bool) -> None:
    assert (problems(ruled(rule), value) == []) is holds


def test_the_syntax_of_an_expression() -> None:
    assert syntax_problem("response.code >= 400 && foo.bar(1)") is None
    assert syntax_problem("a >") is not None
    assert syntax_problem("") is not None
