"""The routes of a virtual service at one listener, and the one that a service has without."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import destination_rule, virtual_service
from pulumi_mesh.manifests.facts import KnownService, ServicePort
from pulumi_mesh.manifests.snapshot import selects
from pulumi_mesh.proxy.resolve.actions import NO_TIMEOUT, Scope, action_of
from pulumi_mesh.proxy.resolve.delegation import HttpEntry
from pulumi_mesh.proxy.resolve.faults import cors, fault
from pulumi_mesh.proxy.resolve.headers import joined, request_changes, response_changes
from pulumi_mesh.proxy.resolve.load_balancing import hash_policy
from pulumi_mesh.proxy.resolve.matches import EVERYTHING, is_catch_all, route_match
from pulumi_mesh.proxy.resolve.metadata import config_metadata
from pulumi_mesh.proxy.resolve.retries import retry_policy
from pulumi_mesh.proxy.resolve.virtual_services import Bound
from pulumi_mesh.proxy.view.routes import Action, Forward, Route, RouteMatch
from pulumi_mesh.refs import Ref
from pulumi_mesh.words.cluster_names import cluster_name, parsed

BODY_LIMIT = 1024 * 1024
"""Bytes of a direct response's body: istiod raises Envoy's 4 KiB (DefaultMaxDirectResponseBodySizeBytes)."""


def routes_of(bound: Bound, scope: Scope) -> tuple[Route, ...]:
    """The routes of a virtual service that count here, in order, to the first that takes every request.

    Mirrors BuildHTTPRoutesForVirtualService (core/route/route.go).
    """
    found: list[Route] = []
    for entry in bound.http:
        for match, ref in zip(entry.spec.match or (None,), entry.matches or (entry.ref,), strict=True):
            if match is not None and not _counts(match, scope):
                continue
            made = _route(bound, entry, match, scope, ref)
            if made is not None:
                found.append(made)
                if match is not None and is_catch_all(made.match):
                    return tuple(found)
        if not entry.spec.match:
            return tuple(found)
    return tuple(found)


def catch_alls_last(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """Routes that take every request after all others. Mirrors SortVHostRoutes (core/route/route.go)."""
    return tuple(sorted(routes, key=lambda each: is_catch_all(each.match)))


def default_route(
    service: KnownService,
    port: ServicePort,
    hashing: destination_rule.ConsistentHash | None,
    retries: Mapping[str, object] | None,
) -> Route:
    """Where requests to a service go that no virtual service routes. retries: the mesh's default.

    Mirrors buildSidecarVirtualHostForService and BuildDefaultHTTPOutboundRoute (core/route/route.go).
    """
    hashed = hash_policy(hashing)
    return Route(
        EVERYTHING,
        Forward(
            cluster=cluster_name(service.hostname, port.number),
            timeout=NO_TIMEOUT,
            max_grpc_timeout=NO_TIMEOUT,
            retry=retry_policy(None, retries),
            hash_policies=(hashed,) if hashed else (),
        ),
        name="default",
        decorator=f"{service.hostname}:{port.number}/*",
        ref=service.ref,
    )


def _counts(match: virtual_service.HttpMatch, scope: Scope) -> bool:
    """Whether a match is for this port, gateway and workload. Mirrors sourceMatchHTTP (core/route/route.go)."""
    if match.port and match.port != scope.port:
        return False
    if match.gateways:
        return scope.gateway in match.gateways
    if not selects(match.source_labels or {}, scope.proxy.labels):
        return False
    return not match.source_namespace or match.source_namespace == scope.proxy.namespace


def _route(
    bound: Bound, entry: HttpEntry, match: virtual_service.HttpMatch | None, scope: Scope, ref: Ref
) -> Route | None:
    """Mirrors TranslateRoute (core/route/route.go)."""
    source, http = bound.source, entry.spec
    matched = route_match(match, bound.semantics)
    action = action_of(http, matched, bound.semantics, scope, entry.ref)
    if action is None:
        return None
    name = http.name or ""
    if match is not None and match.name:
        name = f"{name}.{match.name}"
    # Header changes of a single destination join those of the route; those of several stay with their share.
    single = http.route if isinstance(action, Forward) and http.route and len(http.route) == 1 else ()
    headers = (http.headers, *(each.headers for each in single))
    extra: dict[str, object] = {"metadata": config_metadata(source)}
    if match is not None and match.stat_prefix:
        extra["stat_prefix"] = match.stat_prefix
    return Route(
        matched,
        action,
        name=name,
        request_headers=joined(*(request_changes(each) for each in headers)),
        response_headers=joined(*(response_changes(each) for each in headers)),
        fault=fault(http.fault),
        cors=cors(http.cors_policy) if http.cors_policy is not None else None,
        decorator=_operation(matched, action, source.name, scope.port),
        extra=FrozenMap(extra),
        ref=ref,
    )


def _operation(match: RouteMatch, action: Action, name: str, port: int) -> str:
    """How traces call a route: by its only destination, else by the virtual service.

    Mirrors GetRouteOperation (core/route/route.go).
    """
    path = {"prefix": f"{match.path.value}*", "path": match.path.value, "regex": match.path.value}.get(
        match.path.kind, "/*"
    )
    # Without a service (UNKNOWN_SERVICE) there is nothing in a cluster's name to call the route by.
    named = parsed(action.cluster) if isinstance(action, Forward) else None
    if named is not None:
        return f"{named.host}:{named.port}{path}"
    return f"{name}:{port}{path}"
