"""Filter chains: the simulator and a real Envoy choose the same, by name, protocol and address of connections."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.local.envoy import start
from pulumi_mesh.local.ports import Ports
from pulumi_mesh.proxy.envoy.read import read_static
from pulumi_mesh.proxy.envoy.write import write_static
from pulumi_mesh.proxy.simulate import Request, simulate
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import ChainMatch, FilterChain, Listener, OpaqueFilter

_LISTENERS = 40
_NAMES = ("", "a.test", "*.test", "*.b.test", "x.b.test")
_SENT_NAMES = ("a.test", "b.test", "x.b.test", "y.b.test", "other", "")
_PROTOCOLS = ("", "http/1.1", "h2", "h2c", "istio")
_OFFERED: tuple[tuple[str, ...], ...] = ((), ("h2", "http/1.1"), ("http/1.1",), ("istio", "h2"))
_RANGES = ((), (("127.0.0.0", 8),), (("127.0.0.1", 32),), (("10.0.0.0", 8),))
_TRANSPORTS: tuple[Literal["", "tls", "raw_buffer"], ...] = ("", "tls", "raw_buffer")
_SOURCES: tuple[dict[str, Any], ...] = (
    {},
    {"source_type": "SAME_IP_OR_LOOPBACK"},
    {"source_type": "EXTERNAL"},
    {"source_prefix_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]},
    {"direct_source_prefix_ranges": [{"address_prefix": "127.0.0.1", "prefix_len": 32}]},
)
_INSPECTORS: tuple[tuple[str, ...], ...] = (
    ("envoy.filters.listener.tls_inspector", "envoy.filters.listener.http_inspector"),
    ("envoy.filters.listener.tls_inspector",),
    ("envoy.filters.listener.http_inspector",),
    (),
)
_SAYS = "type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config"

_matches = st.builds(
    ChainMatch,
    transport_protocol=st.sampled_from(_TRANSPORTS),
    application_protocols=st.sampled_from(_PROTOCOLS).map(lambda name: (name,) if name else ()),
    server_names=st.sampled_from(_NAMES).map(lambda name: (name,) if name else ()),
    prefix_ranges=st.sampled_from(_RANGES),
    extra=st.sampled_from(_SOURCES).map(freeze),
)
_requests = st.builds(
    lambda kind, name, alpn: Request(
        protocol=kind,
        tls="tls" if kind == "tcp" else "plaintext",
        sni=name if kind == "tcp" else "",
        alpn=alpn if kind == "tcp" else (),
        source="127.0.0.1",
        address="127.0.0.1",
    ),
    st.sampled_from(("tcp", "tcp", "tcp", "http", "http2")),
    st.sampled_from(_SENT_NAMES),
    st.sampled_from(_OFFERED),
)
Drawn = tuple[list[ChainMatch], tuple[str, ...], bool, list[Request]]


def test_the_simulator_chooses_as_envoy_does() -> None:
    """Random chains, each of which says its name to whoever comes: over a thousand connections."""
    drawn: list[Drawn] = []

    @settings(
        max_examples=_LISTENERS,
        derandomize=True,  # a landing is no lottery
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(_matches, min_size=2, max_size=8, unique=True),
        st.sampled_from(_INSPECTORS),
        st.booleans(),
        st.lists(_requests, min_size=20, max_size=40),
    )
    def draw(matches: list[ChainMatch], inspectors: tuple[str, ...], default: bool, requests: list[Request]) -> None:
        drawn.append((matches, inspectors, default, requests))

    draw()
    assert not (differing := asyncio.run(_differing(drawn))), min(differing, key=len)


async def _differing(drawn: Sequence[Drawn]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="t-") as name, Ports() as ports:
        listeners = tuple(_listener(ports.reserve(), each) for each in drawn)
        written = write_static(ProxyView("chains", "chains", listeners))
        view = read_static(written)
        ports.hand_over()
        envoy = await start("chains", written, Path(name))
        try:
            chosen = [
                await asyncio.gather(*(_chosen(_port(listener), request) for request in requests))
                for listener, (_, _, _, requests) in zip(listeners, drawn, strict=True)
            ]
        finally:
            await envoy.stop()
    # Otherwise the draw was too poor to tell anything.
    taken = [name for names in chosen for name in names if name]
    assert len(taken) > 100
    assert len({*taken}) > 2
    differing = []
    for listener, (matches, _, _, requests), seen in zip(listeners, drawn, chosen, strict=True):
        for request, got in zip(requests, seen, strict=True):
            told = simulate(view, replace(request, port=_port(listener))).filter_chain
            if told != got:
                differing.append(f"told {told!r}, seen {got!r}: {request}\n{listener.listener_filters}\n{matches}")
    return differing


def _listener(port: int, drawn: Drawn) -> Listener:
    matches, inspectors, default, _ = drawn
    return Listener(
        f"in-{port}",
        SocketAddress("127.0.0.1", port),
        tuple(_chain(f"chain-{index}", match) for index, match in enumerate(matches)),
        default_filter_chain=_chain("default", ChainMatch()) if default else None,
        listener_filters=inspectors,
    )


def _chain(name: str, match: ChainMatch) -> FilterChain:
    config: FrozenMap[str, object] = freeze({"@type": _SAYS, "response": {"inline_string": name}})
    return FilterChain((OpaqueFilter("envoy.filters.network.direct_response", config),), match, name=name)


def _port(listener: Listener) -> int:
    assert isinstance(listener.address, SocketAddress)
    return listener.address.port


async def _chosen(port: int, request: Request) -> str:
    """The chain that says its name; empty when the connection is closed without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(_first_bytes(request))
        return (await reader.read()).decode()
    except ConnectionError:
        return ""
    finally:
        writer.close()


def _first_bytes(request: Request) -> bytes:
    if request.protocol == "http":
        return b"GET / HTTP/1.1\r\nhost: a.test\r\n\r\n"
    if request.protocol == "http2":
        return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if request.alpn:
        context.set_alpn_protocols(list(request.alpn))
    outgoing = ssl.MemoryBIO()
    handshake = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=request.sni or None)
    try:
        handshake.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake waits for the server")
