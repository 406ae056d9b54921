"""validate takes whatever it is given: it never breaks, needs no memory out of proportion, and what it accepts lasts.

The manifests that are changed: one of each kind, and the cases of tests/conformance; where those are not at hand,
what the examples are rendered to.
"""

from __future__ import annotations

import json
import random
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_mesh.cli.validate_report import FORMATS
from pulumi_mesh.cli.validate_work import judge_files
from pulumi_mesh.manifests.canonical import dump
from pulumi_mesh.manifests.reading import Document, read_text, scan
from pulumi_mesh.manifests.wire import from_wire
from pulumi_mesh.validation.judge import judge
from tests.conformance.cases import corpora
from tests.unit.cli.mutations import changed, garbled
from tests.unit.manifests.test_wire import manifests

GOLDEN = Path(__file__).parents[2] / "golden/istio"
"""What the examples are rendered to."""


def texts() -> list[str]:
    """Manifests to change, as text."""
    found = [dump(each.values[0]) for each in manifests()]
    if not corpora().is_dir():
        found += [file.read_text("utf-8") for file in sorted(GOLDEN.glob("*/*.yaml"))]
    for name in ("istio-validation", "gateway-api", "samples"):
        found += [file.read_text("utf-8") for file in sorted(corpora().glob(f"{name}/cases/*.yaml"))]
    return found


TEXTS = texts()
PARSED = [dict(each.data) for text in TEXTS for each in scan(text) if isinstance(each, Document)]


def lasts(document: Document) -> None:
    """An accepted manifest can be written and read back, typed if it is of a kind that is judged whole."""
    (again,) = read_text(dump(document.data))
    assert again.data == document.data
    if "." not in document.data["apiVersion"]:
        return
    typed = from_wire(document.data)
    (written,) = read_text(dump(typed))
    assert from_wire(written.data) == typed
    assert judge(written.data, "experimental").accepted


@pytest.mark.parametrize("seed", range(6))
def test_changed_manifests(seed: int) -> None:
    chance, accepted = random.Random(seed), 0
    for _ in range(200):
        for each in scan(json.dumps(changed(chance.choice(PARSED), chance))):
            if isinstance(each, Document) and judge(each.data, "experimental").accepted:
                lasts(each)
                accepted += 1
    assert 10 < accepted < 190


# Where other work fills the machine, making an example is slow: that says nothing of what is tested.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PARSED), st.randoms(use_true_random=False))
def test_whatever_is_changed_is_judged(manifest: dict[str, Any], chance: random.Random) -> None:
    for each in scan(json.dumps(changed(manifest, chance))):
        if isinstance(each, Document):
            judge(each.data, "standard")  # which takes the experimental kinds as it takes any that it does not know
            if judge(each.data, "experimental").accepted:
                lasts(each)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False))
def test_whatever_is_garbled_is_read_or_refused(text: str, chance: random.Random) -> None:
    for each in scan(garbled(text, chance).decode("utf-8", "replace")):
        if isinstance(each, Document):
            judge(each.data, "experimental")


@pytest.mark.parametrize("seed", range(6))
def test_garbled_text(tmp_path: Path, seed: int) -> None:
    chance, read = random.Random(seed), 0
    for number in range(80):
        text = "---\n".join(chance.choice(TEXTS) for _ in range(chance.choice([1, 1, 1, 3])))
        (tmp_path / f"{number}.yaml").write_bytes(garbled(text, chance))
    files = sorted(map(str, tmp_path.iterdir()))
    for output in FORMATS:
        for done in judge_files(files, output, "experimental"):
            for part in done.parts if output in ("json", "jsonl") else ():
                judged = json.loads(part)
                read += 1
                assert (judged["verdict"] == "reject") == any(
                    each["severity"] == "error" for each in judged["findings"]
                )
                lines = Path(judged["file"]).read_bytes().count(b"\n") + 1
                assert all(1 <= each["line"] <= lines for each in judged["findings"])
    assert read > 100


