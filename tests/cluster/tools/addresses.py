"""Loopback addresses that stand for the addresses of pods: a /24 network of this machine, one for each test process."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network

# Linux answers for all of 127.0.0.0/8; what is above the lowest networks nobody else is known to use.
_NETWORKS = [IPv4Network((f"127.{high}.{low}.0", 24)) for high in range(64, 128) for low in range(256)]
_PORT = 20_000


@contextmanager
def loopback_network() -> Iterator[IPv4Network]:
    """254 loopback addresses that no other test process is given until the end of the block.

    A UDP port of the first address is what holds the network: all TCP ports of all addresses are free.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        for network in random.sample(_NETWORKS, len(_NETWORKS)):
            with suppress(OSError):
                held.bind((str(network[1]), _PORT))
                break
        yield network
