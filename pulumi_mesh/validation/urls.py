"""URLs as Go's net/url reads them: what istiod and the API server's CEL library take as one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from pulumi_mesh.validation.addresses import is_ip

_control = re.compile(r"[\x00-\x1f\x7f]").search
_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):").match
_bad_escape = re.compile(r"%(?![0-9A-Fa-f]{2})").search
# In a host only bytes outside of ASCII may be escaped; "%25" is let through, for zones of IPv6 addresses.
_bad_host = re.compile(r"""%(?!25|[89A-Fa-f][0-9A-Fa-f])|[^-A-Za-z0-9_.~!$&'()*+,;=:\[\]<>"%\x80-\U0010ffff]""").search
_bad_zone = re.compile(r"""[^-A-Za-z0-9_.~!$&'()*+,;=:\[\]<>"%\x80-\U0010ffff]""").search
_is_port = re.compile(r"(?::[0-9]*)?").fullmatch
_is_user = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%]*").fullmatch


@dataclass(frozen=True, slots=True)
class URL:
    """Scheme in lower case, and host with port, each empty where the URL has none; the path with escapes undone."""

    scheme: str
    host: str
    path: str
    query: str

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        return _host_port(self.host)[0].removeprefix("[").removesuffix("]")

    @property
    def port(self) -> str:
        """The digits after the host's colon."""
        return _host_port(self.host)[1]


@lru_cache(maxsize=1 << 12)
def url(text: str) -> URL | None:
    """A URL or reference, with or without fragment; None where the text is neither."""
    plain, _, fragment = text.partition("#")
    return None if _bad_escape(fragment) else _parsed(plain, request=False)


@lru_cache(maxsize=1 << 12)
def request_url(text: str) -> URL | None:
    """A URL or an absolute path, as in an HTTP request; None where the text is neither."""
    return _parsed(text, request=True)


def _parsed(text: str, *, request: bool) -> URL | None:
    if _control(text) or (request and not text) or text[:1] == ":":
        return None
    if text == "*":
        return URL("", "", "*", "")
    match = _scheme(text)
    scheme = match[1].lower() if match else ""
    rest, _, query = (text[match.end() :] if match else text).partition("?")
    if rest[:1] != "/":
        if scheme:
            return URL(scheme, "", "", query)
        if request or ":" in rest.partition("/")[0]:
            return None
    host = ""
    if rest.startswith("//") and (scheme or (not request and not rest.startswith("///"))):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        user, at, host = authority.rpartition("@")
        if at and (_is_user(user) is None or _bad_escape(user)):
            return None
        if not _is_host(scheme, host):
            return None
    if _bad_escape(rest):
        return None
    return URL(scheme, host, unquote(rest), query)


def _is_host(scheme: str, host: str) -> bool:
    bracket = host.rfind("[")
    if bracket > 0:
        return False
    if bracket == 0:
        close = host.rfind("]")
        if close < 0 or _is_port(host[close + 1 :]) is None:
            return False
        inside, percent, zone = host[1:close].partition("%25")
        if _bad_host(inside) or _bad_escape(inside) or _bad_zone(zone) or _bad_escape(zone):
            return False
        address = unquote(inside) + (f"%{unquote(zone)}" if percent else "")
        return is_ip(address) and ":" in address
    if ":" in host:
        colon = host.index(":") if scheme in {"http", "https"} else host.rindex(":")
        if _is_port(host[colon:]) is None:
            return False
    return _bad_host(host) is None and _bad_escape(host) is None


def _host_port(host: str) -> tuple[str, str]:
    colon = host.rfind(":")
    if colon >= 0 and host[colon + 1 :].isdigit():
        return host[:colon], host[colon + 1 :]
    return host.removesuffix(":"), ""
