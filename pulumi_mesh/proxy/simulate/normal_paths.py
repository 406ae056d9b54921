"""Paths as an HTTP connection manager makes them before it looks for a route."""

from __future__ import annotations

import re

from pulumi_mesh.proxy.simulate.exchange import split_path
from pulumi_mesh.proxy.view.listeners import HttpConnectionManager

_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_ESCAPED_SLASH = re.compile(r"%2[Ff]|%5[Cc]")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normal_path(manager: HttpConnectionManager, path: str) -> tuple[str, int]:
    """The path, and 400 where it is refused or 307 where the client is sent to the normal one; else 0.

    Mirrors ConnectionManagerUtility::maybeNormalizePath (Envoy's source/common/http/conn_manager_utility.cc).
    """
    if not path.startswith("/"):
        return path, 0
    action = manager.path_with_escaped_slashes_action
    if _ESCAPED_SLASH.search(split_path(path)[0]):
        if action == "REJECT_REQUEST":
            return _unescaped_slashes(path), 400
        if action == "UNESCAPE_AND_REDIRECT":
            return _treated(manager, _unescaped_slashes(path)), 307
        if action == "UNESCAPE_AND_FORWARD":
            path = _unescaped_slashes(path)
    return _treated(manager, path), 0


def _treated(manager: HttpConnectionManager, path: str) -> str:
    if manager.normalize_path:
        path = _canonical(path)
    if manager.merge_slashes:
        plain, query = split_path(path)
        path = re.sub("/{2,}", "/", plain) + query
    return path


def _unescaped_slashes(path: str) -> str:
    plain, query = split_path(path)
    return _ESCAPED_SLASH.sub(lambda found: "/" if found.group() in ("%2F", "%2f") else "\\", plain) + query


def _canonical(path: str) -> str:
    """RFC 3986: what needs no escape is unescaped, dots are resolved, backslashes are slashes."""
    plain, query = split_path(path)
    plain = _ESCAPED.sub(_unescaped, plain.replace("\\", "/"))
    kept: list[str] = []
    segments = plain.split("/")[1:]
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/" + "/".join(kept) + query


def _unescaped(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if char in _UNRESERVED else found.group()
