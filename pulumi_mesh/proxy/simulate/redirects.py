"""Where a redirect leads."""

from __future__ import annotations

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.rewrites import with_prefix
from pulumi_mesh.proxy.view.routes import Redirect, RegexRewrite, RouteMatch

_USUAL = {"http": ":80", "https": ":443"}


def location_of(redirect: Redirect, match: RouteMatch, exchange: Exchange) -> str:
    """The ``location`` header. Mirrors RouteEntryImplBase::newUri (Envoy's source/common/router/config_impl.cc)."""
    scheme = exchange.headers.text(":scheme")
    wanted = redirect.scheme or ("https" if redirect.https else scheme)
    port = f":{redirect.port}" if redirect.port else ""
    host = redirect.host or _own_host(exchange, wanted, bool(port))
    return f"{wanted}://{host}{port}{_path(redirect, match, exchange)}"


def https_location(exchange: Exchange) -> str:
    """Where a virtual host that requires TLS sends plain requests."""
    return f"https://{exchange.headers.text(':authority')}{exchange.headers.text(':path')}"


def _own_host(exchange: Exchange, wanted: str, has_port: bool) -> str:
    """The request's host; without its port where another takes its place, or where it was the usual one of a scheme
    that is left."""
    host = exchange.headers.text(":authority")
    start = host.rfind("]:") + 1 if host.startswith("[") else host.rfind(":")
    if start <= 0:
        return host
    protocol = exchange.headers.text("x-forwarded-proto") or exchange.headers.text(":scheme")
    leaves = wanted != exchange.headers.text(":scheme") and host[start:] == _USUAL.get(protocol)
    return host[:start] if has_port or leaves else host


def _path(redirect: Redirect, match: RouteMatch, exchange: Exchange) -> str:
    path = exchange.headers.text(":path")
    if redirect.path:
        _, mark, query = path.partition("?")
        keeps = mark and "?" not in redirect.path and not redirect.strip_query
        return f"{redirect.path}?{query}" if keeps else redirect.path
    made = rewritten(redirect, match, path)
    return made.partition("?")[0] if redirect.strip_query else made


def rewritten(redirect: Redirect, match: RouteMatch, path: str) -> str:
    """The path with its query, which a redirect leads to unless it names one."""
    rule = raw.part(redirect.extra, "regex_rewrite")
    pattern = str(raw.part(rule, "pattern").get("regex", ""))
    regex = RegexRewrite(pattern, str(rule.get("substitution", ""))) if rule else None
    return with_prefix(path, match.path, redirect.prefix_rewrite, regex)
