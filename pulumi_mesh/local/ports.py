"""Loopback ports, held from the moment they are chosen until the process that listens on them has them."""

from __future__ import annotations

import errno
import socket
import sys
from types import TracebackType

from pulumi_mesh.errors import MeshError

# On Linux a port that is bound but not listened on can be shared with a process of the same user that asks
# for SO_REUSEPORT, which Envoy's listeners do (Listener.enable_reuse_port). Elsewhere Envoy needs the port
# for itself.
_SHARED = sys.platform == "linux"


class Ports:
    """Ports on ``address``, each reserved by a bound socket. A context manager; ``close`` gives all back.

    On Linux the reservation lasts through ``hand_over`` to the end, so no other program can come between.
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address = address
        self._held: dict[int, socket.socket] = {}

    def __enter__(self) -> Ports:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def reserve(self, port: int = 0) -> int:
        """Reserve ``port`` (0: any free one) and return it. Raises MeshError, naming it, when it is taken."""
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            # Passes over connections of an earlier run that are in TIME_WAIT.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind((self.address, port))
            if _SHARED:
                # Bound alone, so that a port another run holds is refused; shared with our Envoy only after
                # that.
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        except (OSError, OverflowError) as error:
            held.close()
            raise MeshError(_refused(self.address, port, error)) from None
        chosen = int(held.getsockname()[1])
        self._held[chosen] = held
        return chosen

    def hand_over(self) -> None:
        """To be called just before the processes start: lets them listen on what is reserved."""
        if not _SHARED:
            self.close()

    def close(self) -> None:
        """Give every port back."""
        for held in self._held.values():
            held.close()
        self._held.clear()


def _refused(address: str, port: int, error: OSError | OverflowError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} on {address} is taken by another program: stop that program, or choose another port"
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return f"port {port} on {address} needs more rights than this user has: choose one above 1023"
    if isinstance(error, OverflowError):
        return f"{port} is not a port: 1 to 65535, or 0 for any free one"
    return f"port {port} on {address} cannot be used: {error.strerror}"
