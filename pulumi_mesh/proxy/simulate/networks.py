"""Addresses and ranges of them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network


def contains(prefix: str, length: int, address: str) -> bool:
    """Whether a range holds an address; no address (empty) is only in ranges that hold all."""
    try:
        network = ip_network(f"{prefix}/{length}", strict=False)
        return ip_address(address) in network if address else network.prefixlen == 0
    except ValueError:
        return False


def is_loopback(address: str) -> bool:
    """Whether an address leads to the machine itself."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_ipv6(address: str) -> bool:
    """Whether an address is one of IPv6."""
    return ":" in address
