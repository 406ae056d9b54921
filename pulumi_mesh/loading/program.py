"""The kinds of programs, and the one mesh that each holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi_mesh.errors import MeshError
from pulumi_mesh.files import read_file
from pulumi_mesh.loading import yaml_file
from pulumi_mesh.loading.offline import Deployed
from pulumi_mesh.loading.project import PROJECT_FILES, has_project, read_project
from pulumi_mesh.loading.python import Ran, is_module, run_file, run_module
from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.model.mesh import Mesh

_KINDS = "a folder with Pulumi.yaml, a Python file, FILE.py:NAME, MODULE:NAME, or a YAML file"
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def load_program(target: str) -> Mesh:
    """The mesh of a program; its canaries are still there, whatever stage the program deploys them at.

    target: a folder with ``Pulumi.yaml``, a Python file, ``FILE.py:NAME``, ``MODULE:NAME``, or a YAML file (``-`` is
    standard input). Python runs as a Pulumi program does, but with no engine: nothing is deployed, resources give back
    their inputs. The mesh is the one that a ``deploy.Mesh`` is given, else the one called ``mesh``, else the only
    one at the top of the module that no other uses.
    ``MODULE:NAME`` may also name a package in the current folder that is no project.
    Raises MeshError: nothing there, no mesh or several, an error in the program with its file and line.
    """
    ran, where, attribute = _ran(target)
    return _only_mesh(ran, where, attribute)


def load_installation(target: str) -> tuple[Istio, ...]:
    """The control planes that a program installs, Outputs still in them. target: as for ``load_program``.

    They are those that a ``deploy.Installation`` is given; else what NAME says, or ``istio`` at the top of the module:
    an Istio, several in a list, or a mesh, whose own one it is; else the mesh's own. Raises MeshError.
    """
    ran, where, attribute = _ran(target)
    if not attribute and len(ran.deployed.installations) > 1:
        raise MeshError("holds several installations; give each to a program of its own", where=where)
    if not attribute and ran.deployed.installations:
        return ran.deployed.installations[0]
    named = ran.names.get(attribute or "istio")
    if isinstance(named, Istio):
        return (named,)
    if isinstance(named, list | tuple) and named and all(isinstance(each, Istio) for each in named):
        return tuple(named)
    istio = _only_mesh(ran, where, attribute).istio
    if not istio.version:
        raise MeshError(
            "installs no Istio; give one to deploy.Installation, or call it istio: istio = pulumi_mesh.Istio(...)",
            where=where,
        )
    return (istio,)


def _ran(target: str) -> tuple[Ran, str, str]:
    """What a program left behind, what errors call it, and the name after its colon."""
    path, _, attribute = target.rpartition(":") if _names_attribute(target) else (target, "", "")
    if path != "-" and Path(path).name in PROJECT_FILES and Path(path).is_file():
        path = str(Path(path).parent)
    package = attribute and not has_project(Path(path)) and is_module(path)
    if Path(path).is_dir() and not package:
        found = read_project(Path(path))
        ran = run_file(found.main, name="__main__", project=found.name, cwd=found.main.parent)
        return ran, str(found.main), attribute
    if path == "-" or path.endswith((".yaml", ".yml")):
        return Ran({"mesh": yaml_file.read_mesh(read_file(path), path)}, Deployed((), ())), path, ""
    if path.endswith(".py"):
        if not Path(path).is_file():
            raise MeshError(f"there is no such file; a program is {_KINDS}", where=path)
        name = "__main__" if Path(path).name == "__main__.py" else Path(path).stem
        return run_file(Path(path), name=name), path, attribute
    if _MODULE.fullmatch(path):
        return run_module(path), path, attribute
    raise MeshError(f"there is no such program; a program is {_KINDS}", where=target)


def _names_attribute(target: str) -> bool:
    path, colon, attribute = target.rpartition(":")
    return bool(colon) and attribute.isidentifier() and (path.endswith(".py") or _MODULE.fullmatch(path) is not None)


def _only_mesh(ran: Ran, where: str, attribute: str) -> Mesh:
    if attribute:
        return _attribute(ran.names, where, attribute)
    if ran.deployed.meshes:
        return _single(ran.deployed.meshes, where, "give each to a program of its own")
    if isinstance(ran.names.get("mesh"), Mesh):
        return ran.names["mesh"]  # type: ignore[no-any-return]  # just tested
    found = {id(each): each for each in ran.names.values() if isinstance(each, Mesh)}
    used = {id(each) for mesh in found.values() for each in mesh.all_meshes[1:]}
    own = [each for key, each in found.items() if key not in used]
    if not own:
        raise MeshError("holds no mesh; make one at the top of the module: mesh = pulumi_mesh.Mesh(...)", where=where)
    return _single(own, where, "call one of them mesh, or name it: FILE.py:NAME")


def _attribute(names: Mapping[str, Any], where: str, attribute: str) -> Mesh:
    found = names.get(attribute)
    if isinstance(found, Mesh):
        return found
    known = ", ".join(sorted(name for name, each in names.items() if isinstance(each, Mesh))) or "none"
    what = f"{attribute} is a {type(found).__name__}, not a mesh" if attribute in names else f"there is no {attribute}"
    raise MeshError(f"{what}; meshes there: {known}", where=where)


def _single(meshes: Iterable[Mesh], where: str, advice: str) -> Mesh:
    distinct = list(dict.fromkeys(meshes))
    if len(distinct) > 1:
        names = ", ".join(each.name for each in distinct)
        raise MeshError(f"holds several meshes: {names}; {advice}", where=where)
    return distinct[0]
