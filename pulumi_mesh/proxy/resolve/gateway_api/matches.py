"""What a rule matches, in the words of a virtual service."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh.gateway_api import grpc_route, http_route
from pulumi_mesh.proxy.resolve.gateway_api.words import Json


def http_match(match: http_route.Match) -> Json:
    """Mirrors createURIMatch, createHeadersMatch, createQueryParamsMatch and createMethodMatch (conversion.go)."""
    made: Json = {"uri": _uri(match.path)}
    if headers := _values(match.headers or ()):
        made["headers"] = headers
    if query := _values(match.query_params or ()):
        made["queryParams"] = query
    if match.method is not None:
        made["method"] = {"exact": match.method}
    return made


def grpc_match(match: grpc_route.Match) -> Json:
    """A gRPC method is the path ``/SERVICE/METHOD``.

    Mirrors createGRPCURIMatch and createGRPCHeadersMatch (conversion.go).
    """
    made: Json = {}
    if match.method is not None:
        made["uri"] = _method(match.method)
    if headers := _values(match.headers or ()):
        made["headers"] = headers
    return made


def _uri(path: http_route.PathMatch | None) -> Json:
    kind = (path.type if path else None) or "PathPrefix"
    value = (path.value if path else None) or "/"
    if kind == "Exact":
        return {"exact": value}
    if kind == "RegularExpression":
        return {"regex": value}
    return {"prefix": value if value == "/" else value.removesuffix("/")}


def _method(method: grpc_route.MethodMatch) -> Json:
    exact = method.type in (None, "Exact")
    if method.service and method.method:
        path = f"/{method.service}/{method.method}"
        return {"exact": path} if exact else {"regex": path}
    if method.service:
        return {"prefix": f"/{method.service}/"} if exact else {"regex": f"/{method.service}/.+"}
    return {"regex": f"/[^/]+/{method.method or ''}"}


def _values(
    tests: Iterable[http_route.HeaderMatch | http_route.QueryParamMatch | grpc_route.HeaderMatch],
) -> dict[str, Json]:
    """By name; of equal names the last counts."""
    return {each.name: {"regex" if each.type == "RegularExpression" else "exact": each.value} for each in tests}
