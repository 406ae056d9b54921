"""Stub workloads without a proxy: what they answer, pass on, hide and count."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pulumi_mesh.local.client import open_session
from pulumi_mesh.local.load import Target, send
from pulumi_mesh.local.stub import Behaviour, Call, Stub, passed_on, peer_of

ID = "spiffe://cluster.local/ns/bookinfo/sa/productpage"


@asynccontextmanager
async def stub(*calls: Call, behaviour: Behaviour | None = None) -> AsyncIterator[Stub]:
    with tempfile.TemporaryDirectory() as folder:
        made = Stub("reviews", "v1", "reviews-v1", Path(folder) / "app.sock", calls=calls, behaviour=behaviour)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


async def ask(made: Stub, headers: Mapping[str, str] | None = None, method: str = "GET") -> tuple[int, dict[str, Any]]:
    async with (
        open_session(unix_socket=str(made.socket)) as session,
        session.request(method, "http://reviews/reviews?id=1", headers=headers) as response,
    ):
        answer = await response.json() if method != "HEAD" else {}
        return response.status, answer


@asynccontextmanager
async def onward(handler: Any) -> AsyncIterator[str]:
    """A server in the place of a sidecar's outbound listener."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


def test_it_says_who_it_is_and_who_called() -> None:
    async def run() -> None:
        async with stub() as made:
            status, answer = await ask(
                made,
                {
                    "X-Forwarded-Client-Cert": f"By=spiffe://x;URI={ID}",
                    "Authorization": "Bearer s3cret",
                    "X-Api-Key": "s3cret",
                    "X-User": "jason",
                },
                "POST",
            )
            assert status == 200
            who = {name: answer[name] for name in ("service", "version", "workload", "peer", "method", "path")}
            assert who == {
                "service": "reviews",
                "version": "v1",
                "workload": "reviews-v1",
                "peer": ID,
                "method": "POST",
                "path": "/reviews?id=1",
            }
            assert answer["headers"]["x-user"] == "jason"
            assert answer["calls"] == []
            assert "s3cret" not in str(answer)
            assert made.received[0].peer == ID
            assert "s3cret" not in str(made.received[0].headers)
            assert (await ask(made, method="HEAD"))[0] == 200
            assert made.socket.stat().st_mode & 0o777 == 0o600
        assert not made.socket.exists()

    asyncio.run(run())


def test_it_calls_onward_and_nests_the_answers() -> None:
    asked: list[tuple[str, str, str | None, str | None]] = []

    async def ratings(request: web.Request) -> web.Response:
        seen = request.headers
        asked.append((request.host, request.path, seen.get("x-user"), seen.get("x-envoy-attempt-count")))
        return web.json_response({"service": "ratings", "version": "v1", "calls": []})

    async def run() -> None:
        async with onward(ratings) as to, stub(Call(to, "ratings:9080", "/ratings/1")) as made:
            status, answer = await ask(made, {"x-user": "jason", "x-envoy-attempt-count": "1"})
        assert status == 200
        assert asked == [("ratings:9080", "/ratings/1", "jason", None)]
        assert answer["calls"] == [
            {
                "to": "ratings:9080",
                "status": 200,
                "error": None,
                "answer": {"service": "ratings", "version": "v1", "calls": []},
            }
        ]

    asyncio.run(run())


@pytest.mark.parametrize(("status", "text"), [(403, "RBAC: access denied"), (503, "no healthy upstream")])
def test_a_refused_onward_call_is_seen_by_the_client(status: int, text: str) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    async def run() -> None:
        async with onward(refuse) as to, stub(Call(to, "ratings")) as made:
            outer, answer = await ask(made)
        assert outer == 503
        assert answer["calls"][0]["status"] == status
        assert answer["calls"][0]["error"] == text

    asyncio.run(run())


def test_a_lost_onward_call_is_seen_by_the_client() -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def run() -> None:
        async with onward(cut) as to, stub(Call(to, "ratings")) as made:
            outer, answer = await ask(made)
        assert outer == 503
        assert answer["calls"][0]["status"] is None
        assert "Error" in answer["calls"][0]["error"]

    asyncio.run(run())


def test_a_request_on_a_closed_connection_is_lost_not_sent_again() -> None:
    count = 0

    async def cut_the_second(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        if count == 2:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(text="fine")

    async def run() -> None:
        async with onward(cut_the_second) as to, open_session() as session:
            results = [await send(session, Target(f"http://{to}/", "any")) for _ in range(3)]
        assert [result.status for result in results] == [200, None, 200]
        assert "Disconnected" in results[1].error
        assert count == 3

    asyncio.run(run())


@pytest.mark.parametrize(
    ("every", "expected"),
    [(0, [200] * 4), (1, [500] * 4), (2, [200, 500, 200, 500]), (3, [200, 200, 500, 200])],
)
def test_it_fails_as_often_as_asked(every: int, expected: list[int]) -> None:
    async def run() -> None:
        async with stub(behaviour=Behaviour(fail_every=every, status=500)) as made:
            assert [(await ask(made))[0] for _ in expected] == expected
            assert made.count == len(made.received) == 4

    asyncio.run(run())


def test_a_delay_lasts_until_it_is_taken_away() -> None:
    async def run() -> None:
        async with stub(behaviour=Behaviour(delay=60)) as made:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await ask(made)
            made.behaviour = Behaviour()
            assert (await ask(made))[0] == 200

    asyncio.run(run())


@pytest.mark.parametrize(
    ("header", "peer"),
    [
        ("", None),
        ("By=spiffe://a;Hash=00", None),
        (f'By=spiffe://a;Hash=00;Subject="";URI={ID}', ID),
        (f'Hash=00;Subject="CN=x,O=\\"y\\"";URI={ID}', ID),
        (f"By=spiffe://a;URI=spiffe://b/c,By=spiffe://b/c;URI={ID}", ID),
        (f'URI="{ID}";DNS=a', ID),
        (f"URI={ID},By=spiffe://b", None),
        ('Subject="x;URI=spiffe://forged/a"', None),
    ],
)
def test_the_peer_is_the_last_certificates_uri(header: str, peer: str | None) -> None:
    assert peer_of(header) == peer


def test_what_is_passed_on() -> None:
    headers = {
        **{"x-user": "1", "end-user": "1", "x-request-id": "1", "x-b3-traceid": "1", "traceparent": "1"},
        **{"x-forwarded-client-cert": "2", "x-envoy-peer": "2", "host": "2", "content-length": "2"},
    }
    assert set(passed_on(headers).values()) == {"1"}
    assert len(passed_on(headers)) == 5
