"""Private folders, files replaced in one step, names that fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.folder import make_private, replace_file, short_name, socket_path


def test_folders_and_files_are_this_users_alone(tmp_path: Path) -> None:
    path = make_private(tmp_path / "run") / "rds" / "a.json"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    modes = [entry.stat().st_mode & 0o777 for entry in (path, path.parent, tmp_path / "run")]
    assert modes == [0o600, 0o700, 0o700]
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


@pytest.mark.parametrize("name", ["", "a/b", "../up", "a" * 300, "spiffe://d/ns/a/sa/b", ".hidden", "é"])
def test_short_names_stay_in_the_folder(name: str) -> None:
    short = short_name(name)
    assert 0 < len(short) <= 40
    assert not set(short) - set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert short != short_name(name + "x")


def test_a_plain_name_is_kept() -> None:
    assert short_name("reviews-v1") == "reviews-v1"


def test_a_socket_path_that_the_system_would_cut_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match="TMPDIR"):
        socket_path(tmp_path / ("x" * 100), "admin")
    assert socket_path(Path("/tmp/mesh"), "admin") == Path("/tmp/mesh/admin.sock")  # noqa: S108
