"""A request as people write it: method, URL and headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pulumi_mesh.errors import MeshError
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.simulate.request import Request

_PORTS = {"http": 80, "https": 443, "tcp": 0, "tls": 443}
_METHOD = re.compile(r"[A-Z]+")


def request_of(
    url: str,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    *,
    claims: Mapping[str, Any] | None = None,
    source: str = "",
) -> Request:
    """The request that a client outside any mesh makes of a URL.

    url: ``http`` or ``https``, or ``tcp`` or ``tls`` for bytes that are no HTTP; without a scheme it is ``http``.
    A header ``Host`` takes the place of the URL's host. claims: of the token that it carries. source: its address.
    Raises MeshError for what is no URL, method or header.
    """
    parts, port = _split(url if "://" in url else f"http://{url}")
    if not _METHOD.fullmatch(method):
        raise MeshError(f"{method!r} is no HTTP method, such as GET")
    given = tuple((_checked(name, value), value) for name, value in headers)
    named = [value for name, value in given if name.lower() in ("host", ":authority")]
    host = parts.netloc.rpartition("@")[2]
    return Request(
        host=named[-1] if named else host,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        method=method,
        headers=tuple(each for each in given if each[0].lower() not in ("host", ":authority")),
        port=port,
        protocol="http" if parts.scheme in ("http", "https") else "tcp",
        tls="tls" if parts.scheme in ("https", "tls") else "plaintext",
        sni=parts.hostname or "" if parts.scheme in ("https", "tls") else "",
        source=source,
        claims=FrozenMap(claims) if claims is not None else None,
    )


def _split(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise MeshError(f"{url!r} is no URL: {error}") from None
    if parts.scheme not in _PORTS:
        raise MeshError(f"{url!r} is no URL of a request: its scheme is one of {', '.join(_PORTS)}")
    if not parts.hostname:
        raise MeshError(f"{url!r} names no host; a URL is http://HOST[:PORT]/PATH")
    if not port:
        raise MeshError(f"{url!r} names no port; {parts.scheme} has no usual one")
    return parts, port


def _checked(name: str, value: str) -> str:
    if not re.fullmatch(r":?[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise MeshError(f"{name!r} is no name of a header")
    if re.search(r"[\r\n\0]", value):
        raise MeshError(f"the value of header {name!r} holds a line break")
    return name
