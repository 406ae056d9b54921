"""The one place where text is read from files, folders and standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.reading import Document, read_text

SUFFIXES = (".yaml", ".yml", ".json")


def read_paths(paths: Iterable[str | Path]) -> tuple[Document, ...]:
    """The manifests of files, of folders (every YAML and JSON file below, by name) and of ``-``, standard input.

    A ``kustomization.yaml`` found in a folder is no manifest and left out. Raises MeshError for a path that is not
    there or cannot be read.
    """
    documents: list[Document] = []
    for path in paths:
        for file in _files(path):
            documents.extend(read_text(read_file(file), str(file)))
    return tuple(documents)


def read_file(file: str | Path) -> str:
    """The text of a file, or of standard input for ``-``. Raises MeshError."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MeshError(f"is not UTF-8 text (byte {error.start})", where=str(file)) from None
    except OSError as error:
        raise MeshError(f"cannot be read: {error.strerror}", where=str(file)) from None


def _files(path: str | Path) -> list[str | Path]:
    if str(path) == "-" or not Path(path).is_dir():
        return [path]
    found = sorted(file for file in Path(path).rglob("*") if file.suffix in SUFFIXES and file.is_file())
    return [file for file in found if file.stem != "kustomization"]
