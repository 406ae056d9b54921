"""Addresses and ports, as Go's net/netip and Istio's webhook read them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import lru_cache

from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.verdict import Problem

UNIX = "unix://"
MAX_PORT = 65535


@lru_cache(maxsize=1 << 14)
def is_ip(text: str) -> bool:
    """An IPv4 or IPv6 address; the latter may name a zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1 << 14)
def is_prefix(text: str) -> bool:
    """``10.0.0.0/8``: bits as a number without leading zeros, no mask and no zone; the host part may be set."""
    address, slash, bits = text.rpartition("/")
    size = whole(bits)
    if not slash or size is None or (len(bits) > 1 and bits[0] == "0"):
        return False
    if "%" in address or not is_ip(address):
        return False
    return size <= (128 if ":" in address else 32)


def subnet(text: str, path: str) -> Iterator[Problem]:
    """An address, or a CIDR block where there is one slash."""
    if text.count("/") == 1:
        if not is_prefix(text):
            yield Problem(path, f"{text!r} is not a CIDR block")
    elif not is_ip(text):
        yield Problem(path, f"{text!r} is not an IP address")


def address(text: str, path: str) -> Iterator[Problem]:
    """An IP address."""
    if not is_ip(text):
        yield Problem(path, f"{text!r} is not an IP address")


def unix_path(text: str, path: str) -> Iterator[Problem]:
    """What follows ``unix://``: an absolute path of a file, or ``@`` and a name."""
    if not text:
        yield Problem(path, "the path of a Unix socket is empty")
    elif text[0] != "@" and (text[0] != "/" or text[-1] == "/"):
        yield Problem(path, f"{text} is not the absolute path of a file")


def port(number: int, path: str) -> Iterator[Problem]:
    """1 to 65535; a port that is not given is 0."""
    if not 1 <= number <= MAX_PORT:
        yield Problem(path, f"port {number} is not in 1..{MAX_PORT}")


def split_host_port(text: str) -> tuple[str, str, str | None]:
    """Host and port of ``host:port``, ``[::1]:port`` or ``:port``, and what is wrong (Go's net.SplitHostPort)."""
    colon = text.rfind(":")
    if colon < 0:
        return "", "", f"{text!r} has no port"
    if text[0] == "[":
        end = text.find("]")
        if end < 0:
            return "", "", f"{text!r}: the bracket is not closed"
        if end + 1 == len(text):
            return "", "", f"{text!r} has no port"
        if end + 1 != colon:
            reason = "more than one colon" if text[end + 1] == ":" else "no port after the bracket"
            return "", "", f"{text!r}: {reason}"
        host, rest = text[1:end], text[end + 1 :]
        brackets = "[" in text[1:] or "]" in rest
    else:
        host = text[:colon]
        if ":" in host:
            return "", "", f"{text!r} has too many colons"
        brackets = "[" in text or "]" in text
    if brackets:
        return "", "", f"{text!r} has a bracket in a wrong place"
    return host, text[colon + 1 :], None
