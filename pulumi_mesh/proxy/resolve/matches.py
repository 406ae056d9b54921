"""What a route of a virtual service matches, as Envoy says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.proxy.resolve.authorization.conditions import JWT_FILTER, JWT_PAYLOAD
from pulumi_mesh.proxy.resolve.virtual_services import Semantics
from pulumi_mesh.proxy.view.matching import EMPTY, HeaderMatch, QueryMatch, StringMatch
from pulumi_mesh.proxy.view.routes import PathMatch, RouteMatch

_CLAIMS = "@request.auth.claims"
_METADATA = "dynamic_metadata"

EVERYTHING = RouteMatch(PathMatch("prefix", "/"))


def route_match(match: virtual_service.HttpMatch | None, semantics: Semantics = "") -> RouteMatch:
    """The request part of a match; ports, gateways and source labels decide beforehand whether it counts.

    Headers come by name, then method, authority and scheme; claims of a token are metadata of the request. The prefix
    of a route of the Gateway API, or of an Ingress, ends at a slash. Mirrors TranslateRouteMatch (core/route/route.go).
    """
    if match is None:
        return EVERYTHING
    wanted: Mapping[str, virtual_service.StringMatch] = match.headers or {}
    unwanted: Mapping[str, virtual_service.StringMatch] = match.without_headers or {}
    headers = [_header(name, test) for name, test in wanted.items() if not claim_of(name)]
    headers += [_without_header(name, test) for name, test in unwanted.items() if not claim_of(name)]
    headers.sort(key=lambda each: each.name)
    claims = [_claim(claim, test, invert=False) for name, test in sorted(wanted.items()) if (claim := claim_of(name))]
    claims += [_claim(claim, test, invert=True) for name, test in sorted(unwanted.items()) if (claim := claim_of(name))]
    for name, test in ((":method", match.method), (":authority", match.authority), (":scheme", match.scheme)):
        if test is not None:
            headers.append(_header(name, test))
    return RouteMatch(
        _path(match.uri, semantics, case_sensitive=not match.ignore_uri_case),
        headers=tuple(headers),
        query=tuple(QueryMatch(name, _text(test)) for name, test in sorted((match.query_params or {}).items())),
        extra=FrozenMap({_METADATA: tuple(claims)}) if claims else EMPTY,
    )


def claim_of(header: str) -> tuple[str, ...]:
    """The claim of a token that a header match names: ``@request.auth.claims.group.id``, or ``[group][id]`` after the
    same word; nothing for any other header. Mirrors ToRoutingClaim (pkg/jwt/routing.go)."""
    if not header.lower().startswith(_CLAIMS):
        return ()
    name = header[len(_CLAIMS) :]
    if name.startswith(".") and len(name) > 1:
        return tuple(name[1:].split("."))
    if name.startswith("[") and name.endswith("]") and len(name) > 2:
        return tuple(name[1:-1].split("]["))
    return ()


def is_catch_all(match: RouteMatch) -> bool:
    """Whether a match takes every request, so that no later route is reached. Mirrors IsCatchAllRoute (route.go)."""
    if match.headers or match.query or _METADATA in match.extra:
        return False
    if match.path.kind == "regex":
        return match.path.value == ".*"
    return match.path.kind in ("prefix", "path_separated_prefix") and match.path.value == "/"


def _path(uri: virtual_service.StringMatch | None, semantics: Semantics, *, case_sensitive: bool) -> PathMatch:
    if uri is None:
        return PathMatch("prefix", "/", case_sensitive)
    if uri.exact is not None:
        return PathMatch("path", uri.exact, case_sensitive)
    if uri.prefix is not None and semantics and uri.prefix != "/":
        return PathMatch("path_separated_prefix", uri.prefix.removesuffix("/"), case_sensitive)
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


def _claim(path: tuple[str, ...], test: virtual_service.StringMatch, *, invert: bool) -> FrozenMap[str, object]:
    """A claim that is the text, or a list that holds it. Mirrors MetadataMatcherForJWTClaims (authz/model/util.go)."""
    text = string_match(test)
    value: object = {}
    if text is not None:
        form = {"safe_regex": {"regex": text.value}} if text.kind == "regex" else {text.kind: text.value}
        value = {"string_match": form}
    keys = [{"key": each} for each in (JWT_PAYLOAD, *path)]
    either = {"or_match": {"value_matchers": [{"list_match": {"one_of": value}}, value]}}
    fields: dict[str, object] = {"filter": JWT_FILTER, "path": keys, "value": either}
    return cast("FrozenMap[str, object]", freeze({**fields, "invert": True} if invert else fields))


def string_match(test: virtual_service.StringMatch) -> StringMatch | None:
    """A test of a text; None where nothing is asked of it. Mirrors ConvertToEnvoyMatch (networking/util)."""
    if test.exact is not None:
        return StringMatch("exact", test.exact)
    if test.prefix is not None:
        return StringMatch("prefix", test.prefix)
    return StringMatch("regex", test.regex) if test.regex is not None else None


def _text(test: virtual_service.StringMatch) -> StringMatch | None:
    """None asks only that something is there: an empty match, or the word ``*`` as a regex."""
    return None if test.exact is None and test.prefix is None and test.regex == "*" else string_match(test)
