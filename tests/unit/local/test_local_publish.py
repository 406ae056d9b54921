"""Discovery files on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.publish import read, write


def test_what_is_written_is_read(tmp_path: Path) -> None:
    files: dict[str, dict[str, Any]] = {
        "cds.json": {"resources": []},
        "rds/outbound%7C80.json": {"resources": [{"name": "outbound|80"}]},
    }
    write(tmp_path / "xds", files)
    found = read(tmp_path / "xds")
    assert {path: file["resources"] for path, file in found.items()} == {
        path: file["resources"] for path, file in files.items()
    }
    assert all(file["version_info"] for file in found.values())
    assert read(tmp_path / "nothing") == {}


@pytest.mark.parametrize(
    "path", ["../cds.json", "/etc/cds.json", "rds/../cds.json", "rds/.json", "rds/a/b.json", "x.json", "rds/a"]
)
def test_a_path_outside_is_refused_and_nothing_written(tmp_path: Path, path: str) -> None:
    with pytest.raises(MeshError, match="no discovery file"):
        write(tmp_path / "xds", {"cds.json": {"resources": []}, path: {"resources": []}})
    assert not list(tmp_path.iterdir())
