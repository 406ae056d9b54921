"""HTTP sessions that tell the truth: no request is sent twice, none waits for a free connection."""

from __future__ import annotations

from types import SimpleNamespace

from pulumi_mesh.local.extra import needed

with needed():
    import aiohttp


def open_session(*, timeout: float = 30.0, unix_socket: str | None = None) -> aiohttp.ClientSession:
    """A session in which a connection that the peer closed under a request is a failed request.

    aiohttp would send an idempotent request a second time, and a lost request would be seen by nobody.
    timeout: seconds for one request, the answer's body included. unix_socket: connect there, whatever the URL
    says.
    """
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_start.append(_refuse_second)
    tracing.on_connection_reuseconn.append(_refuse_second)
    connector: aiohttp.BaseConnector = (
        aiohttp.TCPConnector(limit=0) if unix_socket is None else aiohttp.UnixConnector(unix_socket, limit=0)
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout),
        trace_configs=[tracing],
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def _refuse_second(_: aiohttp.ClientSession, request: SimpleNamespace, __: object) -> None:
    """Called with what aiohttp keeps for one request, each time that it gets a connection."""
    if hasattr(request, "connected"):
        raise aiohttp.ServerDisconnectedError("the connection was closed under the request")
    request.connected = True
