"""Reading text from files, folders and standard input."""

import io
from pathlib import Path

import pytest

from pulumi_mesh.errors import MeshError
from pulumi_mesh.files import read_paths


def test_files_folders_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.yml").write_text("kind: B\n")
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfkind: A\n")
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    (tmp_path / "notes.txt").write_text("not read")
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "ci.yaml").write_text("kind: None\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"kind: C\n")))
    found = read_paths([tmp_path, "-"])
    assert [(d.data["kind"], d.file) for d in found] == [
        ("A", str(tmp_path / "a.yaml")),
        ("B", str(tmp_path / "b" / "x.yml")),
        ("C", "-"),
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match=r"none\.yaml: cannot be read: No such file"):
        read_paths([tmp_path / "none.yaml"])
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    with pytest.raises(MeshError, match=r"latin\.yaml:1: is not UTF-8 text \(byte 3\)"):
        read_paths([tmp_path / "latin.yaml"])
