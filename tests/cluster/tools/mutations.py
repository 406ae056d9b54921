"""Objects with one to three mistakes, or none: changes of an object, chosen by what its schema says of each place."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from pulumi_mesh.validation.schemas import Definition
from tests.unit.validation.made import ODD, made_value

TEXTS = (
    "", "*", "a", "A", "a b", "a_b", "-a", "a.", "a..b", "*.com", "*a.com", "a" * 64, "b." * 130, "é", "a\n",
    "/", "a/b", "./*", "~/a", "*/*", "ns/*.a.com", "ns/gw", "mesh", "/{*}/{**}", "/a{b", "/a?b=c#d", "/a//b", "/../a",
    "1.2.3.4", "01.2.3.4", "10.0.0.0/8", "1.2.3.4/33", "::1", "::ffff:1.2.3.4", "fe80::1%eth0", "[::1]:80", ":80",
    "a:0", "a:65536", "unix:///a", "unix://", "http://a", "oci://a/b", "http://%zz", "https://a:b",
    "0s", "1ms", "10us", "1.5s", "-1s", "1h", "1x", "1h30m", "999999h", "0", "-1", "80", "65536", "99999999999",
    "(a", "a{1001}", "(?i)a", "(?<a>b)", "[", "x*?", "%A%", "%A", "100%%", "%REQ(a)%", "CONNECT", "GET", "get",
    "HTTP", "TLS", "tcp", "UDP", "GRPC-Web", "5xx", "503,reset", "999", "ALL", "true", "{}", '{"keys":[]}', "YQ==",
    "Host", ":path", "host", "request.headers[a]", "request.headers", "source.ip", "destination.port",
    "@request.auth.claims.a", "kubernetes://a", "configmap://a/b", "cluster.local/ns/a/sa/b", "a/b/c",
)  # fmt: skip
NUMBERS = (
    -1, 0, 1, 2, 50.5, 99, 100, 101, 199, 200, 399, 400, 599, 600, 80, 65535, 65536, 2**31 - 1, 2**31, 2**32, 2**63,
    0.00001, -0.5, 100.5, 8.0, 1e300,
)  # fmt: skip
KEYS = ("a", "a/b", "a/", "A.b/c", "a b", "a" * 64, "", "-a", "é", "istio.io/rev")


class _Place(NamedTuple):
    holder: Any
    key: Any
    schema: Mapping[str, Any]

    @property
    def value(self) -> Any:
        return self.holder[self.key]


def mutated(document: Mapping[str, Any], definition: Definition, version: str, random: Random) -> dict[str, Any]:
    """A changed copy of an object of this kind. There is no null in it that its schema does not take."""
    schema = definition.schema(version)
    changed: dict[str, Any] = copy.deepcopy({**document})
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        if random.random() < 0.04:
            _change_metadata(changed["metadata"], random)
        elif places := [each for each in _places(changed, schema) if each.key not in ("apiVersion", "kind")]:
            _change(random.choice(places), places, random)
    cleaned: dict[str, Any] = without_nulls(changed, schema)
    return cleaned


def without_nulls(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value without nulls, but for fields that take any value."""
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return value
    if isinstance(value, dict):
        return {key: without_nulls(item, _below(schema, key)) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item, schema.get("items", {})) for item in value if item is not None]
    return value


def _below(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
    return found if isinstance(found, Mapping) else {}


def _places(value: Any, schema: Mapping[str, Any]) -> Iterator[_Place]:
    """Every place in the spec, itself included."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "metadata" and "apiVersion" in value:
                continue
            below = _below(schema, key)
            yield _Place(value, key, below)
            yield from _places(item, below)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            below = schema.get("items", {})
            yield _Place(value, index, below)
            yield from _places(item, below)


def _change(place: _Place, places: list[_Place], random: Random) -> None:
    value, schema = place.value, place.schema
    chance = random.random()
    if chance < 0.1:
        del place.holder[place.key]
    elif chance < 0.17:
        place.holder[place.key] = copy.deepcopy(random.choice(ODD))
    elif chance < 0.27 and (alike := [each for each in places if type(each.value) is type(value)]):
        other = random.choice(alike)
        place.holder[place.key] = copy.deepcopy(other.value)
        if not isinstance(value, dict | list):
            other.holder[other.key] = value
    elif isinstance(value, dict):
        _change_fields(value, schema, random)
    elif isinstance(value, list):
        if value and chance < 0.6:
            value.append(copy.deepcopy(random.choice(value)))
        else:
            value.append(made_value(schema.get("items", {}), random, 1))
    elif "enum" in schema:
        place.holder[place.key] = random.choice([*schema["enum"], *schema["enum"], "NONE_OF_THEM"])
    elif isinstance(value, str):
        place.holder[place.key] = random.choice(TEXTS)
    elif isinstance(value, bool):
        place.holder[place.key] = not value
    else:
        bounds = [schema[each] + by for each in ("minimum", "maximum") for by in (-1, 0, 1) if each in schema]
        place.holder[place.key] = random.choice([*NUMBERS, *bounds, *bounds])


def _change_fields(value: dict[str, Any], schema: Mapping[str, Any], random: Random) -> None:
    fields, others = schema.get("properties"), schema.get("additionalProperties")
    if random.random() < 0.08:
        value["unknown"] = 1
    elif fields:
        name = random.choice(list(fields))
        value[name] = made_value(fields[name], random, 1)
    elif isinstance(others, Mapping):
        value[random.choice(TEXTS)] = made_value(others, random, 1)


def _change_metadata(metadata: dict[str, Any], random: Random) -> None:
    match random.choice(["name", "labels", "annotations"]):
        case "name":
            metadata["name"] = random.choice(TEXTS)
        case field:
            metadata[field] = {random.choice(KEYS): random.choice(TEXTS)}
