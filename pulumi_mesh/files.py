"""The one place where text is read from files, folders and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.reading import Document, read_text

SUFFIXES = (".yaml", ".yml", ".json")
ROUTE_TESTS = "_mesh_test.yaml"
"""How the name of a file of route tests ends."""


def read_paths(paths: Iterable[str | Path]) -> tuple[Document, ...]:
    """The manifests of all files that ``find_files`` has for the paths. Raises MeshError for what cannot be read."""
    return tuple(document for file in find_files(paths) for document in read_text(read_file(file), file))


def read_file(file: str | Path) -> str:
    """The text of a file, or of standard input for ``-``. Raises MeshError."""
    return decoded(read_bytes(file), str(file))


def read_bytes(file: str | Path) -> bytes:
    """What a file holds, or standard input for ``-``. Raises MeshError."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else Path(file).read_bytes()
    except OSError as error:
        raise MeshError(f"cannot be read: {error.strerror}", where=str(file)) from None


def decoded(data: bytes, file: str) -> str:
    """The text that the bytes of a file are. Raises MeshError with the line where they are not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MeshError(f"is not UTF-8 text (byte {error.start})", where=f"{file}:{line}") from None


def find_files(paths: Iterable[str | Path]) -> list[str]:
    """Files as they are named, of folders every YAML and JSON file below, by name, and ``-`` for standard input.

    A ``kustomization.yaml`` found in a folder is no manifest and left out, and so are route tests
    (``*_mesh_test.yaml``) and folders whose name starts with a dot. Raises MeshError for a path that is not there.
    """
    found: list[str] = []
    for path in map(str, paths):
        if path != "-" and Path(path).is_dir():
            found += _below(path)
        elif path == "-" or Path(path).exists():
            found.append(path)
        else:
            raise MeshError("cannot be read: No such file or folder", where=path)
    return found


def _below(folder: str) -> list[str]:
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        manifests = [name for name in names if name.endswith(SUFFIXES) and not _is_other(name)]
        found += [os.path.join(place, name) for name in manifests]  # noqa: PTH118 - thousands of files, no Path for each
    return sorted(found)


def _is_other(name: str) -> bool:
    return name.rpartition(".")[0] == "kustomization" or name.endswith(ROUTE_TESTS)
