"""Filters of a rule or a backend, as Istio's virtual services have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pulumi_mesh.gateway_api import grpc_route, http_route
from pulumi_mesh.proxy.resolve.gateway_api.attachments import World
from pulumi_mesh.proxy.resolve.gateway_api.backends import RefusedError, destination
from pulumi_mesh.proxy.resolve.gateway_api.references import Kind
from pulumi_mesh.proxy.resolve.gateway_api.words import Json

AnyFilter = http_route.Filter | grpc_route.Filter
AnyModifier = http_route.HeaderModifier | grpc_route.HeaderModifier
AnyMirror = http_route.RequestMirror | grpc_route.RequestMirror

_ANY_ORIGIN = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$"
_CORS_MAX_AGE = 5
"""The API's default, in seconds."""
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def header_filters(filters: Iterable[AnyFilter]) -> tuple[Json, list[AnyFilter]]:
    """What header modifiers do, in the words of ``headers``; and the filters of other kinds. Of several modifiers of
    one direction the last counts. Raises RefusedError."""
    headers: Json = {}
    others: list[AnyFilter] = []
    for each in filters:
        if each.type == "RequestHeaderModifier":
            _put(headers, "request", each.request_header_modifier)
        elif each.type == "ResponseHeaderModifier":
            _put(headers, "response", each.response_header_modifier)
        else:
            others.append(each)
    return headers, others


def mirror(
    world: World, filter_: AnyMirror | None, namespace: str, kind: Kind, *, granted: bool
) -> tuple[Json | None, bool]:
    """A mirror, and whether its backend may be used. Mirrors createMirrorFilter (conversion.go)."""
    if filter_ is None:
        return None, True
    place, usable = destination(world, filter_.backend_ref, namespace, kind, granted=granted)
    made: Json = {"destination": place}
    if filter_.fraction is not None:
        made["percentage"] = {"value": 100 * filter_.fraction.numerator / (filter_.fraction.denominator or 100)}
    elif filter_.percent is not None:
        made["percentage"] = {"value": float(filter_.percent)}
    return made, usable


def rewrite(filter_: http_route.UrlRewrite | None) -> Json | None:
    """Mirrors createRewriteFilter (conversion.go)."""
    made: Json = {}
    if filter_ is None:
        return None
    if filter_.path is not None and filter_.path.type == "ReplacePrefixMatch":
        # The word for taking the prefix away is "/".
        made["uri"] = (filter_.path.replace_prefix_match or "").removesuffix("/") or "/"
    elif filter_.path is not None:
        made["uriRegexRewrite"] = {"match": "/.*", "rewrite": filter_.path.replace_full_path or ""}
    if filter_.hostname is not None:
        made["authority"] = filter_.hostname
    return made or None


def redirect(filter_: http_route.RequestRedirect | None) -> Json | None:
    """Mirrors createRedirectFilter (conversion.go)."""
    if filter_ is None:
        return None
    made: Json = {"redirectCode": filter_.status_code or 302}
    if filter_.hostname is not None:
        made["authority"] = filter_.hostname
    if filter_.scheme is not None:
        made["scheme"] = filter_.scheme
    if filter_.port is not None:
        made["port"] = filter_.port
    else:
        # The Gateway API keeps the port of the request, where the scheme does not say another.
        made["derivePort"] = "FROM_REQUEST_PORT" if filter_.scheme is None else "FROM_PROTOCOL_DEFAULT"
    if filter_.path is not None and filter_.path.type == "ReplaceFullPath":
        made["uri"] = filter_.path.replace_full_path or ""
    elif filter_.path is not None:
        made["prefixRewrite"] = filter_.path.replace_prefix_match or ""
    return made


def cors(filter_: http_route.Cors | None) -> Json | None:
    """Mirrors createCorsFilter (conversion.go)."""
    if filter_ is None:
        return None
    made: Json = {"unmatchedPreflights": "IGNORE", "maxAge": f"{filter_.max_age or _CORS_MAX_AGE}s"}
    if filter_.allow_origins:
        made["allowOrigins"] = [_origin(each) for each in filter_.allow_origins]
    if filter_.allow_credentials:
        made["allowCredentials"] = True
    for name, values in (
        ("allowMethods", filter_.allow_methods),
        ("allowHeaders", filter_.allow_headers),
        ("exposeHeaders", filter_.expose_headers),
    ):
        if values:
            made[name] = list(values)
    return made


def _origin(origin: str) -> Json:
    if origin == "*":
        return {"regex": _ANY_ORIGIN}
    if "*" not in origin:
        return {"exact": origin}
    if origin.count("*") == 1 and origin.endswith("*"):
        return {"prefix": origin.removesuffix("*")}
    pattern = ".*".join(_SPECIAL.sub(r"\\\g<0>", part) for part in origin.split("*"))
    return {"regex": f"^{pattern}$"}


def _put(headers: Json, direction: str, modifier: AnyModifier | None) -> None:
    """Mirrors createHeadersFilter (conversion.go)."""
    if modifier is None:
        return
    made: Json = {}
    for word, values in (("set", modifier.set), ("add", modifier.add)):
        if changes := _first_of_each(values or ()):
            made[word] = changes
    if modifier.remove:
        made["remove"] = list(modifier.remove)
    headers[direction] = made


def _first_of_each(values: Iterable[http_route.HeaderValue | grpc_route.HeaderValue]) -> dict[str, str]:
    """By name in lower case; of equal names the first counts. Mirrors headerListToMap (conversion.go)."""
    found: dict[str, str] = {}
    for each in values:
        if any((ord(char) < 0x20 and char != "\t") or char == "\x7f" for char in each.value):
            raise RefusedError
        found.setdefault(each.name.lower(), each.value)
    return found
