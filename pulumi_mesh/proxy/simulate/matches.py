"""Whether a route matches a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.conditions import metadata_matches
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.grpc import is_grpc
from pulumi_mesh.proxy.simulate.header_tests import header_matches, header_shown
from pulumi_mesh.proxy.simulate.templates import template_matches
from pulumi_mesh.proxy.simulate.texts import full_match, text_matches
from pulumi_mesh.proxy.view.matching import QueryMatch, StringMatch
from pulumi_mesh.proxy.view.routes import PathMatch, RouteMatch


def mismatch(match: RouteMatch, exchange: Exchange) -> str:
    """The first test of a route that a request fails, in words; empty when it passes them all.

    A share of traffic that only chance decides counts as passed.
    Mirrors RouteEntryImplBase::matchRoute (Envoy's source/common/router/config_impl.cc).
    """
    for test in _TESTS:
        failed = test(match, exchange)
        if failed:
            return failed
    return ""


def path_matches(match: PathMatch, path: str) -> bool:
    """Whether a path, without its query, is one of those a match takes."""
    value = match.value
    if match.kind == "regex":
        return full_match(value, path)
    if not match.case_sensitive:
        value, path = value.lower(), path.lower()
    if match.kind == "path":
        return path == value
    if not path.startswith(value):
        return False
    return match.kind == "prefix" or len(path) == len(value) or path[len(value)] == "/"


def query_values(query: str) -> dict[str, str]:
    """The parameters of a query as they are sent, percents and all; of several with one name the first."""
    found: dict[str, str] = {}
    for item in query.split("&"):
        name, _, value = item.partition("=")
        if item:
            found.setdefault(name, value)
    return found


def _path(match: RouteMatch, exchange: Exchange) -> str:
    connect = exchange.headers.get(":method") == "CONNECT"
    if "connect_matcher" in match.extra:
        return "" if connect else "it takes CONNECT only"
    if connect and exchange.headers.get(":path") is None:
        return "it takes no CONNECT"
    template = raw.part(match.extra, "path_match_policy", "typed_config").get("path_template")
    if template is not None:
        return "" if template_matches(str(template), exchange.path) else f"the path is not {template}"
    if path_matches(match.path, exchange.path):
        return ""
    return f"the path is not {match.path.kind} {match.path.value}"


def _chance(match: RouteMatch, exchange: Exchange) -> str:
    share = raw.part(match.extra, "runtime_fraction")
    if not share or exchange.chance.takes(raw.fraction(raw.part(share, "default_value"))) is not False:
        return ""
    return "the request is not in its share of traffic"


def _headers(match: RouteMatch, exchange: Exchange) -> str:
    headers = (*match.headers, *map(raw.header_match, raw.each(match.extra, "headers")))
    failed = next((each for each in headers if not header_matches(each, exchange.headers)), None)
    return f"header {header_shown(failed)} does not hold" if failed else ""


def _query(match: RouteMatch, exchange: Exchange) -> str:
    wanted = [(each, False) for each in match.query]
    wanted += map(raw.query_match, raw.each(match.extra, "query_parameters"))
    if not wanted:
        return ""
    values = query_values(exchange.query)
    for each, absent in wanted:
        if not _query_matches(each, values, absent=absent):
            return f"query parameter {each.name} does not match"
    return ""


def _query_matches(match: QueryMatch, values: Mapping[str, str], *, absent: bool) -> bool:
    value = values.get(match.name)
    if match.value is None:
        return (value is None) == absent
    return value is not None and text_matches(match.value, value)


def _cookies(match: RouteMatch, exchange: Exchange) -> str:
    wanted = raw.each(match.extra, "cookies")
    if not wanted:
        return ""
    pairs = (item.strip().partition("=") for item in exchange.headers.text("cookie").replace(",", ";").split(";"))
    values = {name: value for name, _, value in pairs}
    for each in wanted:
        test = raw.string_match(raw.part(each, "string_match")) or StringMatch("prefix", "")
        value = values.get(str(each.get("name", "")))
        if value is None or text_matches(test, value) == bool(each.get("invert_match")):
            return f"cookie {each.get('name', '')} does not match"
    return ""


def _grpc(match: RouteMatch, exchange: Exchange) -> str:
    return "" if "grpc" not in match.extra or is_grpc(exchange.headers) else "it takes gRPC only"


def _tls(match: RouteMatch, exchange: Exchange) -> str:
    wanted: Mapping[str, Any] = raw.part(match.extra, "tls_context")
    peer = exchange.peer
    if "presented" in wanted and bool(wanted["presented"]) != (peer.encrypted and peer.proved):
        return "the client's certificate is not as it wants"
    if "validated" in wanted and bool(wanted["validated"]) != (peer.encrypted and peer.proved):
        return "the client's certificate is not as it wants"
    return ""


def _metadata(match: RouteMatch, exchange: Exchange) -> str:
    wanted = raw.each(match.extra, "dynamic_metadata")
    return "" if all(metadata_matches(each, exchange.metadata) for each in wanted) else "metadata does not match"


_TESTS: tuple[Callable[[RouteMatch, Exchange], str], ...] = (
    _path,
    _chance,
    _grpc,
    _headers,
    _query,
    _cookies,
    _tls,
    _metadata,
)
