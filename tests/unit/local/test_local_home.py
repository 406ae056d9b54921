"""The folder of a run, and those of runs that were killed."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pulumi_mesh.local.home import OWNER, PREFIX, remove_abandoned, run_folder

# A process of its own, since a lock is its process's.
RUN = """
import sys, time
from pulumi_mesh.local.home import run_folder
with run_folder() as folder:
    (folder / "authority").mkdir()
    (folder / "authority" / "key.pem").write_text("private")
    (folder / "log").write_text("")
    (folder / "link").symlink_to(sys.argv[1])
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What stands for the system's temporary folder, here and in processes."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def abandoned(parent: Path, name: str, *, mode: int = 0o700) -> Path:
    folder = parent / f"{PREFIX}{name}"
    folder.mkdir()
    folder.chmod(mode)
    (folder / OWNER).touch()
    (folder / "key.pem").write_text("private")
    return folder


def test_a_run_has_a_private_folder_that_ends_with_it(temporary: Path) -> None:
    with run_folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        remove_abandoned(temporary)
        assert [each.name for each in folder.iterdir()] == [OWNER]
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_run_goes_and_that_of_a_living_one_stays(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    command = [sys.executable, "-c", RUN, str(tmp_path / "elsewhere")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        folder = Path(running.stdout.readline().strip())
        try:
            with run_folder():
                assert (folder / "authority" / "key.pem").is_file()
        finally:
            running.send_signal(signal.SIGKILL)
    assert (folder / "authority" / "key.pem").is_file()
    with run_folder() as other:
        assert list(temporary.iterdir()) == [other]
    assert (tmp_path / "elsewhere" / "file").is_file()


def test_what_is_not_surely_ours_and_abandoned_stays(temporary: Path, tmp_path: Path) -> None:
    gone = abandoned(temporary, "gone")
    unmarked = abandoned(temporary, "unmarked")
    (unmarked / OWNER).unlink()
    linked_mark = abandoned(temporary, "linked-mark")
    (linked_mark / OWNER).unlink()
    (linked_mark / OWNER).symlink_to(linked_mark / "key.pem")
    stay = [unmarked, linked_mark, abandoned(temporary, "open-to-others", mode=0o755)]
    target = abandoned(tmp_path, "target")
    link = temporary / f"{PREFIX}link"
    link.symlink_to(target)
    (temporary / f"{PREFIX}file").touch()
    with (abandoned(temporary, "held") / OWNER).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        remove_abandoned(temporary)
    assert not gone.exists()
    assert all((folder / "key.pem").is_file() for folder in (*stay, target, temporary / f"{PREFIX}held"))
    assert link.is_symlink()


def test_the_folder_of_another_user_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = abandoned(temporary, "theirs")
    monkeypatch.setattr("os.getuid", lambda: folder.stat().st_uid + 1)
    remove_abandoned(temporary)
    assert (folder / "key.pem").is_file()


def test_what_could_not_be_removed_is_found_again(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = abandoned(temporary, "in-use")
    (folder / "authority").mkdir()

    def fail(path: Path) -> None:
        raise PermissionError(path)

    with monkeypatch.context() as broken:
        broken.setattr("shutil.rmtree", fail)
        remove_abandoned(temporary)
    assert (folder / OWNER).is_file()
    remove_abandoned(temporary)
    assert not folder.exists()
