"""Every check against its cases: what it finds, where, and what it leaves alone."""

from __future__ import annotations

from importlib import import_module

import pytest

from pulumi_mesh.checks import CHECKS, check
from pulumi_mesh.findings import Finding
from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import Expected

NAMES = {each.ABOUT.code.replace("-", "_"): each for each in CHECKS}
CASES = {name: import_module(f"tests.unit.checks.cases.{name}") for name in NAMES}


def of_check(name: str, snapshot: Snapshot) -> list[Finding]:
    return [each for each in check(snapshot) if each.code == NAMES[name].ABOUT.code]


@pytest.mark.parametrize(
    ("name", "snapshot", "expected"),
    [
        pytest.param(name, snapshot, expected, id=f"{name}: {what}")
        for name, cases in CASES.items()
        for what, (snapshot, expected) in cases.FOUND.items()
    ],
)
def test_found(name: str, snapshot: Snapshot, expected: list[Expected]) -> None:
    found = of_check(name, snapshot)
    assert [str(each.refs[0]) for each in found] == [each.place for each in expected]
    for finding, wanted in zip(found, expected, strict=True):
        for text in wanted.text:
            assert text in f"{finding.message} {finding.fix}"
        assert finding.severity == wanted.severity or (
            wanted.severity is None and finding.severity in NAMES[name].ABOUT.severities
        )
        assert finding.fix
        assert set(filter(None, finding.also.split(", "))) <= set(NAMES[name].ABOUT.also.split(", "))


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [
        pytest.param(name, snapshot, id=f"{name}: {what}")
        for name, cases in CASES.items()
        for what, snapshot in cases.CLEAN.items()
    ],
)
def test_clean(name: str, snapshot: Snapshot) -> None:
    assert of_check(name, snapshot) == []


@pytest.mark.parametrize("name", NAMES)
def test_both_kinds_of_cases(name: str) -> None:
    assert CASES[name].FOUND
    assert CASES[name].CLEAN
