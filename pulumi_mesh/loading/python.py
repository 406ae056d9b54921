"""Running a user's Python: as a script's folder would have it, and with its errors told in its own lines."""

from __future__ import annotations

import contextlib
import importlib
import runpy
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pulumi_mesh
from pulumi_mesh.errors import FindingsError, InvalidError, MeshError
from pulumi_mesh.loading.offline import Deployed, run_offline

_NOT_THEIRS = (str(Path(pulumi_mesh.__file__).parent), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program left behind. names: its module's. deployed: what its components were given."""

    names: Mapping[str, Any]
    deployed: Deployed


def run_file(file: Path, *, name: str, project: str = "", cwd: Path | None = None) -> Ran:
    """Run a script. name: what its ``__name__`` is. project: Pulumi's. cwd: where to be meanwhile. Raises MeshError."""
    script = file.resolve()
    return _run(lambda: runpy.run_path(str(script), run_name=name), script.parent, project, cwd)


def run_module(name: str) -> Ran:
    """Import a module, found from the current folder too, as ``python -m`` does. Raises MeshError."""
    return _run(lambda: vars(_imported(name)), Path.cwd(), "", None)


def is_module(name: str) -> bool:
    """Whether a module of that name, without dots, would be imported; a folder without code of its own is none."""
    found = PathFinder.find_spec(name, [str(Path.cwd()), *sys.path]) if name.isidentifier() else None
    return found is not None and found.origin is not None


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise MeshError("there is no such module, file or folder", where=name) from None
        raise


def _run(program: Callable[[], Mapping[str, Any]], folder: Path, project: str, cwd: Path | None) -> Ran:
    names: dict[str, Any] = {}
    with _as_script(folder, cwd), _told(folder):
        deployed = run_offline(lambda: names.update(program()), project=project or folder.name)
    return Ran(names, deployed)


@contextlib.contextmanager
def _as_script(folder: Path, cwd: Path | None) -> Iterator[None]:
    """The folder first on ``sys.path``; what the program prints goes to standard error, since output is ours.

    The modules of the folder are forgotten afterwards: another program may have some of the same names.
    """
    before = list(sys.path)
    known = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        with contextlib.redirect_stdout(sys.stderr), contextlib.chdir(cwd or Path.cwd()):
            yield
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - known:
            if _is_theirs(str(getattr(sys.modules[name], "__file__", None)), folder):
                del sys.modules[name]


def _is_theirs(file: str, folder: Path) -> bool:
    return not file.startswith(("<", *_NOT_THEIRS)) and Path(file).is_relative_to(folder)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Errors of the user's program as MeshError, with the last of its own lines and without our traceback."""
    try:
        yield
    except SyntaxError as error:
        raise MeshError(
            f"{type(error).__name__}: {error.msg}", where=f"{_short(error.filename or '')}:{error.lineno}"
        ) from None
    except FindingsError:
        raise
    except InvalidError as error:
        place = _last_line(error, folder)
        raise InvalidError([(": ".join(filter(None, (place, each))), text) for each, text in error.problems]) from None
    except MeshError as error:
        where = ": ".join(part for part in (_last_line(error, folder), error.where) if part)
        raise MeshError(error.message, where=where) from None
    except SystemExit as error:
        raise MeshError(f"the program ends itself: exit({error.code!r})", where=_last_line(error, folder)) from None
    except Exception as error:  # noqa: BLE001 - a user's program may raise anything
        raise MeshError(f"{type(error).__name__}: {error}", where=_last_line(error, folder)) from None


def _last_line(error: BaseException, folder: Path) -> str:
    """``file:line`` of the innermost frame in the program's folder, or else in code that no library holds."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(("<", *_NOT_THEIRS))
    ]
    own = [frame for frame in frames if _is_theirs(frame.filename, folder)] or frames
    return f"{_short(own[-1].filename)}:{own[-1].lineno}" if own else ""


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
