"""The benchmark against istiod's push, on a mesh so small that it takes seconds: it measures what it says it does."""

from __future__ import annotations

from benchmarks.push import measured


def test_both_work_out_the_same_gateway() -> None:
    """What differed in number would be an error; the times are of this machine, and only have to be some."""
    (found,) = measured([20], rounds=1)
    assert (found.services, found.clusters, found.routes) == (20, 20 * 3 + 1, 20 * 2)
    assert min(found.ours, found.index, found.push) > 0
