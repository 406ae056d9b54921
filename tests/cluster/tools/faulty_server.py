"""The API server as it is on a bad day: a proxy in front of the real one that refuses, loses answers or keeps waiting.

It speaks TLS and HTTP/1.1, streams watches, and does nothing to a request that the plan says nothing about.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

_HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
_WRITES = ("POST", "PUT", "PATCH", "DELETE")
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its method, path and query parameters. body: as it came."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    @property
    def writes(self) -> bool:
        """Whether it changes what is stored: a dry run does not."""
        return self.method in _WRITES and "dryRun" not in self.query


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with this status, and pass nothing on. retry_after: seconds, as the header of that name."""

    status: int
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Pass it on, wait until the API server has answered, and close the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Pass it on, wait until the API server has answered, and answer only when ``release`` is set."""

    release: threading.Event


@dataclass(frozen=True, slots=True)
class Lose:
    """Pass nothing on, and close the connection without an answer when ``release`` is set."""

    release: threading.Event


Fault = Refuse | Drop | Hold | Lose
Plan = Callable[[Asked], Fault | None]
"""What becomes of a request; None passes it on. Asked once for each request, in the order in which they come."""


def no_faults(asked: Asked) -> Fault | None:
    """The plan of a good day."""
    return None


def first(count: int, fault: Fault, of: Callable[[Asked], bool]) -> Plan:
    """The first ``count`` requests that are ``of`` a kind meet the fault."""
    return nth(range(1, count + 1), fault, of)


def nth(numbers: range, fault: Fault, of: Callable[[Asked], bool]) -> Plan:
    """Of the requests that are ``of`` a kind, those with these numbers (the first is 1) meet the fault."""
    seen = 0

    def plan(asked: Asked) -> Fault | None:
        nonlocal seen
        if not of(asked):
            return None
        seen += 1
        return fault if seen in numbers else None

    return plan


def creates(kind: str = "") -> Callable[[Asked], bool]:
    """Whether a request creates an object, of this plural (such as ``virtualservices``) or any."""
    return lambda asked: asked.method == "POST" and asked.writes and asked.path.endswith(f"/{kind}" if kind else "")


def writes(asked: Asked) -> bool:
    """Whether a request changes what is stored."""
    return asked.writes


class FaultyServer:
    """The proxy. kubeconfig: leads to it, with the users of the real one. plan: may be set at any time."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.met: list[tuple[Asked, Fault]] = []
        self.passed: list[Asked] = []
        self._plan: Plan = no_faults
        self._changed = threading.Condition()

    @contextmanager
    def having(self, plan: Plan) -> Iterator[None]:
        """The plan until the end of the block; what was counted before is forgotten."""
        with self._changed:
            self.met, self.passed, self._plan = [], [], plan
        try:
            yield
        finally:
            with self._changed:
                self._plan = no_faults

    def decide(self, asked: Asked) -> Fault | None:
        """What the plan says, counted."""
        with self._changed:
            fault = self._plan(asked)
            if not isinstance(fault, Refuse | Lose):
                self.passed.append(asked)
            return fault

    def count(self, asked: Asked, fault: Fault) -> None:
        """Count a fault as done: for those that pass a request on, once the API server has answered."""
        with self._changed:
            self.met.append((asked, fault))
            self._changed.notify_all()

    def has_met(self, number: int, within: float) -> bool:
        """Whether so many requests have met a fault; waits for them, at most so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.met) >= number, within)


@contextmanager
def faulty_server(folder: Path, kubeconfig: Path) -> Iterator[FaultyServer]:
    """Run it until the end of the block, in threads of this process.

    kubeconfig: of the real API server. The proxy's own is written to ``folder``.
    """
    described = yaml.safe_load(kubeconfig.read_text())
    cluster = described["clusters"][0]["cluster"]
    real = urlsplit(cluster["server"])
    upstream = ssl.create_default_context(cafile=cluster["certificate-authority"])
    # The real server's own certificate: it is for this address, on any port.
    certificate = Path(cluster["certificate-authority"])
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate, certificate.with_suffix(".key"))

    faulty = FaultyServer(folder / "kubeconfig")
    connect = partial(http.client.HTTPSConnection, real.hostname or "", real.port, context=upstream)
    server = _Server(("127.0.0.1", 0), partial(_Handler, faulty, connect), served)
    cluster["server"] = f"https://127.0.0.1:{server.server_address[1]}"
    faulty.kubeconfig.touch(mode=0o600)
    faulty.kubeconfig.write_text(yaml.safe_dump(described))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield faulty
    finally:
        server.shutdown()
        server.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: Any, context: ssl.SSLContext) -> None:
        self._context = context
        self.open: set[socket.socket] = set()
        super().__init__(address, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # Here and not at accept: the handshake is done in the connection's own thread.
        try:
            secured = self._context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        self.open.add(secured)
        try:
            super().finish_request(secured, client_address)
        finally:
            self.open.discard(secured)
            with suppress(OSError):
                secured.shutdown(socket.SHUT_RDWR)
            secured.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says what went wrong, unless a client went away: tests kill them."""
        if not isinstance(sys.exception(), OSError | http.client.IncompleteRead):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """End what still runs: watches, and answers that are held back."""
        for each in list(self.open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def __init__(
        self, faulty: FaultyServer, connect: Callable[[], http.client.HTTPSConnection], *arguments: Any
    ) -> None:
        self._faulty = faulty
        self._connect = connect
        super().__init__(*arguments)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def _any(self) -> None:
        address = urlsplit(self.path)
        body = self._body()
        asked = Asked(self.command, address.path, parse_qs(address.query, keep_blank_values=True), body)
        fault = self._faulty.decide(asked)
        if isinstance(fault, Refuse):
            self._faulty.count(asked, fault)
            self._refuse(fault)
            return
        if isinstance(fault, Lose):
            self._faulty.count(asked, fault)
            fault.release.wait()
            self.close_connection = True
            return
        with self._answered(body) as (upstream, answer):
            if fault is None:
                self._pass_on(answer, upstream)
                return
            content = answer.read()
            self._faulty.count(asked, fault)
            if isinstance(fault, Hold):
                fault.release.wait()
            self.close_connection = True
            if isinstance(fault, Hold):
                self._head(answer, [("Content-Length", str(len(content)))])
                self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _any  # noqa: N815 - the protocol's words

    @contextmanager
    def _answered(self, body: bytes) -> Iterator[tuple[http.client.HTTPSConnection, http.client.HTTPResponse]]:
        upstream = self._connect()
        upstream.connect()
        self.server.open.add(upstream.sock)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            upstream.request(self.command, self.path, body or None, headers)
            with upstream.getresponse() as answer:
                yield upstream, answer
        finally:
            self.server.open.discard(upstream.sock)
            upstream.close()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _refuse(self, fault: Refuse) -> None:
        reason = http.client.responses[fault.status]
        told = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": f"the faulty server answers {fault.status} {reason}",
            "reason": reason.replace(" ", ""),
            "code": fault.status,
        }
        content = json.dumps(told).encode()
        self.send_response(fault.status)
        self.send_header("Content-Type", "application/json")
        if fault.retry_after is not None:
            self.send_header("Retry-After", str(fault.retry_after))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _head(self, answer: http.client.HTTPResponse, more: list[tuple[str, str]]) -> None:
        self.send_response_only(answer.status, answer.reason)
        kept = [each for each in answer.getheaders() if each[0].lower() not in {*_HOP_BY_HOP, "content-length"}]
        for name, value in [*kept, *more]:
            self.send_header(name, value)
        self.end_headers()

    def _pass_on(self, answer: http.client.HTTPResponse, upstream: http.client.HTTPSConnection) -> None:
        if answer.length is not None or self.command == "HEAD" or answer.status in (204, 304):
            content = answer.read()
            self._head(answer, [("Content-Length", str(len(content)))])
            self.wfile.write(content)
            return
        self._head(answer, [("Transfer-Encoding", "chunked")])
        try:
            while part := answer.read1(_CHUNK):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            # The client of a watch went away; the server's half ends with it.
            upstream.close()
            self.close_connection = True
