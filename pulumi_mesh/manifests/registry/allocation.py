"""Addresses that only a cluster knows, where manifests do not give them.

They come from 240.0.0.0/4, which no host has; Istio allocates from it as well.
"""

from __future__ import annotations

from collections.abc import Iterator

WORKLOADS = "240.1"
GATEWAYS = "240.2"
SERVICES = "240.240"


def allocate(network: str) -> Iterator[str]:
    """Addresses of a network, one after the other. network: its first two numbers."""
    return (f"{network}.{high}.{low}" for high in range(256) for low in range(1, 255))
