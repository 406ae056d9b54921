"""How host names with wildcards relate."""

from __future__ import annotations


def covers(pattern: str, hostname: str) -> bool:
    """Whether ``pattern`` takes all that ``hostname`` stands for: ``*.a.com`` takes ``b.a.com``, not ``a.com``."""
    if pattern in ("*", hostname):
        return True
    if not pattern.startswith("*."):
        return False
    return hostname != "*" and hostname.removeprefix("*").endswith(pattern[1:]) and hostname != pattern[2:]
