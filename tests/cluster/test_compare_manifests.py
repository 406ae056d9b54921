"""Our view of each proxy is what istiod tells it, for manifests that say more than a mesh can."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cluster.compare.cluster import Cluster
from tests.cluster.compare.comparison import compare
from tests.cluster.compare.folder import of_folder
from tests.cluster.compare.report import text

MANIFESTS = sorted(Path(__file__).with_name("compare").joinpath("manifests").glob("*.yaml"))


@pytest.mark.parametrize("file", [pytest.param(each, id=each.stem) for each in MANIFESTS])
def test_manifests(comparison: Cluster, file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path)
    world = of_folder(tmp_path)
    results = compare(comparison, world)
    assert results, "there is no proxy to compare"
    assert [each.proxy for each in results if not each.equal] == [], text(world, list(results))
