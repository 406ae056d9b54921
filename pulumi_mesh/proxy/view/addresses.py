"""Where a proxy listens, and where it sends to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class SocketAddress:
    """An IP address and a TCP port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, order=True)
class Pipe:
    """A Unix socket. Without a path: an address of another kind, which ``extra`` of its holder has."""

    path: str


Address = SocketAddress | Pipe
