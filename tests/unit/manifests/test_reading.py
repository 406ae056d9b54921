"""Reading YAML: what is taken, what is refused and where, and finding lines again."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.errors import InvalidError, MeshError
from pulumi_mesh.manifests.events import MAX_DEPTH
from pulumi_mesh.manifests.loading import load_objects
from pulumi_mesh.manifests.reading import line_of, load_yaml, read_text

TWO = """\
# first
apiVersion: v1
kind: Namespace
metadata: {name: bookinfo}
---
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: reviews
    labels: {a.b/c: d}
- apiVersion: v1
  kind: Service
  metadata:
    name: reviews
  spec:
    ports:
    - port: 80
    - port:
        70000
"""


def test_documents_and_lists_with_their_lines() -> None:
    found = read_text(TWO, "f.yaml")
    assert [(d.file, d.line, d.data["kind"], d.index, d.base) for d in found] == [
        ("f.yaml", 2, "Namespace", 0, ""),
        ("f.yaml", 10, "ServiceAccount", 2, "items[0]"),
        ("f.yaml", 15, "Service", 2, "items[1]"),
    ]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("items[1].spec.ports[0].port", 21),
        ("items[1].spec.ports[1].port", 22),
        ("items[1].spec.ports[7].port", 20),
        ("items[0].metadata.labels['a.b/c']", 14),
        ("items[0].metadata.labels[a.b/c]", 14),
        ("", 7),
        (".nothing.here", 7),
    ],
)
def test_lines_of_paths(path: str, line: int) -> None:
    assert line_of(TWO, 2, path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("ports[70000]", 2),
        ("ports[70000].mode", 3),
        ("list[1]", 5),
        ("list[01]", 4),
        ("odd[a]b.c]", 7),
        ("odd[]", 8),
    ],
)
def test_lines_of_keys_that_look_like_an_index_or_hold_brackets(path: str, line: int) -> None:
    text = 'ports:\n  70000:\n    mode: A\nlist: [0,\n  1]\nodd:\n  "a]b.c": 1\n  "": 2\n'
    assert line_of(text, 0, path) == line


@pytest.mark.parametrize("file", ["f.json", "f.yaml"])
def test_refusals_name_the_language_of_the_file(file: str) -> None:
    with pytest.raises(MeshError, match=f"is not {'JSON' if file == 'f.json' else 'YAML'}: "):
        read_text('{"a": 1,\n"b": [1, 2\n', file)


def test_a_list_may_be_empty() -> None:
    assert read_text("kind: List\nitems:\n---\nkind: List\nitems: []\n") == ()


def test_problems_carry_their_own_line() -> None:
    with pytest.raises(InvalidError) as caught:
        load_objects(TWO.replace("a.b/c: d", "a.b/c: 1"), "f.yaml")
    assert caught.value.problems == [
        (
            "f.yaml:14 ServiceAccount(\"reviews\").metadata.labels['a.b/c']",
            "needs text, not a number; quote it",
        ),
        ('f.yaml:22 Service("reviews").spec.ports[1].port', "is 70000; at most 65535"),
    ]


SCALARS: list[tuple[str, Any]] = [
    ("y", True), ("No", False), ("on", True), ("OFF", False), ("null", None), ("~", None), ("", None),
    ("1e3", 1000.0), ("0o17", 15), ("017", 15), ("0x1f", 31), ("0b11", 3), ("1_000", 1000), ("-5", -5), ("+5", 5),
    ("08", 8), ("1.5", 1.5), (".5", 0.5), ("-1.5e-3", -0.0015), ("80:80", "80:80"), ("12:30:45", "12:30:45"),
    ("2024-01-02", "2024-01-02"), ("1.2.3", "1.2.3"), ("a", "a"), ("'1'", "1"), ('"yes"', "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_mean_what_kubectl_reads(text: str, value: Any) -> None:
    found = load_yaml(f"a: {text}")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_anchors_and_merges() -> None:
    text = "base: &b {x: 1, v: {z: 2}}\nmore: &m {x: 9}\nuse: {<<: [*b, *m], w: *m}\nown: {<<: *b, x: 3}"
    found = load_yaml(text)
    assert found["use"] == {"x": 1, "v": {"z": 2}, "w": {"x": 9}}
    assert found["own"] == {"x": 3, "v": {"z": 2}}


def test_numbers_as_keys_are_text_as_in_kubectl() -> None:
    assert load_yaml("portLevelMtls:\n  8080: {mode: DISABLE}") == {"portLevelMtls": {"8080": {"mode": "DISABLE"}}}


def test_json_is_read() -> None:
    assert load_yaml('{"a": [1, "b", null, {"c": true}]}') == {"a": [1, "b", None, {"c": True}]}


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)

REFUSED: dict[str, tuple[str, str, str]] = {
    "duplicate key": ("a: 1\nb:\n  c: 1\n  c: 2\n", "f:4", "gives c twice; keep one"),
    "duplicate by spelling": ('a: 1\n"a": 2\n', "f:2", "gives a twice; keep one"),
    "two merges": ("a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a\n", "f:4", "gives << twice; keep one"),
    "python tag": (
        "a:\n- !!python/object/apply:os.system [ls]\n",
        "f:2",
        "has the tag !!python/object/apply:os.system",
    ),
    "custom tag": ("a: !Ref b\n", "f:1", "has the tag !Ref; plain YAML has none, so leave it out"),
    "binary": ("a: !!binary aGk=\n", "f:1", "has the tag !!binary"),
    "bomb": (BOMB, "f:5", "expands aliases to more than 100000 nodes"),
    "unknown alias": ("a: *nothing\n", "f:1", "refers to *nothing, which no finished node before it is named"),
    "alias of itself": ("a: &a [*a]\n", "f:1", "refers to *a"),
    "deep list": ("a: " + "[" * (MAX_DEPTH + 1), "f:1", "nests deeper than 100 levels"),
    "boolean key": ("a: 1\nyes: 2\n", "f:2", "has the key yes, which is not text; quote it"),
    "boolean key in capitals": ("True: 1\n", "f:1", "has the key True, which is not text; quote it"),
    "null key": ("~: 1\n", "f:1", "has the key ~, which is not text; quote it"),
    "float key": ("1.5: 1\n", "f:1", "has the key 1.5, which is not text; quote it"),
    "mapping as key": ("? {a: 1}\n: 2\n", "f:1", "has a key that is not plain text"),
    "merge of text": ("a: {<<: b}\n", "f:1", "merges (<<) what is not a mapping"),
    "not YAML": ("a: 1\nb: [1, 2\n", "f:3", "is not YAML: did not find expected ',' or ']'"),
    "tab": ("a:\n\t- b\n", "f:2", "is not YAML: found character that cannot start any token"),
    "control character": ("a: 1\nb: \x07\n", "f:2", "holds a character that YAML does not allow"),
    "list as a document": ("a: 1\n---\n- b\n", "f:3", "a manifest is a mapping with apiVersion, kind and metadata"),
    "text as a document": ("hello\n", "f:1", "a manifest is a mapping"),
    "number as items": ("kind: List\nitems: 5\n", "f:2", "the items of a list are a list of objects"),
    "mapping as items": ("kind: PodList\nitems:\n  a: 1\n", "f:2", "the items of a list are a list of objects"),
    "text as an item": ("kind: List\nitems:\n- a\n", "f:3", "an item of a list is an object, a mapping"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str) -> None:
    text, where, message = REFUSED[case]
    with pytest.raises(MeshError) as caught:
        read_text(text, "f")
    assert caught.value.where == where
    assert caught.value.message.startswith(message)


def test_one_document_where_one_is_needed() -> None:
    assert load_yaml("# nothing\n") is None
    with pytest.raises(MeshError, match=r"^f:3: holds a second document; one is needed$"):
        load_yaml("a: 1\n---\nb: 2\n", "f")
