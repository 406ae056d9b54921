"""A Pulumi project: which file its program begins with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pulumi_mesh.errors import MeshError
from pulumi_mesh.files import read_file
from pulumi_mesh.manifests.reading import load_yaml

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")


@dataclass(frozen=True, slots=True)
class Project:
    """name: what configuration keys begin with. main: the file that ``pulumi up`` runs."""

    name: str
    main: Path


def has_project(folder: Path) -> bool:
    """Whether it is a folder with a project."""
    return any((folder / name).is_file() for name in PROJECT_FILES)


def read_project(folder: Path) -> Project:
    """The project of a folder: its program is ``main`` of its ``Pulumi.yaml``, or else ``__main__.py``.

    Raises MeshError when there is no project, no such file, or the program is not Python.
    """
    file = next((folder / name for name in PROJECT_FILES if (folder / name).is_file()), None)
    if file is None:
        raise MeshError(
            "has no Pulumi.yaml; name a folder that has one, a Python file, or a YAML file", where=str(folder)
        )
    data = load_yaml(read_file(file), str(file))
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise MeshError("a project is a mapping with name and runtime", where=str(file))
    runtime = data.get("runtime")
    language = runtime.get("name") if isinstance(runtime, dict) else runtime
    if language != "python":
        raise MeshError(f"its runtime is {language}; only programs in Python hold a mesh", where=str(file))
    main = data.get("main", ".")
    if not isinstance(main, str):
        raise MeshError("main is not text; give a folder or a Python file", where=str(file))
    program = folder / main
    if program.is_dir():
        program /= "__main__.py"
    if not program.is_file():
        raise MeshError(f"its program {program} is not there", where=str(file))
    return Project(data["name"], program)
