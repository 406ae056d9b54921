"""Constant traffic: workers that send requests, one after the other, until told to stop."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.client import open_session
from pulumi_mesh.local.extra import needed
from pulumi_mesh.local.tally import Result, Tally, answerers, reason

with needed():
    import aiohttp


@dataclass(frozen=True, slots=True)
class Target:
    """The request to send. url: where the gateway listens. host: the Host header, and the name asked for in
    TLS.

    tls: for an https URL, whom to trust.
    """

    url: str
    host: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None


class Load:
    """Requests to ``target`` for as long as the ``async with`` block lasts.

    connections: how many requests are under way at most, each on a connection of its own. rate: requests a
    second in all; None: as fast as answers come. timeout: seconds for one request. ``total`` counts every
    request of the block, also those that no ``measure`` asked for: none is lost unseen.
    """

    def __init__(
        self, target: Target, *, connections: int = 8, rate: float | None = None, timeout: float = 30.0
    ) -> None:
        if connections < 1 or (rate is not None and rate <= 0):
            raise ValueError(f"load needs a connection and a rate above 0: {connections}, {rate}")
        self.target = target
        self.total = Tally()
        self._connections = connections
        self._interval = 0.0 if rate is None else 1.0 / rate
        self._timeout = timeout
        self._next_start = 0.0
        self._stopping = False
        self._workers: list[asyncio.Task[None]] = []
        self._measure: _Measure | None = None

    async def __aenter__(self) -> Load:
        self._session = open_session(timeout=self._timeout)
        self._next_start = time.monotonic()
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._connections)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # In good order, requests under way are let finish: one broken off here would look lost.
        self._stopping = True
        try:
            if kind is None:
                await asyncio.gather(*self._workers)
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
            await self._session.close()

    async def measure(self, count: int, *, within: float = 120.0) -> Tally:
        """Count the next ``count`` requests, all started after this call, and wait for their answers.

        So a config that is in force when this is called answers each of them. Raises MeshError when they are
        not answered ``within`` seconds.
        """
        measure = self._measure = _Measure(count)
        try:
            async with asyncio.timeout(within):
                await measure.done.wait()
        except TimeoutError:
            got = measure.tally.requests
            raise MeshError(f"{got} of {count} requests were answered within {within:g} seconds") from None
        finally:
            self._measure = None
        return measure.tally

    async def _work(self) -> None:
        while not self._stopping:
            if self._interval:
                await self._turn()
            measure = self._measure.join() if self._measure is not None else None
            result = await send(self._session, self.target)
            self.total.add(result)
            if measure is not None:
                measure.add(result)

    async def _turn(self) -> None:
        now = time.monotonic()
        start = max(self._next_start, now)
        self._next_start = start + self._interval
        await asyncio.sleep(start - now)


async def send(session: aiohttp.ClientSession, target: Target) -> Result:
    """Send one request over ``session`` (of ``open_session``) and read its answer."""
    started = time.monotonic()
    try:
        async with session.request(
            target.method,
            target.url,
            headers={**target.headers, "host": target.host},
            allow_redirects=False,
            ssl=target.tls if target.tls is not None else True,
            server_hostname=target.host.partition(":")[0] if target.tls is not None else None,
        ) as response:
            text = await response.text(errors="replace")
            answer = _stub_answer(response, text)
    except (aiohttp.ClientError, TimeoutError) as error:
        return Result(None, time.monotonic() - started, error=repr(error))
    return Result(
        response.status,
        time.monotonic() - started,
        error=reason(response.status, answer, text) if response.status >= 500 else "",
        seen=tuple(answerers(answer)) if answer is not None else (),
    )


def _stub_answer(response: aiohttp.ClientResponse, text: str) -> Mapping[str, Any] | None:
    if response.content_type != "application/json":
        return None
    try:
        answer = json.loads(text)
    except json.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) and {"service", "version", "calls"} <= answer.keys() else None


class _Measure:
    """A tally of exactly ``count`` requests: each joins before it is sent."""

    def __init__(self, count: int) -> None:
        self.tally = Tally()
        self.done = asyncio.Event()
        self._count = count
        self._joined = 0

    def join(self) -> _Measure | None:
        if self._joined == self._count:
            return None
        self._joined += 1
        return self

    def add(self, result: Result) -> None:
        self.tally.add(result)
        if self.tally.requests == self._count:
            self.done.set()
