"""Ports: held against others, open to the process they are for, named when taken."""

from __future__ import annotations

import socket

import pytest

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.ports import Ports


def listen(port: int) -> socket.socket:
    """As Envoy does."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def test_each_port_is_another() -> None:
    with Ports() as ports:
        assert len({ports.reserve() for _ in range(50)}) == 50


def test_a_reserved_port_is_refused_to_another_run_and_open_to_envoy() -> None:
    with Ports() as ports, Ports() as others:
        port = ports.reserve()
        with pytest.raises(MeshError, match=f"port {port} .* is taken"):
            others.reserve(port)
        ports.hand_over()
        with listen(port) as server, socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()


def test_a_port_that_a_program_listens_on_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, Ports() as ports:
        port = server.getsockname()[1]
        with pytest.raises(MeshError, match=f"port {port} on 127.0.0.1 is taken by another program"):
            ports.reserve(port)


def test_closing_gives_the_port_back() -> None:
    with Ports() as ports:
        port = ports.reserve()
    with Ports() as ports:
        assert ports.reserve(port) == port


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with Ports() as ports, pytest.raises(MeshError, match="not a port"):
        ports.reserve(port)


def test_an_address_of_another_machine_is_refused() -> None:
    with Ports("192.0.2.1") as ports, pytest.raises(MeshError, match="cannot be used"):
        ports.reserve()
