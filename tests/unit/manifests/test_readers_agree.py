"""The quick readers read what they read as the complete one does, and cutting a text changes nothing."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.events import Budget, read_events
from pulumi_mesh.manifests.json_text import NOT_JSON, read_json
from pulumi_mesh.manifests.plain import OTHER, read_plain
from pulumi_mesh.manifests.reading import Document, Unread, scan
from tests.support.yaml_texts import near_yaml

MANIFEST = """\
# of the platform team
apiVersion: networking.istio.io/v1   # served
kind: VirtualService
metadata:
  name: reviews
  labels: {}
  annotations:
    "example.com/on": "yes"
    note: 'a: b # c'

spec:
  hosts: [reviews, "reviews.example.com", 'x']
  http:
  - match:
      - uri:
          prefix: /a#b
        port: 0x50
    route:
    - destination:
        host: reviews.bookinfo.svc.cluster.local
      weight: 017
  -   timeout: 1e3
      retries:
  exportTo:
  - "*"
  - .
  empty:
"""


def as_events(text: str) -> Any:
    """What the complete reader has for a text: documents, or None where it refuses."""
    try:
        return [data for _, data in read_events(text, "f", 1, Budget())]
    except MeshError:
        return None


def same(left: Any, right: Any) -> bool:
    """Equal, in types and in the order of keys too."""
    return repr(left) == repr(right)


def test_a_manifest_is_plain_and_means_what_events_say() -> None:
    found = read_plain(MANIFEST)
    assert found is not OTHER
    assert same([found], as_events(MANIFEST))
    assert found["spec"]["http"][0]["route"][0]["weight"] == 15


@pytest.mark.parametrize(
    "text",
    [
        "a: b\n  c: d\n", "a: b\n  c\n", "a: b\n- c\n", "- a\n", "a: &x b\n", "a: *x\n", "a: !t b\n", "a: |\n  b\n",
        "a: [b, [c]]\n", "a: {b: c}\n", "? a\n",
        'a: "b\\n"\n', 'a: "b\n  c"\n', "a: 'b''c'\n", "a: 1\na: 2\n",
        "yes: 1\n", "1: a\n", "a\n", "a:b\n", "a: b: c\n", "a:\n    b: 1\n  c: 2\n", "a:\tb\n", "a: \u00e9\n",
        "a:\n- b\n  - c\n", "a:\n  - b: 1\n - c\n", "%YAML 1.1\n", "a: @b\n", "a: `b\n", "a: [*]\n", "b: ?\n",
        "a: - b\n", "a: -\n", "- - a\n", "a: .inf\n", "a: x" + "y" * 1100 + "\n", "...\n", "a: ]\n", "a: b #c\n  d\n",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_alone(text: str) -> None:
    found = read_plain(text)
    assert found is OTHER or same([found], as_events(text))
    assert found is OTHER or text in ("a: b #c\n",)


@pytest.mark.parametrize("seed", range(8))
def test_plain_text_is_read_as_events_read_it(seed: int) -> None:
    chance, taken = random.Random(seed), 0
    for _ in range(1500):
        text = near_yaml(chance)
        found = read_plain(text)
        if found is not OTHER:
            taken += found is not None
            assert same([found] if found is not None else [], as_events(text)), text
    assert taken > 100


MARKS = ("---\n", "---\n", "--- \n", "---\t# c\n", "---\r\n", "...\n---\n", "--- a\n", "%YAML 1.1\n---\n", "\r---\n")


@pytest.mark.parametrize("seed", range(8))
def test_cutting_a_text_changes_nothing(seed: int) -> None:
    chance, taken = random.Random(seed), 0
    for _ in range(1000):
        parts = [near_yaml(chance) for _ in range(chance.randrange(4))]
        text = "".join(part + chance.choice(MARKS) for part in parts) + near_yaml(chance)
        taken += cut_as_whole(text)
    assert taken > 50


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n---\nb: |\n  x\n---\n",
        "# only\n---\na: 1\n",
        "---\n---\na: 1\n",
        "--- a\n---",
        "a: \r---\nb: 1\n",
        "a: '\n---\n'",
    ],
)
def test_cutting_at_the_edges(text: str) -> None:
    cut_as_whole(text)


def cut_as_whole(text: str) -> bool:
    """Whether several documents were read; what a stream refuses must be refused, what it reads be read the same."""
    whole, found = as_events(text), list(scan(text, "f"))
    if whole is None:
        assert any(isinstance(each, Unread) for each in found), text
        return False
    expected = [(index, data) for index, data in enumerate(whole) if data is not None]
    read = {each.index: each.data for each in found if isinstance(each, Document) and not each.base}
    assert all(same(data, read[index]) for index, data in expected if index in read), text
    assert {each.index for each in found} >= {index for index, data in expected if not is_list(data)}, text
    return len(expected) > 1


def is_list(data: Any) -> bool:
    """A list of objects, which may be empty."""
    return isinstance(data, dict) and data.get("items") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab:<#", max_size=3), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


# Where other work fills the machine, making values is slow: that says nothing of the reader.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.text("ab", max_size=3), JSON, max_size=4), st.sampled_from([None, 2]))
def test_json_is_read_as_what_was_written(value: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert same(read_json(text), value)
    (found,) = scan(text)
    assert isinstance(found, Document) or "items" in value
    if isinstance(found, Document) and not found.base:
        assert same(found.data, value)


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 1e999}', '{"a": 18446744073709551616}', '{"a": "\\ud800"}', "{a: 1}",
     '{"a": ' * 101 + "1" + "}" * 101, "[" * 100_000, '{"a": ' + "9" * 5000 + "}", ""],
)  # fmt: skip
def test_what_no_manifest_may_hold_is_not_read_as_json(text: str) -> None:
    assert read_json(text) is NOT_JSON


def test_surrogate_pairs_are_one_character() -> None:
    (found,) = scan('{"kind": "\\ud83d\\ude00"}')
    assert isinstance(found, Document)
    assert found.data == {"kind": "\U0001f600"}
    assert found.line_of("kind") == 1


@given(st.text("0123456789+-_.eEobxinfaN", min_size=1, max_size=12) | st.integers().map(str))
def test_numbers_are_finite_and_of_64_bits(text: str) -> None:
    whole = as_events(f"a: {text}\n")
    value = whole[0]["a"] if whole and isinstance(whole[0], dict) else None
    if isinstance(value, int):
        assert -(2**63) <= value < 2**64
    if isinstance(value, float):
        assert value - value == 0
        assert yaml.safe_load(json.dumps(value)) is not None
