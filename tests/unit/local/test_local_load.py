"""Load without a proxy: what it counts, and that it ends in good order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.load import Load, Target

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[Target]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Target(f"http://127.0.0.1:{runner.addresses[0][1]}/", "shop.example.com", headers={"x-user": "a"})
    finally:
        await runner.cleanup()


def test_a_measure_counts_exactly_what_starts_after_it() -> None:
    version = "v1"
    hosts = set()

    async def answer(request: web.Request) -> web.Response:
        said = version
        hosts.add((request.host, request.headers["x-user"]))
        await asyncio.sleep(0.002)
        return web.json_response({"service": "reviews", "version": said, "calls": []})

    async def run() -> None:
        nonlocal version
        async with served(answer) as target, Load(target, connections=4) as load:
            first = await load.measure(50)
            version = "v2"
            second = await load.measure(51)
        assert (first.requests, first.versions("reviews")) == (50, {"v1": 50})
        assert (second.requests, second.versions("reviews")) == (51, {"v2": 51})
        assert load.total.requests >= 101
        assert (load.total.failed, second.success_rate) == (0, 100.0)
        assert 0 < second.latency(50) <= second.latency(99)
        assert hosts == {("shop.example.com", "a")}

    asyncio.run(run())


def test_failures_are_counted_with_their_reasons() -> None:
    count = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        if count % 3 == 0:
            return web.Response(status=503, text="no healthy upstream")
        if count % 3 == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=404)

    async def run() -> None:
        async with served(answer) as target, Load(target, connections=1) as load:
            tally = await load.measure(30)
        assert tally.failures["503: no healthy upstream"] == 10
        assert tally.failed == 20
        assert tally.statuses == {503: 10, 404: 10}

    asyncio.run(run())


def test_a_rate_is_kept_over_all_connections() -> None:
    starts: list[float] = []

    async def answer(_: web.Request) -> web.Response:
        starts.append(asyncio.get_running_loop().time())
        return web.Response()

    async def run() -> None:
        async with served(answer) as target, Load(target, connections=8, rate=100.0) as load:
            await load.measure(40)

    asyncio.run(run())
    # Never faster than asked for; how much slower is the machine's affair.
    assert starts[39] - starts[0] > 0.3


def test_requests_under_way_are_let_finish() -> None:
    answered = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal answered
        await asyncio.sleep(0.05)
        answered += 1
        return web.Response()

    async def run() -> None:
        async with served(answer) as target:
            async with Load(target, connections=5) as load:
                await load.measure(5)
            assert load.total.requests == answered
            assert load.total.failed == 0

    asyncio.run(run())


def test_a_measure_that_cannot_end_is_given_up() -> None:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async def run() -> None:
        async with served(answer) as target, Load(target, connections=2) as load:
            await load.measure(10, within=0.2)

    with pytest.raises(MeshError, match="0 of 10 requests were answered"):
        asyncio.run(run())


@pytest.mark.parametrize(("connections", "rate"), [(0, None), (1, 0.0), (1, -1.0)])
def test_no_load_is_refused(connections: int, rate: float | None) -> None:
    with pytest.raises(ValueError, match="load needs"):
        Load(Target("http://127.0.0.1/", "any"), connections=connections, rate=rate)
