"""The verdict's first stage: what a schema says, and what the API server asks of any object."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_mesh import gateway_api, istio
from pulumi_mesh.gateway_api import experimental
from pulumi_mesh.validation.compiled import KEYWORDS, Found, compiled, compiled_root, path_of
from pulumi_mesh.validation.defaults import filled
from pulumi_mesh.validation.formats import FORMATS, NUMBERS
from pulumi_mesh.validation.schemas import definition, groups, kinds
from pulumi_mesh.validation.structure import structure
from tests.unit.manifests.bodies import EXPERIMENTAL, GATEWAY_API, ISTIO


def problems(schema: Mapping[str, Any], value: Any) -> list[tuple[str, str]]:
    found: Found = []
    compiled(schema)(value, (None, "v"), found)
    return [(path_of(place), text) for place, text in found]


TEXT = {"type": "string"}
WHOLE = {"type": "integer", "format": "int32"}
OBJECT = {"type": "object", "properties": {"name": TEXT, "count": WHOLE}, "required": ["name"]}
ONE = {
    "type": "object",
    "properties": {"a": TEXT, "b": TEXT},
    "oneOf": [{"not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}}, {"required": ["a"]}, {"required": ["b"]}],
}
EXACTLY = {**ONE, "oneOf": ONE["oneOf"][1:]}
ADDRESS = {
    "type": "object",
    "properties": {"type": TEXT, "value": TEXT},
    "oneOf": [
        {"properties": {"type": {"enum": ["IP"]}, "value": {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}}},
        {"properties": {"type": {"not": {"enum": ["IP"]}}}},
    ],
}
KEYED = {
    "type": "array", "items": OBJECT, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "count"],
}  # fmt: skip
SET = {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"}
PORT = {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}
OPEN = {"type": "object", "properties": {"a": TEXT}, "x-kubernetes-preserve-unknown-fields": True}

ACCEPTED = [
    (TEXT, ""), (TEXT, "é" * 9),
    ({"type": "string", "maxLength": 2}, "éé"),
    ({"type": "string", "pattern": "^a$"}, "a"),
    ({"type": "string", "enum": ["A", "B"]}, "B"),
    ({"type": "string", "format": "byte"}, "YQ=="),
    (WHOLE, 2**31 - 1), (WHOLE, 2.0), ({"type": "integer"}, 2**63 - 1), ({"type": "integer"}, -(2**63)),
    ({"type": "integer", "enum": [301, 302]}, 302),
    ({"type": "number"}, 1), ({"type": "number"}, 1.5), ({"type": "number"}, 1e308),
    ({"type": "boolean"}, False),
    ({"type": "boolean", "nullable": True}, None),
    ({"type": "array", "items": {"type": "object", "nullable": True}}, [None, {}]),
    (OBJECT, {"name": "a", "count": 1}),
    ({"type": "object", "additionalProperties": TEXT}, {"any": "text"}),
    (ONE, {}), (ONE, {"a": ""}), (EXACTLY, {"b": ""}),
    ({**ONE, "oneOf": [{"not": {"required": ["a"]}}, {"required": ["a"]}]}, {"b": ""}),
    (ADDRESS, {"type": "IP", "value": "010.0.0.1"}), (ADDRESS, {"type": "IP", "value": "::1"}),
    (ADDRESS, {"type": "Host", "value": "a"}),
    (KEYED, [{"name": "a", "count": 1}, {"name": "a", "count": 2}, {"name": "a"}]),
    (SET, ["a", "b"]),
    (PORT, 80), (PORT, "http"), (PORT, 80.0),
    (OPEN, {"a": "", "b": {"c": None}}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value"), ACCEPTED)
def test_accepted(schema: Mapping[str, Any], value: Any) -> None:
    assert problems(schema, value) == []


NULL = "is null, which is no value here; leave the field out"
REFUSED: list[tuple[Mapping[str, Any], Any, list[tuple[str, str]]]] = [
    (TEXT, 5, [("v", "needs text, not a number; quote it")]),
    (TEXT, True, [("v", "needs text, not a boolean; quote it")]),
    (TEXT, None, [("v", NULL)]),
    ({"type": "string", "nullable": True, "enum": ["A"]}, None, [("v", NULL)]),
    ({"type": "string", "minLength": 1}, "", [("v", "is empty")]),
    ({"type": "string", "maxLength": 2}, "abc", [("v", "is 3 characters long; at most 2")]),
    ({"type": "string", "pattern": "^a$"}, "a\n", [("v", 'is "a\\n"; must match ^a$')]),
    ({"type": "string", "enum": ["A", "B"]}, "C", [("v", 'is "C"; one of "A", "B"')]),
    ({"type": "string", "format": "byte"}, "Y", [("v", 'is "Y"; must be base64')]),
    (WHOLE, 2**31, [("v", "is 2147483648; at most 2147483647")]),
    (WHOLE, 1.5, [("v", "is 1.5, which is no whole number of 64 bits")]),
    (WHOLE, "1", [("v", "needs a whole number, not text")]),
    (WHOLE, True, [("v", "needs a whole number, not a boolean")]),
    ({"type": "integer"}, 2**63, [("v", "is 9223372036854775808, which is no whole number of 64 bits")]),
    ({"type": "integer"}, 10**400, [("v", "is a number of more than 20 digits, which is no whole number of 64 bits")]),
    ({"type": "integer"}, 2.0**60, [("v", "is 1.152921504606847e+18, which is no whole number of 64 bits")]),
    ({"type": "integer", "minimum": 1}, 0, [("v", "is 0; at least 1")]),
    ({"type": "integer", "enum": [301, 302]}, 303, [("v", "is 303; one of 301, 302")]),
    ({"type": "number"}, float("nan"), [("v", "is nan, which is no number")]),
    ({"type": "number"}, float("inf"), [("v", "is inf, which is no number")]),
    ({"type": "number"}, 10**400, [("v", "is a number of more than 20 digits, which is no number")]),
    ({"type": "boolean"}, 0, [("v", "needs true or false, not a number")]),
    (OBJECT, {"nam": "a"}, [("v.nam", "is not a field here; did you mean name?"), ("v.name", "is required")]),
    (OBJECT, {"name": "a", "x" * 10**6: 1}, [("v." + "x" * 10**6, "is not a field here")]),
    (OBJECT, [], [("v", "needs a mapping, not a list")]),
    ({"type": "object"}, {"a": 1}, [("v.a", "is not a field here")]),
    (OPEN, {"a": 1}, [("v.a", "needs text, not a number; quote it")]),
    ({"type": "object", "additionalProperties": TEXT}, {"a.b/c": []}, [("v[a.b/c]", "needs text, not a list")]),
    ({"type": "object", "additionalProperties": TEXT, "minProperties": 1}, {}, [("v", "has 0 entries; at least 1")]),
    ({"type": "array", "items": WHOLE, "maxItems": 1}, [1, "a"], [
        ("v[1]", "needs a whole number, not text"), ("v", "has 2 entries; at most 1"),
    ]),
    ({"type": "array", "items": TEXT}, "a", [("v", "needs a list, not text")]),
    ({"type": "array", "items": TEXT}, [None], [("v[0]", NULL)]),
    (ONE, {"a": "", "b": ""}, [("v", "sets a and b; only one of a, b may be set")]),
    (EXACTLY, {}, [("v", "needs one of a, b")]),
    ({"type": "object", "allOf": [{"oneOf": EXACTLY["oneOf"]}], "properties": ONE["properties"]}, {}, [
        ("v", "needs one of a, b"),
    ]),
    (ADDRESS, {"type": "IP", "value": "a"}, [("v", "fits 0 of the forms that it may have; exactly one is needed")]),
    (ADDRESS, {"type": "IP", "value": "fe80::1%eth0"}, [
        ("v", "fits 0 of the forms that it may have; exactly one is needed"),
    ]),
    ({"type": "string", "not": {"enum": ["A"]}}, "A", [("v", "sets fields that exclude each other")]),
    ({"type": "object", "properties": ONE["properties"], "anyOf": EXACTLY["oneOf"]}, {}, [("v", "needs one of a, b")]),
    (KEYED, [{"name": "a"}, {"name": "a"}, {"name": "a"}], [("v[1]", 'is there twice: {"name": "a"}')]),
    (SET, ["a", "b", "a"], [("v[2]", 'is there twice: "a"')]),
    (SET, [["a"], ["a"]], [("v[0]", "needs text, not a list"), ("v[1]", "needs text, not a list")]),
    (PORT, 1.5, [("v", "needs a whole number or text, not a number")]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "found"), REFUSED)
def test_refused(schema: Mapping[str, Any], value: Any, found: list[tuple[str, str]]) -> None:
    assert problems(schema, value) == found


def test_numbers_with_more_digits_than_python_writes_are_refused_too() -> None:
    assert problems(WHOLE, 10**5000) == problems(WHOLE, 10**400)


def test_a_keyword_type_or_format_that_is_not_known_stops_it() -> None:
    with pytest.raises(ValueError, match="exclusiveMaximum"):
        compiled({"type": "integer", "exclusiveMaximum": True})
    with pytest.raises(ValueError, match="null"):
        compiled({"type": "null"})


def test_defaults_are_filled_in_at_every_depth_and_nothing_is_changed() -> None:
    schema = {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "default": [{}],
                "items": {"type": "object", "properties": {"a": {"default": 1}}},
            },
            "null": {"type": "string", "nullable": True, "default": "x"},
            "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {"b": {"default": {}}}}},
        },
    }
    fill = filled(schema)
    assert fill is not None
    given = {"map": {"k": {}}, "null": None}
    assert fill(given) == {"items": [{"a": 1}], "null": None, "map": {"k": {"b": {}}}}
    assert fill({"items": None}) == {"items": [{"a": 1}], "null": "x"}
    assert fill({"items": "wrong", "map": 5, "null": ""}) == {"items": "wrong", "map": 5, "null": ""}
    assert given == {"map": {"k": {}}, "null": None}
    assert fill({})["items"] is not fill({})["items"]
    assert filled({"type": "object", "properties": {"a": TEXT}}) is None


def every_schema() -> list[Any]:
    made = []
    for channel in ("standard", "experimental"):
        for files in kinds(channel):
            for name in files:
                group, _, kind = name.rpartition("/")
                known = definition(group, kind, channel)
                assert known is not None
                made += [
                    pytest.param(known.schema(version), id=f"{channel}-{name}-{version}") for version in known.versions
                ]
    return made


@pytest.mark.parametrize("schema", every_schema())
def test_every_schema_of_the_package_can_be_judged(schema: Mapping[str, Any]) -> None:
    found: Found = []
    compiled_root(schema)({"apiVersion": "a/b", "kind": "C", "metadata": 5, "extra": 1}, None, found)
    assert ("extra", "is not a field here") in [(path_of(place), text) for place, text in found]
    assert formats(schema) <= FORMATS.keys() | NUMBERS


def formats(schema: Any) -> set[str]:
    """The formats in a schema; what is no schema, such as a default, has none of these words as keys."""
    if isinstance(schema, list):
        return set().union(*map(formats, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["format"]} if isinstance(schema.get("format"), str) else set()
    return own.union(*map(formats, schema.values()))


def test_all_keywords_of_the_schemas_are_known() -> None:
    assert "x-kubernetes-embedded-resource" not in KEYWORDS
    assert len(every_schema()) > 50


OK = {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "a"}, "spec": {}}


def found(document: Mapping[str, Any], **options: Any) -> list[tuple[str, str]]:
    return [(each.path, each.message) for each in structure(document, **options).problems]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"apiVersion": "networking.istio.io/v1alpha3"}, None),
        ({"apiVersion": "example.com/v1", "spec": 5}, None),
        ({"apiVersion": ""}, ("apiVersion", "is required")),
        ({"kind": 5}, ("kind", "needs text")),
        ({"kind": "Foo"}, ("apiVersion", "is networking.istio.io/v1, which has no kind Foo")),
        (
            {"apiVersion": "networking.istio.io/v2"},
            (
                "apiVersion",
                "is networking.istio.io/v2, which is not served; Sidecar is there as networking.istio.io/v1, "
                "networking.istio.io/v1beta1, networking.istio.io/v1alpha3",
            ),
        ),
        ({"spce": {}}, ("spce", "is not a field here; did you mean spec?")),
        ({"spec": None}, ("spec", NULL)),
        ({"metadata": None}, ("metadata", "is required")),
        ({"metadata": []}, ("metadata", "needs a mapping")),
        (
            {"status": {"conditions": [{"type": 5}]}},
            ("status.conditions[0].type", "needs text, not a number; quote it"),
        ),
    ],
)
def test_objects(change: dict[str, Any], problem: tuple[str, str] | None) -> None:
    assert found({**OK, **change}) == ([problem] if problem else [])


def test_the_channel_decides_which_fields_and_versions_there_are() -> None:
    route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "a"}}
    retried = {**route, "spec": {"rules": [{"retry": {}}]}}
    assert [path for path, _ in found(retried)] == ["spec.rules[0].retry"]
    assert found(retried, channel="experimental") == []
    old = {**route, "apiVersion": "gateway.networking.k8s.io/v1alpha2", "kind": "TCPRoute", "spec": {"rules": []}}
    assert [path for path, _ in found(old)] == ["apiVersion"]
    assert found({**old, "spec": {"rules": [{"backendRefs": [{"name": "a"}]}] * 16}}, channel="experimental") == []
    assert "gateway.networking.x-k8s.io" not in groups("standard")


def test_the_next_stages_get_the_object_with_its_defaults() -> None:
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "a"},
        "spec": {"rules": [{}], "parentRefs": [{"name": "g"}]},
    }  # fmt: skip
    judged = structure(route)
    assert judged.problems == ()
    assert judged.object["spec"] == {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "g"}],
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}],
    }
    assert judged.definition is definition("gateway.networking.k8s.io", "HTTPRoute", "standard")
    assert structure(OK).object is OK


@pytest.mark.parametrize(
    ("package", "channel", "bodies"),
    [(istio, "standard", ISTIO), (gateway_api, "standard", GATEWAY_API), (experimental, "experimental", EXPERIMENTAL)],
)
def test_what_the_types_take_has_structure(package: Any, channel: Any, bodies: dict[str, Any]) -> None:
    for kind, spec in bodies.items():
        cls = getattr(package, kind)
        document = {"apiVersion": cls.api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
        assert found(document, channel=channel) == []


def test_deep_and_wide_objects_cost_no_more_than_they_are_long() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    limit = sys.getrecursionlimit()
    patch = {"applyTo": "HTTP_FILTER", "patch": {"operation": "MERGE", "value": deep}}
    document = {
        **OK,
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "spec": {"configPatches": [patch]},
    }
    assert found(document) == []
    assert found({**OK, "spec": {"egress": deep}}) == [("spec.egress", "needs a list, not a mapping")]
    assert sys.getrecursionlimit() == limit
