"""Addresses (envoy.config.core.v3.Address)."""

from __future__ import annotations

from pulumi_mesh.proxy.envoy.read.message import Message
from pulumi_mesh.proxy.view.addresses import Address, Pipe, SocketAddress


def address(message: Message) -> Address:
    """The field ``address`` of a message; of another kind it stays, beside a pipe without a path."""
    found = message.part("address")
    if "socket_address" in found:
        socket = found.part("socket_address")
        socket.choice("protocol", {"TCP": "TCP"}, "TCP")
        return SocketAddress(socket.text("address"), socket.number("port_value") or 0)
    return Pipe(found.part("pipe").text("path"))
