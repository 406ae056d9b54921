"""Finds a binary on PATH, or builds the pinned one once into a cache that all checkouts share."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi_mesh.errors import MeshError
from tests.cluster.tools.binaries import BINARIES, Binary, Module

Say = Callable[[str], None]
"""Shows a line of progress."""

GO = Path(__file__).parents[1] / "go"
CACHE = "PULUMI_MESH_CACHE"
_EVERY = 15.0


def find(name: str, *, say: Say) -> Path:
    """The binary of this name; built when neither PATH nor the cache has it, which takes minutes.

    Raises MeshError without a Go toolchain, and when the build fails.
    """
    binary = BINARIES[name]
    if (found := _on_path(binary, say)) is not None:
        return found
    place = built_place(binary)
    if not place.exists():
        with _one_at_a_time(say):
            if not place.exists():
                _build(binary, place, say)
    return place


def built_place(binary: Binary) -> Path:
    """Where the cache has the binary: ``NAME-VERSION-DIGEST/BINARY``, where the digest is that of all pins."""
    folder = GO / binary.module.name
    pins = b"".join((folder / name).read_bytes() for name in ("go.mod", "go.sum"))
    digest = hashlib.sha256(pins + " ".join(_flags(binary.module)).encode()).hexdigest()[:8]
    return _cache() / f"{binary.module.name}-{binary.module.version}-{digest}" / binary.name


def module_folder(name: str, path: str) -> Path:
    """The source folder of the Go module ``path``, downloaded in the version that ``go/NAME`` pins."""
    arguments = ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", path]
    folder = _run_go(name, arguments)
    if not folder:
        _run_go(name, ["mod", "download", path])
        folder = _run_go(name, arguments)
    return Path(folder)


def _on_path(binary: Binary, say: Say) -> Path | None:
    """The one on PATH, if its version will do."""
    found = shutil.which(binary.name)
    if found is None:
        return None
    asked = subprocess.run([found, *binary.version], capture_output=True, text=True, timeout=30, check=False)
    if re.search(binary.accepts, asked.stdout + asked.stderr):
        return Path(found)
    if not built_place(binary).exists():
        say(f"{found} is not of the release that is tested; the pinned one is built instead")
    return None


def _cache() -> Path:
    given = os.environ.get(CACHE)
    return Path(given) if given else Path.home() / ".cache" / "pulumi-mesh" / "bin"


@contextmanager
def _one_at_a_time(say: Say) -> Iterator[None]:
    """One build on this machine: each takes all processors and some gigabytes."""
    _cache().mkdir(parents=True, exist_ok=True)
    with (_cache() / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process builds binaries; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _flags(module: Module) -> list[str]:
    """Static binaries without debug information: half the size, and no C compiler is needed."""
    return ["-ldflags", " ".join(["-s -w", *(f"-X {name}={text}" for name, text in module.variables.items())])]


def _build(binary: Binary, place: Path, say: Say) -> None:
    tool = go()
    place.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    say(f"building {binary.name}, once; it goes to {place}")
    # Go replaces its output in steps; nobody may find half of it.
    temporary = place.with_name(f".{binary.name}.{os.getpid()}")
    arguments = ["build", "-mod=readonly", "-v", *_flags(binary.module), "-o", str(temporary), binary.package]
    lines: list[str] = []
    packages = len(_run_go(binary.module.name, ["list", "-mod=readonly", "-deps", binary.package]).splitlines())
    try:
        with (
            subprocess.Popen(
                [tool, *arguments],
                cwd=GO / binary.module.name,
                env=_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
            _told(binary.name, lines, packages, say),
        ):
            assert process.stderr is not None
            lines.extend(process.stderr)
        if process.returncode != 0:
            raise MeshError("go build failed:\n" + "".join(lines[-20:]), where=binary.name)
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)
    say(f"built {binary.name} in {time.monotonic() - started:.0f} s")


@contextmanager
def _told(name: str, compiled: list[str], packages: int, say: Say) -> Iterator[None]:
    """Says now and then how far a build is: which packages are ``compiled``, of how many at most."""
    done = threading.Event()
    started = time.monotonic()

    def tell() -> None:
        while not done.wait(_EVERY):
            said = f"{len(compiled)} packages compiled of {packages} at most"
            say(f"  {name}: {said}, {time.monotonic() - started:.0f} s")

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def go() -> str:
    """Where Go is. Raises MeshError where there is none."""
    found = shutil.which("go")
    if found is None:
        raise MeshError(
            "the cluster tests need Go, and there is no `go`: they read custom resources and Istio's charts from Go "
            "modules, and build the binaries that are not on PATH. Install Go 1.26 or later (https://go.dev/dl)"
        )
    return found


def _environment() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def _run_go(name: str, arguments: list[str]) -> str:
    done = subprocess.run(
        [go(), *arguments], cwd=GO / name, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise MeshError(f"go {' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout.strip()


def main(names: list[str]) -> int:
    """Find or build the binaries with these names, or all; returns the exit code."""
    unknown = [name for name in names if name not in BINARIES]
    try:
        if unknown:
            raise MeshError(f"no such binary; there are: {', '.join(BINARIES)}", where=unknown[0])
        for name in names or BINARIES:
            place = find(name, say=_print)
            _print(f"{name}: {place}")
    except MeshError as error:
        _print(f"error: {error}")
        return 1
    return 0


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
