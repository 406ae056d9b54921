"""The benchmark of views and diffs, on a mesh so small that it takes a second."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from benchmarks.requests import main


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The benchmark sets the collector of garbage as the command line does: for other tests it is as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_views_and_diffs_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """A row of figures; that the diff finds the changed route, the benchmark itself demands."""
    assert main(["--services", "10"]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows[2:]] == ["10"]
    assert {len(row) for row in rows if len(row) > 1} == {6}
    assert all(float(figure) >= 0 for row in rows[2:] for figure in row)
