"""HTTP/1.1 as plain as can be, byte for byte as a test wants it: a server that tells what it got, and a client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_mesh.proxy.simulate import Request

Pairs = tuple[tuple[str, str], ...]

ANSWER: Pairs = (("x-answer", "first"), ("x-two", "answered"), ("content-type", "application/json"))
"""Headers of every answer of a server."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the status, the headers, and what the server got (None: the proxy answered itself)."""

    status: int
    headers: Pairs
    got: dict[str, Any] | None
    body: str

    def values(self, name: str) -> list[str]:
        """The values of a header, in their order."""
        return [value for key, value in self.headers if key == name]


async def serve(name: str, socket: Path) -> asyncio.Server:
    """A server that answers each request with its name and with what it got."""

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, headers = await _head(reader)
                method, path, _ = first.split(" ", 2)
                await reader.readexactly(int(dict(headers).get("content-length", "0")))
                got = {"cluster": name, "method": method, "path": path, "headers": headers}
                body = json.dumps(got).encode()
                writer.write(_message("HTTP/1.1 200 OK", (*ANSWER, ("content-length", str(len(body)))), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return await asyncio.start_unix_server(each, str(socket))


async def ask(port: int, requests: Iterable[Request]) -> list[Reply]:
    """Send requests one after the other over one connection (a new one where the proxy closes it)."""
    replies: list[Reply] = []
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    for request in requests:
        if streams is None:
            streams = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = streams
        headers = (("host", request.host), *request.headers, ("content-length", "0"))
        writer.write(_message(f"{request.method} {request.path} HTTP/1.1", headers, b""))
        reply = await _reply(reader)
        replies.append(reply)
        if "close" in reply.values("connection"):
            writer.close()
            streams = None
    if streams is not None:
        streams[1].close()
    return replies


async def _reply(reader: asyncio.StreamReader) -> Reply:
    first, headers = await _head(reader)
    known = dict(headers)
    if known.get("transfer-encoding") == "chunked":
        body = b""
        while length := int((await reader.readline()).strip(), 16):
            body += (await reader.readexactly(length + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(known.get("content-length", "0")))
    text = body.decode()
    got = json.loads(text) if text.startswith("{") else None
    return Reply(int(first.split(" ", 2)[1]), headers, got, text)


async def _head(reader: asyncio.StreamReader) -> tuple[str, Pairs]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines[1:] if line)
    return lines[0], tuple((name.lower(), value.strip()) for name, _, value in pairs)


def _message(first: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"{first}\r\n{head}\r\n".encode("latin-1") + body
