"""Config for running Envoys, through the files that they watch (file-based discovery)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.envoy import Envoy
from pulumi_mesh.local.folder import replace_file
from pulumi_mesh.local.phases import Files, expected, phases, versioned
from pulumi_mesh.local.stats import Stats, rejected

_T = TypeVar("_T")

_PATH = re.compile(r"(?:cds|lds|(?:rds|eds|sds)/(?!\.)[^/\0]+)\.json")
_WATCHED = r"version_text$|update_rejected$|warming|draining|listener_create_failure$"
_IDLE = (
    "cluster_manager.warming_clusters",
    "listener_manager.total_listeners_warming",
)
# Until both are zero, connections of before are served as before.
_DRAINING = ("listener_manager.total_listeners_draining", "listener_manager.total_filter_chains_draining")


@dataclass(frozen=True, slots=True)
class Update:
    """What ``envoy`` is to run with: all ``files`` in ``folder``, the discovery folder of its bootstrap."""

    envoy: Envoy
    folder: Path
    files: Files


def write(folder: Path, files: Files) -> None:
    """Write all ``files`` at once, for an Envoy that is not started yet. Envoy waits for each in the right
    order.

    Raises MeshError for a path that is not a discovery file's.
    """
    _check(files)
    _replace(folder, versioned(files))


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The files that were published in ``folder``; none when it is not there."""
    paths = [path for path in sorted(folder.rglob("*.json")) if not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): json.loads(path.read_bytes()) for path in paths}


async def publish(updates: Sequence[Update], *, within: float = 30.0) -> None:
    """Bring every Envoy to its files, make before break: no Envoy goes on before all have taken a step.

    Steps are those of ``phases``; files whose content is the same are left alone. Without a change it makes
    sure that what was written is in force. within: seconds for a step, the draining of listeners included.
    Raises MeshError when an Envoy refuses a file (with its words), does not take it in time, or dies. What
    was done until then stays.
    """
    for update in updates:
        _check(update.files)
    before = await _all(_look(update.envoy) for update in updates)
    refused = [rejected(stats) for stats in before]
    logs = [update.envoy.log.stat().st_size for update in updates]
    news = [versioned(update.files) for update in updates]
    plans = [phases(read(update.folder), new) for update, new in zip(updates, news, strict=True)]
    for step in zip(*plans, strict=True):
        if not any(step):
            continue
        for update, change in zip(updates, step, strict=True):
            _replace(update.folder, change)
        await _all(map(_taken, updates, refused, logs, [within] * len(updates)))
    await _all(map(_taken, updates, refused, logs, [within] * len(updates)))
    for update, new in zip(updates, news, strict=True):
        for path in read(update.folder).keys() - new.keys():
            (update.folder / path).unlink()


async def _all(waits: Iterable[Coroutine[Any, Any, _T]]) -> list[_T]:
    """All at once; the first error ends the rest."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _taken(update: Update, refused: Mapping[str, int], log: int, within: float) -> None:
    """Wait until ``update.envoy`` runs with what is in its folder."""
    envoy = update.envoy
    files = read(update.folder)
    versions = expected(files)
    pause = 0.005
    missing: list[str] = []
    try:
        async with asyncio.timeout(within):
            while True:
                stats = await _look(envoy)
                if rejected(stats) != refused:
                    words = envoy.last_lines(since=log, holding="rejected") or envoy.last_lines(since=log)
                    raise MeshError(f"Envoy {envoy.name!r} refuses its config\n{words}".rstrip())
                missing = _missing(stats, versions)
                if not missing:
                    return
                await asyncio.sleep(pause)
                pause = min(2 * pause, 0.1)
    except TimeoutError:
        raise MeshError(
            f"Envoy {envoy.name!r} has not taken its config after {within:g} seconds; "
            f"it lacks {', '.join(missing)}\n{envoy.last_lines(since=log)}".rstrip()
        ) from None


def _missing(stats: Stats, versions: Mapping[str, str]) -> list[str]:
    """What an Envoy still has to do: statistics that are not as they will be."""
    unfinished = [name for name in (*_IDLE, *_DRAINING) if stats.get(name)]
    for name, version in versions.items():
        # A route table's statistic stands behind the prefix of its connection manager.
        values = [value for full, value in stats.items() if full == name or full.endswith(f".{name}")]
        if not values or any(value != version for value in values):
            unfinished.append(name)
    return unfinished


async def _look(envoy: Envoy) -> dict[str, int | str]:
    return await envoy.stats(_WATCHED)


def _replace(folder: Path, files: Files) -> None:
    for path, file in files.items():
        replace_file(folder / path, json.dumps(file).encode())


def _check(files: Files) -> None:
    for path in files:
        if not _PATH.fullmatch(path):
            raise MeshError(
                f"{path!r} is no discovery file: those are cds.json, lds.json, and NAME.json in rds, eds and sds"
            )
