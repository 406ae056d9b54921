"""Stub workloads: servers that say who they are and who called them, and that call onward.

Each listens on a Unix socket, so that only its own sidecar, which is told the path, reaches it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_mesh.local.client import open_session
from pulumi_mesh.local.extra import needed

with needed():
    import aiohttp
    from aiohttp import web

# Longer than Envoy keeps a connection without requests (one hour): the stub is never the one to close it, and
# a request never meets a closing connection.
_KEEP_ALIVE_SECONDS = 2 * 3600.0
_REMEMBERED = 10_000

# What a service passes on from the request it serves to the requests it makes for it: the trace, and what
# routes match on. Istio's bookinfo passes on the same.
_PASSED_ON = frozenset(
    {
        *("traceparent", "tracestate", "baggage", "b3", "sw8", "grpc-trace-bin"),
        *("end-user", "user-agent", "accept-language", "authorization", "cookie"),
    }
)
# Written anew by every proxy, so not to be passed on with the other x- headers.
_OF_THE_PROXY = ("x-envoy-", "x-forwarded-")
_SECRET = re.compile(r"authorization|cookie|token|secret|password|api-?key|credential|assertion")
# Elements of x-forwarded-client-cert stand between commas, their fields between semicolons; either may be quoted.
_XFCC_ELEMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"])+')
_XFCC_FIELD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^;"])+')


@dataclass(frozen=True, slots=True)
class Call:
    """One onward request that a stub makes for each request it serves.

    to: where the sidecar listens for it, ``127.0.0.1:PORT``. host: the Host header, the service that is
    meant.
    """

    to: str
    host: str
    path: str = "/"
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a stub departs from answering 200 at once.

    delay: seconds before the answer. fail_every: every k-th request fails (1: all, 0: none) with ``status``.
    """

    delay: float = 0.0
    fail_every: int = 0
    status: int = 503


@dataclass(frozen=True, slots=True)
class Received:
    """A request as a stub saw it. peer: the caller's SPIFFE ID; None when its sidecar saw no certificate."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    peer: str | None = None


class Stub:
    """The workload ``workload`` of ``service`` at ``version``. ``start`` it, then ``stop`` it.

    socket: the Unix socket that its sidecar forwards to. calls: made at once, for each request.
    It answers 200, or 503 when an onward call is lost or answered with 400 or above, so that the client at
    the far end sees each lost request. ``received`` holds the last 10,000 requests, ``count`` counts all.
    """

    def __init__(
        self,
        service: str,
        version: str,
        workload: str,
        socket: Path,
        *,
        calls: tuple[Call, ...] = (),
        behaviour: Behaviour | None = None,
        call_timeout: float = 30.0,
    ) -> None:
        self.service = service
        self.version = version
        self.workload = workload
        self.socket = socket
        self.calls = calls
        self.behaviour = behaviour or Behaviour()
        self.received: deque[Received] = deque(maxlen=_REMEMBERED)
        self.count = 0
        self._call_timeout = call_timeout
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"Stub({self.service!r}, {self.version!r}, {self.workload!r})"

    async def start(self) -> None:
        """Listen, readable by this user only."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._session = open_session(timeout=self._call_timeout)
        self._runner = web.AppRunner(app, access_log=None, keepalive_timeout=_KEEP_ALIVE_SECONDS, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket)).start()
        self.socket.chmod(0o600)

    async def stop(self) -> None:
        """Close the socket and every connection. May be called again."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        self.socket.unlink(missing_ok=True)

    async def _serve(self, request: web.Request) -> web.Response:
        headers = {name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers}
        peer = peer_of(headers.get("x-forwarded-client-cert", ""))
        self.count += 1
        behaviour, count = self.behaviour, self.count
        shown = {name: value for name, value in headers.items() if not _SECRET.search(name)}
        self.received.append(Received(request.method, request.raw_path, shown, peer))
        await request.read()
        if behaviour.delay:
            await asyncio.sleep(behaviour.delay)
        answer: dict[str, Any] = {
            "service": self.service,
            "version": self.version,
            "workload": self.workload,
            "peer": peer,
            "method": request.method,
            "path": request.raw_path,
            "headers": shown,
            "calls": [],
        }
        if behaviour.fail_every and count % behaviour.fail_every == 0:
            return _json(behaviour.status, {**answer, "error": "failed as asked"})
        onward = passed_on(headers)
        answer["calls"] = await asyncio.gather(*(self._call(call, onward) for call in self.calls))
        lost = any(call["error"] is not None for call in answer["calls"])
        return _json(503 if lost else 200, answer)

    async def _call(self, call: Call, headers: Mapping[str, str]) -> dict[str, Any]:
        """One onward call: whom, the status, the error (None when there is none), the answer."""
        assert self._session is not None  # noqa: S101 - serving starts after it is made
        said: dict[str, Any] = {"to": call.host, "status": None, "error": None, "answer": None}
        try:
            async with self._session.request(
                call.method,
                f"http://{call.to}{call.path}",
                headers={**headers, "host": call.host},
                allow_redirects=False,
            ) as response:
                said["status"] = response.status
                text = await response.text(errors="replace")
                if response.content_type == "application/json":
                    said["answer"] = json.loads(text)
        except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError) as error:
            return {**said, "error": repr(error)}
        if response.status >= 400:
            said["error"] = str(response.status) if said["answer"] is not None else text[:200]
        return said


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of a request's headers (names in lower case) that go with the requests made for it.

    The trace, ``end-user`` and what else routes match on, and every ``x-`` header that no proxy writes.
    """
    return {
        name: value
        for name, value in headers.items()
        if name in _PASSED_ON or (name.startswith("x-") and not name.startswith(_OF_THE_PROXY))
    }


def peer_of(forwarded: str) -> str | None:
    """The URI of the last certificate (the caller's own) in an ``x-forwarded-client-cert`` header, or None."""
    elements = _XFCC_ELEMENT.findall(forwarded)
    for entry in _XFCC_FIELD.findall(elements[-1]) if elements else ():
        name, _, value = entry.strip().partition("=")
        if name.lower() == "uri":
            return value.strip('"') or None
    return None


def _json(status: int, answer: Mapping[str, Any]) -> web.Response:
    return web.json_response(dict(answer), status=status)
