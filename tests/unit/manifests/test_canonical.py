"""Canonical YAML: order, quoting, refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_mesh import istio, kubernetes
from pulumi_mesh.errors import OutputError
from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.manifests.reading import read_text

VIRTUAL_SERVICE = istio.VirtualService(
    "reviews",
    namespace="bookinfo",
    labels={"z": "1e3", "app": "reviews"},
    metadata={"finalizers": ["a"], "deletionGracePeriodSeconds": 3},
    spec={
        "hosts": ["reviews", "*.example.com"],
        "http": [{"timeout": "10s", "route": [{"weight": 100, "destination": {"host": "reviews"}}]}],
    },
)
TEXT = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: bookinfo
  labels:
    app: reviews
    z: "1e3"
  deletionGracePeriodSeconds: 3
  finalizers:
  - a
spec:
  hosts:
  - reviews
  - "*.example.com"
  http:
  - route:
    - destination:
        host: reviews
      weight: 100
    timeout: "10s"
"""

# Each is text to us and something else to one reader or another, unless it is quoted.
TRICKY = [
    "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "NO", "on", "On", "OFF", "true", "True", "false", "null",
    "Null", "NULL", "~", "=", "<<", "1e3", "1234e56", "0o17", "0x1f", "017", "0b1", "1_000", "12:30:45",
    "80:80", ".inf", "-.INF", ".nan", "NaN", "inf", "2024-01-02", "2024-01-02T03:04:05Z", "+1", "-1", ".5",
    "5.", "1.2.3", "-", "--", "---", "...", "?", ":", ",", "*", "&", "!", "|", ">", "%", "@", "`", "#", "#a",
    "a#", "[", "]", "{", "}", "'", "\"", "\\", "9.0", "1e-5", "0.0", "1.", "1E5", "+.5", "0", "00", "08",
    "1_0.5", "*a", "&a", "!a", "!!str", "|-", ">-", "%YAML", "@a", "`a", "a:b:", "a:", "-a", "?a", ":a",
]  # fmt: skip
TRICKY += ["", " ", " a", "a ", "a: b", "a #b", "\t", "a\tb", "\n", "a\n", "\na", "a\n\n", " a\nb", "a\n b", "a \nb"]
TRICKY += [
    "\r",
    "a\rb",
    "\u2028",
    "\x85",
    "\x00",
    "\x07",
    "\ufeff",
    "\U0001f600",
    "é",
    "a\u00a0",
    "- a",
    "? a",
    "--- a",
]


def test_order_is_fixed_and_the_text_reads_back() -> None:
    assert dump(VIRTUAL_SERVICE) == TEXT
    (document,) = read_text(TEXT)
    assert dump(document.data) == TEXT


@pytest.mark.parametrize("text", TRICKY, ids=ascii)
def test_tricky_text_is_not_plain(text: str) -> None:
    written = dump({"kind": "X", "spec": {"value": text}})
    line = written.splitlines()[2]
    assert line.startswith(('  value: "', "  value: |"))
    assert yaml.load(written, yaml.CSafeLoader)["spec"]["value"] == text


@pytest.mark.parametrize(
    "text", ["reviews", "reviews.bookinfo.svc.cluster.local", "/reviews/v1", "spiffe://a/ns/b", "cluster wide", "a_b"]
)
def test_ordinary_text_is_plain(text: str) -> None:
    assert dump({"kind": "X", "spec": text}) == f"kind: X\nspec: {text}\n"


def test_scripts_stay_readable() -> None:
    code = "function envoy_on_request(handle)\n  handle:logInfo('a: b # c')\nend\n"
    assert dump({"kind": "X", "spec": code}) == (
        "kind: X\nspec: |\n  function envoy_on_request(handle)\n    handle:logInfo('a: b # c')\n  end\n"
    )


def test_no_aliases() -> None:
    shared = {"a": ["b"]}
    assert "&" not in dump({"kind": "X", "spec": {"one": shared, "two": shared}})


def test_whole_doubles_are_written_as_whole_numbers() -> None:
    assert dump({"kind": "X", "spec": [50.0, 0.5]}) == "kind: X\nspec:\n- 50\n- 0.5\n"


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ue000")) | st.text(
    "ab: #-'\"\n\t |>%@`{}[],&*!?y01e.~=<\\/"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda child: st.lists(child, max_size=4) | st.dictionaries(ANY_TEXT, child, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT, JSON)
def test_anything_reads_back_as_itself(key: str, value: Any) -> None:
    manifest = {"kind": "X", "metadata": {"name": "a"}, "spec": {key: value, "again": [value]}}
    text = dump(manifest)
    assert yaml.load(text, yaml.CSafeLoader) == manifest
    assert read_text(text)[0].data == manifest


def output() -> Any:
    return pulumi.Output.__new__(pulumi.Output)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: istio.VirtualService("x", spec={"hosts": ["a", "pre\ue0001\ue001post"]}),
        'VirtualService("x").spec.hosts[1]',
    ),
    (lambda: istio.VirtualService("x", spec={"hosts": [output()]}), 'VirtualService("x").spec.hosts[0]'),
    (lambda: kubernetes.Namespace("x", labels={"a": output()}), 'Namespace("x").metadata.labels.a'),
    (lambda: {"kind": "X", "spec": {"\ue0001\ue001": 1}}, "X.spec (a key)"),
]


@pytest.mark.parametrize(("make", "where"), REFUSED, ids=range(len(REFUSED)))
def test_outputs_and_their_tokens_are_refused(make: Callable[[], Any], where: str) -> None:
    with pytest.raises(OutputError, match="a file needs plain text") as caught:
        dump(make())
    assert caught.value.where == where


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_the_hash_seed_does_not_matter(seed: str) -> None:
    code = (
        "from pulumi_mesh import istio; from pulumi_mesh.manifests.canonical import dump;"
        "print(dump(istio.Gateway('g', labels={'b': '1', 'a': '2', 'c': '3'},"
        "spec={'selector': {'y': 'a', 'x': 'b', 'z': 'c'}})), end='')"
    )
    text = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    ).stdout
    made = istio.Gateway("g", labels={"c": "3", "a": "2", "b": "1"}, spec={"selector": {"z": "c", "x": "b", "y": "a"}})
    assert text == dump(made)
