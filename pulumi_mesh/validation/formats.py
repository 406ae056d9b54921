"""The formats of texts that schemas name, as the API server checks them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_address
from types import MappingProxyType

_BASE64 = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})\Z")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_LEADING_ZEROS = re.compile(r"(?<![0-9A-Fa-f:])0+(?=\d)")


def _is_base64(text: str) -> bool:
    return _BASE64.match(text) is not None


def _is_time(text: str) -> bool:
    found = _TIME.match(text)
    if found is None:
        return False
    try:
        date.fromisoformat(found[1])
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_ipv4(text: str) -> bool:
    return "." in text and _is_address(_LEADING_ZEROS.sub("", text))


def _is_ipv6(text: str) -> bool:
    return ":" in text and _is_address(text)


FORMATS: MappingProxyType[str, tuple[Callable[[str], bool], str]] = MappingProxyType({
    "byte": (_is_base64, "base64"),
    "date-time": (_is_time, "a time as RFC 3339 writes it, such as 2006-01-02T15:04:05Z"),
    "ipv4": (_is_ipv4, "an IPv4 address"),
    "ipv6": (_is_ipv6, "an IPv6 address"),
})  # fmt: skip
"""Name to its test, and to words for it: those of texts in Istio's and the Gateway API's schemas."""

NUMBERS = frozenset({"int32", "int64", "double"})
"""The formats of numbers in those schemas."""
