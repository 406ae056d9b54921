"""Values of headers that Envoy makes from the request: ``%REQ(x-user)%``."""

from __future__ import annotations

import re

from pulumi_mesh.proxy.simulate.exchange import Exchange

_COMMAND = re.compile(r"%%|%(?P<name>[A-Z0-9_]+)(?:\((?P<argument>[^)]*)\))?(?::(?P<length>\d+))?%")


def formatted(text: str, exchange: Exchange) -> str:
    """The text with what the request answers put in; what only the running proxy knows stays as it is written."""
    return _COMMAND.sub(lambda found: _value(found, exchange), text)


def _value(found: re.Match[str], exchange: Exchange) -> str:
    name, argument = found["name"], found["argument"] or ""
    if name is None:
        return "%"
    value = _known(name, argument, exchange)
    if value is None:
        return found.group()
    return value[: int(found["length"])] if found["length"] else value


def _known(name: str, argument: str, exchange: Exchange) -> str | None:
    peer = exchange.peer
    match name:
        case "REQ" | "REQUEST_HEADER":
            first, _, second = argument.partition("?")
            return _first(exchange, first) or (_first(exchange, second) if second else "")
        case "PATH":
            return exchange.path if "NQ" in argument else exchange.headers.text(":path")
        case "DOWNSTREAM_LOCAL_PORT":
            return str(peer.connection.port)
        case "DOWNSTREAM_LOCAL_ADDRESS" if peer.connection.address:
            return f"{peer.connection.address}:{peer.connection.port}"
        case "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" if peer.connection.address:
            return peer.connection.address
        case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" if peer.remote:
            return peer.remote
        case "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" if peer.connection.source:
            return peer.connection.source
        case "REQUESTED_SERVER_NAME":
            return peer.connection.server_name
        case "DOWNSTREAM_PEER_URI_SAN":
            return peer.principal if peer.proved else ""
        case _:
            return None


def _first(exchange: Exchange, name: str) -> str:
    return next(iter(exchange.headers.values(name)), "")
