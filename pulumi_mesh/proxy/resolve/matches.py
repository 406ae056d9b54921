"""What a route of a virtual service matches, as Envoy says it."""

from __future__ import annotations

from pulumi_mesh.istio import virtual_service
from pulumi_mesh.proxy.view.matching import HeaderMatch, QueryMatch, StringMatch
from pulumi_mesh.proxy.view.routes import PathMatch, RouteMatch

EVERYTHING = RouteMatch(PathMatch("prefix", "/"))


def route_match(match: virtual_service.HttpMatch | None) -> RouteMatch:
    """The request part of a match; ports, gateways and source labels decide beforehand whether it counts.

    Headers come by name, then method, authority and scheme. Mirrors TranslateRouteMatch (core/route/route.go).
    """
    if match is None:
        return EVERYTHING
    headers = [_header(name, test) for name, test in (match.headers or {}).items()]
    headers += [_without_header(name, test) for name, test in (match.without_headers or {}).items()]
    headers.sort(key=lambda each: each.name)
    for name, test in ((":method", match.method), (":authority", match.authority), (":scheme", match.scheme)):
        if test is not None:
            headers.append(_header(name, test))
    return RouteMatch(
        _path(match.uri, case_sensitive=not match.ignore_uri_case),
        headers=tuple(headers),
        query=tuple(QueryMatch(name, _text(test)) for name, test in sorted((match.query_params or {}).items())),
    )


def is_catch_all(match: RouteMatch) -> bool:
    """Whether a match takes every request, so that no later route is reached. Mirrors IsCatchAllRoute (route.go)."""
    if match.headers or match.query:
        return False
    if match.path.kind == "regex":
        return match.path.value == ".*"
    return match.path.kind in ("prefix", "path_separated_prefix") and match.path.value == "/"


def _path(uri: virtual_service.StringMatch | None, *, case_sensitive: bool) -> PathMatch:
    if uri is None:
        return PathMatch("prefix", "/", case_sensitive)
    if uri.exact is not None:
        return PathMatch("path", uri.exact, case_sensitive)
    if uri.prefix is not None:
        return PathMatch("prefix", uri.prefix, case_sensitive)
    if uri.regex is not None:
        return PathMatch("regex", uri.regex, case_sensitive)
    return PathMatch("prefix", "/", case_sensitive)


def _header(name: str, test: virtual_service.StringMatch) -> HeaderMatch:
    return HeaderMatch(name, _text(test))


def _without_header(name: str, test: virtual_service.StringMatch) -> HeaderMatch:
    value = _text(test)
    return HeaderMatch(name, value, invert=True, missing_as_empty=value is not None)


def _text(test: virtual_service.StringMatch) -> StringMatch | None:
    """None asks only that something is there: an empty match, or the word ``*`` as a regex."""
    if test.exact is not None:
        return StringMatch("exact", test.exact)
    if test.prefix is not None:
        return StringMatch("prefix", test.prefix)
    if test.regex is not None and test.regex != "*":
        return StringMatch("regex", test.regex)
    return None
