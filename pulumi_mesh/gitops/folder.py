"""A folder of rendered files: written, compared, and rid of what is no longer rendered."""

from __future__ import annotations

import difflib
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi_mesh.errors import MeshError
from pulumi_mesh.gitops.layout import (
    FOLDERS,
    HEADER,
    INDEX,
    KUSTOMIZATION,
    index,
    inside,
    is_kustomization,
    is_listing,
    kustomization,
    listed,
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What ``write`` did, as sorted relative paths."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    pruned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """How a folder differs from what is rendered, as sorted relative paths.

    missing: rendered, not there. different: there with another text. stale: written before, no longer rendered.
    diff: all of it as a unified diff, from the folder to what is rendered.
    """

    missing: tuple[str, ...]
    different: tuple[str, ...]
    stale: tuple[str, ...]
    diff: str = ""

    @property
    def clean(self) -> bool:
        """Whether the folder is as rendered."""
        return not (self.missing or self.different or self.stale)


def compare(folder: str | Path, files: Mapping[str, str]) -> Drift:
    """The folder against what ``files`` made; reads only. Raises MeshError where the folder cannot be read."""
    root, files = Path(folder), _with_listing(files)
    there = {path: _read(root, path) for path in files}
    stale = sorted(_owned(root) - files.keys())
    return Drift(
        missing=tuple(path for path, text in there.items() if text is None),
        different=tuple(path for path, text in there.items() if text not in (None, files[path])),
        stale=tuple(stale),
        diff="".join(
            [_diff(path, text, files[path]) for path, text in there.items()]
            + [_diff(path, _read(root, path), None) for path in stale]
        ),
    )


def write(folder: str | Path, files: Mapping[str, str]) -> Changes:
    """Make the folder hold ``files``: write what differs, remove what an earlier ``write`` put there and is stale.

    Only files that the folder's kustomizations list are ever removed; a file ``.pulumi-mesh`` lists files that come
    without kustomizations. Everything is looked at before anything is changed; each file is replaced as a whole and
    kustomizations last, so that the next ``write`` mends what a crash left. Raises MeshError for a folder that holds
    other things and was not written here, for symbolic links inside it, and where the file system refuses.
    """
    root, files = Path(folder), _with_listing(files)
    if outside := sorted(path for path in files if not inside(path)):
        raise MeshError("is no path that rendering makes; it could lead out of the folder", where=repr(outside[0]))
    claimed = _claimed(root)
    stale = _owned(root) - files.keys()
    there = {path: _read(root, path) for path in files}
    changed = {path for path, text in there.items() if text != files[path]}
    try:
        if not claimed:
            _claim(root, files)
        for path in _in_order(changed | stale):
            if path in stale:
                _remove(root, path)
            else:
                _replace(root, path, files[path])
    except OSError as error:
        raise MeshError(f"cannot be written: {error.strerror}", where=str(error.filename or root)) from None
    return Changes(
        written=tuple(sorted(changed)),
        unchanged=tuple(sorted(files.keys() - changed)),
        pruned=tuple(sorted(stale)),
    )


def _with_listing(files: Mapping[str, str]) -> Mapping[str, str]:
    return files if KUSTOMIZATION in files else {**files, INDEX: index(files)}


def _in_order(paths: Iterable[str]) -> list[str]:
    """Objects, then the kustomizations of phases, then the top's listing: what lists comes after what is listed."""
    return sorted(paths, key=lambda path: (is_kustomization(path), is_listing(path), path))


def _claimed(root: Path) -> bool:
    """Whether the folder was written here. Raises MeshError if it was not and holds something."""
    if any(_ours(root, listing) is not None for listing in (KUSTOMIZATION, INDEX)):
        return True
    try:
        if root.is_dir() and any(root.iterdir()):
            raise MeshError(
                "holds files that pulumi-mesh did not write; give a folder that is empty or not there yet",
                where=str(root),
            )
    except OSError as error:
        raise MeshError(f"cannot be read: {error.strerror}", where=str(root)) from None
    return False


def _claim(root: Path, files: Mapping[str, str]) -> None:
    """Mark the folder as ours before its first file, or a crash would leave one that the next write refuses."""
    if KUSTOMIZATION in files:
        _replace(root, KUSTOMIZATION, kustomization(()))
    else:
        _replace(root, INDEX, index(()))


def _owned(root: Path) -> set[str]:
    """The files that were written before, going by what lists them; what no rendering makes is left out."""
    owned = set()
    found: list[str] = []
    if (text := _ours(root, INDEX)) is not None:
        owned.add(INDEX)
        found += listed(text)
    if _ours(root, KUSTOMIZATION) is not None:
        owned.add(KUSTOMIZATION)
        for folder in FOLDERS:
            listing = f"{folder}/{KUSTOMIZATION}"
            if (text := _ours(root, listing)) is not None:
                owned.add(listing)
                found += [f"{folder}/{each}" for each in listed(text)]
    objects = {path for path in found if inside(path) and not is_kustomization(path) and not is_listing(path)}
    return owned | {path for path in objects if _read(root, path) is not None}


def _ours(root: Path, path: str) -> str | None:
    """The text of a kustomization or an index that was written here."""
    text = _read(root, path)
    return text if text is not None and text.startswith(HEADER) else None


def _read(root: Path, path: str) -> str | None:
    """The text, or None where there is no file. Raises MeshError for a link, a folder in its place, or bytes."""
    place = root
    *parents, name = path.split("/")
    try:
        for part in ("", *parents):
            place /= part
            mode = place.stat().st_mode if part == "" else place.lstat().st_mode
            if not stat.S_ISDIR(mode):
                raise MeshError(_odd(mode, "a folder"), where=str(place))
        place /= name
        mode = place.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise MeshError(_odd(mode, "a file"), where=str(place))
        return place.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise MeshError("is not text; a rendered file should be here", where=str(place)) from None
    except OSError as error:
        raise MeshError(f"cannot be read: {error.strerror}", where=str(place)) from None


def _odd(mode: int, wanted: str) -> str:
    found = "a symbolic link, which could lead out of the folder" if stat.S_ISLNK(mode) else f"not {wanted}"
    return f"is {found}; take it away, {wanted} should be here"


def _replace(root: Path, path: str, text: str) -> None:
    """Write through a temporary file beside it, so that no reader ever sees half of it."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".pulumi-mesh-{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(text.encode())
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _remove(root: Path, path: str) -> None:
    """Remove a file, and the folders above it that it leaves empty."""
    place = root / path
    place.unlink(missing_ok=True)
    for parent in place.relative_to(root).parents:
        if parent == Path() or any((root / parent).iterdir()):
            break
        (root / parent).rmdir()


def _diff(path: str, before: str | None, after: str | None) -> str:
    old, new = ([] if text is None else text.splitlines(keepends=True) for text in (before, after))
    old_name, new_name = (path if text is not None else "/dev/null" for text in (before, after))
    return "".join(difflib.unified_diff(old, new, old_name, new_name))
