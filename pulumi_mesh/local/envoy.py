"""One running Envoy: start it, ask it, notice its death, stop it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.extra import needed
from pulumi_mesh.local.folder import make_private, replace_file, socket_path
from pulumi_mesh.local.lifeline import end, spawn
from pulumi_mesh.local.stats import parse
from pulumi_mesh.local.validate import binary

with needed():
    import aiohttp

_LOG_LINES = 10
_ADMIN_SECONDS = 15.0


class Envoy:
    """A process made by ``start``. Its admin interface is a Unix socket in its private folder: no port is
    open.

    name: as in messages. folder: where its config, its log and (relative paths of its config) its discovery
    files are.
    """

    def __init__(self, name: str, folder: Path, admin: Path, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.folder = folder
        self.log = folder / "envoy.log"
        self._process = process
        self._stopping = False
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path=str(admin)),
            timeout=aiohttp.ClientTimeout(total=_ADMIN_SECONDS),
        )

    def __repr__(self) -> str:
        return f"Envoy({self.name!r}, pid={self.pid})"

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def watch(self) -> None:
        """Wait until the process ends. Raises MeshError with its last words unless ``stop`` ended it."""
        await self._process.wait()
        if not self._stopping:
            raise self._death()

    async def stats(self, pattern: str = "") -> dict[str, int | str]:
        """Counters, gauges and text readouts whose names hold the regular expression ``pattern``."""
        return parse(await self._admin("/stats", {"format": "json", "filter": pattern}))

    async def config_dump(self) -> dict[str, Any]:
        """The config it runs with, endpoints included (admin ``/config_dump?include_eds``)."""
        dump: dict[str, Any] = await self._admin("/config_dump", {"include_eds": "true"})
        return dump

    async def stop(self, *, within: float = 5.0) -> None:
        """End the process, by force after ``within`` seconds. May be called again, and after a death."""
        self._stopping = True
        try:
            await end(self._process, within=within)
        finally:
            await self._session.close()

    def last_lines(self, *, since: int = 0, holding: str = "") -> str:
        """The last lines of its log from byte ``since`` on that hold the text ``holding``, indented."""
        with self.log.open("rb") as log:
            log.seek(since)
            text = log.read().decode(errors="replace")
        lines = [line for line in text.splitlines() if holding in line]
        return "\n".join(f"  {line}" for line in lines[-_LOG_LINES:])

    async def _admin(self, path: str, query: Mapping[str, str]) -> Any:
        try:
            async with self._session.get(f"http://admin{path}", params=query) as answer:
                return json.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            # A dead process refuses connections a moment before its end is known.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._process.wait()
            if self._process.returncode is not None:
                raise self._death() from None
            raise MeshError(f"Envoy {self.name!r} does not answer on its admin socket: {error!r}") from None

    async def _until_ready(self, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                while not await self._is_ready():
                    if self._process.returncode is not None:
                        raise self._death()
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise MeshError(f"Envoy {self.name!r} is not ready after {within:g} seconds\n{self.last_lines()}") from None

    async def _is_ready(self) -> bool:
        try:
            async with self._session.get("http://admin/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _death(self) -> MeshError:
        code = self._process.returncode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return MeshError(f"Envoy {self.name!r} ended by itself ({how})\n{self._last_words()}".rstrip())

    def _last_words(self) -> str:
        """The last lines of its log, without the stack traces that hide why it ended."""
        lines = self.log.read_text(errors="replace").splitlines()
        told = [line for line in lines if "[backtrace]" not in line and "[envoy_bug]" not in line]
        return "\n".join(f"  {line}" for line in told[-_LOG_LINES:])


async def start(
    name: str,
    bootstrap: Mapping[str, Any],
    folder: Path,
    *,
    ready_within: float = 30.0,
    drain_seconds: int = 2,
) -> Envoy:
    """Start an Envoy with ``bootstrap`` in the private folder ``folder``, and wait until it is ready.

    The admin address is set here, and the node where the bootstrap names none; paths in the bootstrap may be
    relative to ``folder``. One worker thread: circuit breakers are exact only so.
    drain_seconds: how long connections of a changed listener last.
    Raises MeshError with the end of its log when it dies or is not ready within ``ready_within`` seconds;
    then nothing is left running.
    """
    make_private(folder)
    admin = socket_path(folder, "admin")
    config = folder / "envoy.json"
    complete = {
        "node": {"id": name, "cluster": name},
        **bootstrap,
        # Mode is 0600 in decimal, as JSON has no octal.
        "admin": {"address": {"pipe": {"path": str(admin), "mode": 0o600}}},
    }
    replace_file(config, json.dumps(complete, indent=1).encode())
    command: list[str | Path] = [
        *(binary(), "--config-path", config),
        *("--concurrency", "1", "--disable-hot-restart", "--reject-unknown-dynamic-fields"),
        *("--drain-time-s", str(drain_seconds), "--log-level", "warning"),
    ]
    async with contextlib.AsyncExitStack() as on_failure:
        process = await spawn(command, cwd=folder, log=folder / "envoy.log")
        envoy = Envoy(name, folder, admin, process)
        on_failure.push_async_callback(envoy.stop)
        await envoy._until_ready(ready_within)
        on_failure.pop_all()
    return envoy
