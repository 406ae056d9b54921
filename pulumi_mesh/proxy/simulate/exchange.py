"""A request as the filters of an HTTP connection manager see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.simulate.chance import Chance
from pulumi_mesh.proxy.simulate.connection import Connection
from pulumi_mesh.proxy.simulate.headers import Headers


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end. remote: the client's address as forwarded headers tell it.

    encrypted: TLS ends here. proved: the client's certificate was verified; principal: its identity.
    """

    connection: Connection
    remote: str = ""
    encrypted: bool = False
    proved: bool = False
    principal: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """headers: of the request, pseudo headers too. metadata: what filters found out, by their names.

    claims: of a JSON Web Token that the request carries; None is no token. answer: the headers of an upstream's answer.
    """

    headers: Headers
    peer: Peer
    chance: Chance = Chance()
    claims: Mapping[str, object] | None = None
    metadata: Mapping[str, object] = FrozenMap()
    answer: Headers = Headers()

    @property
    def path(self) -> str:
        """The path without its query."""
        return split_path(self.headers.text(":path"))[0]

    @property
    def query(self) -> str:
        """The query without its question mark."""
        return split_path(self.headers.text(":path"))[1].removeprefix("?").partition("#")[0]


def split_path(path: str) -> tuple[str, str]:
    """A path, and its query or fragment with the mark that starts it."""
    end = min((place for mark in "?#" if (place := path.find(mark)) >= 0), default=len(path))
    return path[:end], path[end:]
