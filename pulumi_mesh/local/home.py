"""The folder of a run: gone when the run ends, and after a run that was killed, when the next one starts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "pulumi-mesh-"

# The kernel gives a lock back when its process ends, however that ends; a process id could be another's by then.
OWNER = "owner.lock"
"""The file that the owner of a folder keeps locked."""


@contextlib.contextmanager
def run_folder() -> Iterator[Path]:
    """A new private folder below the system's temporary one, while the block lasts; those of dead runs are removed."""
    remove_abandoned(Path(tempfile.gettempdir()))
    # The mark is given back after the folder is gone: nobody else is to remove it meanwhile.
    with contextlib.ExitStack() as owned, tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        owned.callback(os.close, _own(Path(folder)))
        yield Path(folder)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders in ``parent`` that runs of this user have left, and whose process is gone.

    What cannot be looked at or removed stays: a run does not need it gone.
    """
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_private(folder.lstat()):
                _remove_if_abandoned(folder)


def _own(folder: Path) -> int:
    """Mark the folder as owned. The mark appears locked: without one, others leave a folder alone."""
    new = folder / f".{OWNER}"
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    # A file system without locks cannot tell others that the owner is gone, so it gets no mark.
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(folder / OWNER)
    return descriptor


def _remove_if_abandoned(folder: Path) -> None:
    """Raises OSError where the folder has no mark, its owner lives, or something in it cannot be removed."""
    descriptor = os.open(folder / OWNER, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The mark goes last, so that what is left over when this fails is found again.
        for each in folder.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            elif each.name != OWNER:
                each.unlink()
        (folder / OWNER).unlink()
        folder.rmdir()
    finally:
        os.close(descriptor)


def _is_private(found: os.stat_result) -> bool:
    """Whether it is a folder of this user (no link to one) that no other user can write to or read."""
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700