ALIASES = "a: &a [x]\nb:\n" + "- *a\n" * 20_000
HUGE: dict[str, str] = {
    "bomb": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
    "merged bomb": "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], y{n}: 1}}\n" for n in range(1, 40)),
    "many aliases": ALIASES,
    "bombs in many documents": "---\n".join(["a: &a [1, 2, 3, 4, 5, 6, 7, 8]\nb: [" + "*a, " * 500 + "*a]\n"] * 60),
    "deep lists": "a: " + "[" * 50_000,
    "deep mappings": "a: " + "{a: " * 50_000,
    "deep blocks": "\n".join(" " * depth + "a:" for depth in range(600)),
    "deep JSON": '{"a":' * 50_000,
    "digits": "a: " + "9" * 200_000,
    "one long line": "a: " + "x" * 2_000_000,
    "one long key": "x" * 300_000 + ": a",
    "many empty documents": "---\n" * 5_000,
    "many comments": "# a\n" * 100_000,
    "no end of quotes": 'a: "' + "x\n" * 100_000,
    "spaces": " " * 500_000,
    "dashes": "- " * 20_000,
    "colons": ": " * 20_000,
    "question marks": "? " * 20_000,
    "bytes of nothing": "\x00" * 100_000,
    "many wrong fields": "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n"
    + "".join(f"  f{number}: 1\n" for number in range(500)),
    "many wrong documents": "kind: a\n---\n" * 300,
    "wrong items": "kind: List\nitems:\n" + "- kind: a\n" * 300,
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_memory_is_in_proportion(tmp_path: Path, name: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(HUGE[name])
    list(judge_files([str(file)], "jsonl", "standard"))  # what is loaded once is no part of it
    tracemalloc.start()
    try:
        rejected = sum(done.counts.rejected for done in judge_files([str(file)], "jsonl", "standard"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rejected or name in ("many comments", "many empty documents", "spaces")
    assert peak < 5_000_000 + 250 * len(HUGE[name])


def _routes(paths: list[str]) -> dict[str, Any]:
    return {"hosts": ["a"], "http": [{"match": [{"uri": {"prefix": path}}], "route": TO_A} for path in paths]}


TO_A = [{"destination": {"host": "a"}}]
GROWING: dict[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
    "hosts": ("VirtualService", lambda size: {"hosts": [f"a{n}.b" for n in range(size)], "http": [{"route": TO_A}]}),
    "the same host": ("VirtualService", lambda size: {"hosts": ["a.b"] * size, "http": [{"route": TO_A}]}),
    "covered prefixes": ("VirtualService", lambda size: _routes(["/a", *(f"/a/{n}" for n in range(size))])),
    "the same prefix": ("VirtualService", lambda size: _routes(["/a"] * size)),
    "SNI hosts": (
        "VirtualService",
        lambda size: {
            "hosts": ["*.b"],
            "tls": [{"match": [{"sniHosts": [f"a{n}.b" for n in range(size)], "port": 1}], "route": TO_A}],
        },
    ),
    "subsets": ("DestinationRule", lambda size: {"host": "a", "subsets": [{"name": f"v{n}"} for n in range(size)]}),
    "servers": (
        "Gateway",
        lambda size: {
            "servers": [
                {"port": {"number": 80 + n, "name": f"p{n}", "protocol": "HTTP"}, "hosts": ["*"]} for n in range(size)
            ]
        },
    ),
    "entries' hosts": (
        "ServiceEntry",
        lambda size: {
            "hosts": [f"a{n}.b" for n in range(size)],
            "ports": [{"number": 80, "name": "p", "protocol": "HTTP"}],
            "resolution": "DNS",
        },
    ),
    "egress hosts": ("Sidecar", lambda size: {"egress": [{"hosts": [f"a/b{n}.c" for n in range(size)]}]}),
    "principals": (
        "AuthorizationPolicy",
        lambda size: {"rules": [{"from": [{"source": {"principals": [f"a{n}" for n in range(size)]}}]}]},
    ),
}
"""Objects that grow in one place, where pairs of things could be compared."""


@pytest.mark.parametrize("name", GROWING)
def test_work_grows_with_the_object(name: str) -> None:
    kind, spec = GROWING[name]
    group = "security" if kind == "AuthorizationPolicy" else "networking"

    def steps(size: int) -> int:
        document = {"apiVersion": f"{group}.istio.io/v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec(size)}
        judge(document)  # what is loaded once is no part of it
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            judge(document)
        finally:
            sys.setprofile(before)
        return counted

    assert steps(400) < 2.5 * steps(200)
