"""What a route of a virtual service does with a request: forward, redirect, answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import destination_rule, virtual_service
from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.proxy.resolve.durations import duration
from pulumi_mesh.proxy.resolve.faults import percentage
from pulumi_mesh.proxy.resolve.headers import authority, request_changes, response_changes
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.load_balancing import hash_of_destination, hash_policy
from pulumi_mesh.proxy.resolve.proxy_headers import forwards_host, told_host
from pulumi_mesh.proxy.resolve.retries import retry_policy
from pulumi_mesh.proxy.resolve.virtual_services import Semantics
from pulumi_mesh.proxy.view.matching import Fraction
from pulumi_mesh.proxy.view.routes import (
    Action,
    DirectResponse,
    Forward,
    Mirror,
    Redirect,
    RegexRewrite,
    RouteMatch,
    WeightedCluster,
)
from pulumi_mesh.refs import Ref
from pulumi_mesh.words.cluster_names import cluster_name

NO_TIMEOUT = timedelta(0)
UNKNOWN_SERVICE = "UnknownService"
"""The cluster, which does not exist, of a backend of the Gateway API that is not valid."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where routes are built for.

    port: of the listener. gateway: ``mesh`` or ``NAMESPACE/NAME``. tls: whether clients speak TLS here.
    lookup: the service of a host name, as it is seen here.
    """

    index: Index
    proxy: Proxy
    port: int
    gateway: str
    tls: bool
    lookup: Callable[[str], KnownService | None]


def action_of(
    http: virtual_service.Http, match: RouteMatch, semantics: Semantics, scope: Scope, ref: Ref
) -> Action | None:
    """The action of one entry of ``http``, its names in full; None where it has none. match: what it is done with.

    Mirrors TranslateRoute (core/route/route.go).
    """
    if http.redirect is not None:
        return _redirect(http.redirect, scope)
    if http.direct_response is not None:
        return _direct_response(http.direct_response)
    if not http.route:
        return None
    return _forward(http, match, semantics, scope, ref)


def destination_cluster(destination: virtual_service.Destination, service: KnownService | None, port: int) -> str:
    """The cluster of a destination; without a port that of the service's only one, else the listener's.

    service: the one of the destination's host, where it is known. Mirrors GetDestinationCluster (core/route/route.go).
    """
    if not destination.host:
        return UNKNOWN_SERVICE
    host = service.alias_of if service is not None and service.alias_of else destination.host
    if destination.port is not None:
        port = destination.port.number or 0
    elif service is not None and len(service.ports) == 1:
        port = service.ports[0].number
    return cluster_name(host, port, destination.subset or "")


def _cluster(destination: virtual_service.Destination, scope: Scope) -> str:
    return destination_cluster(destination, scope.lookup(destination.host), scope.port)


def _forward(http: virtual_service.Http, match: RouteMatch, semantics: Semantics, scope: Scope, ref: Ref) -> Forward:
    """Mirrors applyHTTPRouteDestination (core/route/route.go)."""
    routes = http.route or ()
    timeout = duration(http.timeout) or NO_TIMEOUT
    rewrite = http.rewrite
    host = (rewrite.authority if rewrite else None) or authority(http.headers)
    prefix, regex = _path_rewrite(rewrite, match, semantics)
    # Shares of 0 count for nothing, but a single destination needs no share.
    counted = [(place, each) for place, each in enumerate(routes) if len(routes) == 1 or each.weight]
    hashes = [_hash(each.destination, scope) for _, each in counted]
    single = routes[0] if len(routes) == 1 else None
    action = Forward(
        cluster=_cluster(single.destination, scope) if single else "",
        weighted=()
        if single
        else tuple(_weighted(each, scope, _within(ref, f"route[{place}]")) for place, each in counted),
        timeout=timeout,
        max_grpc_timeout=timeout,
        retry=retry_policy(
            http.retries, scope.index.snapshot.mesh.default_http_retry_policy, hashed=bool(single and hashes[0])
        ),
        mirrors=_mirrors(http, scope),
        hash_policies=tuple(policy for each in hashes if (policy := hash_policy(each))),
        host_rewrite=host or (authority(single.headers) if single else ""),
        prefix_rewrite=prefix,
        regex_rewrite=regex,
        unknown_cluster_status=500 if semantics == "gateway" else 503,
    )
    return told_host(action) if rewrite is not None and forwards_host(scope.index.snapshot.mesh) else action


def _path_rewrite(
    rewrite: virtual_service.Rewrite | None, match: RouteMatch, semantics: Semantics
) -> tuple[str, RegexRewrite | None]:
    """The prefix that replaces the matched one, or else what a regular expression replaces."""
    if rewrite is None:
        return "", None
    if (regex := rewrite.uri_regex_rewrite) is not None:
        return "", RegexRewrite(regex.match or "", regex.rewrite or "")
    if rewrite.uri == "/" and semantics == "gateway":
        # The matched prefix goes, and one slash stays, whether or not anything follows.
        prefix = match.path.value if match.path.kind == "path_separated_prefix" else ""
        return "", RegexRewrite(f"^{re.escape(prefix)}(/?)(.*)", r"/\2")
    return rewrite.uri or "", None


def _weighted(route: virtual_service.HttpRoute, scope: Scope, ref: Ref) -> WeightedCluster:
    """Mirrors processWeightedDestination (core/route/route.go)."""
    return WeightedCluster(
        _cluster(route.destination, scope),
        route.weight or 0,
        request_headers=request_changes(route.headers),
        response_headers=response_changes(route.headers),
        host_rewrite=authority(route.headers),
        ref=ref,
    )


def _hash(destination: virtual_service.Destination, scope: Scope) -> destination_rule.ConsistentHash | None:
    rule = scope.index.rule(scope.proxy, destination.host)
    return hash_of_destination(rule, destination.subset, destination.port.number if destination.port else None)


def _mirrors(http: virtual_service.Http, scope: Scope) -> tuple[Mirror, ...]:
    """Mirrors MirrorPercent, MirrorPercentByPolicy and TranslateRequestMirrorPolicy (core/route/route.go)."""
    shares = [(http.mirror, _old_share(http))] if http.mirror is not None else []
    shares += [
        (each.destination, percentage(each.percentage) if each.percentage else Fraction(100))
        for each in http.mirrors or ()
    ]
    extra: FrozenMap[str, object] = FrozenMap({"trace_sampled": False, "disable_shadow_host_suffix_append": True})
    return tuple(
        Mirror(_cluster(destination, scope), share, extra) for destination, share in shares if share.numerator > 0
    )


def _old_share(http: virtual_service.Http) -> Fraction:
    if http.mirror_percentage is not None:
        return percentage(http.mirror_percentage)
    return Fraction(100 if http.mirror_percent is None else http.mirror_percent)


def _redirect(redirect: virtual_service.Redirect, scope: Scope) -> Redirect:
    """Mirrors ApplyRedirect (core/route/route.go)."""
    port = redirect.port or 0
    if redirect.derive_port == "FROM_REQUEST_PORT":
        port = scope.port
    scheme = redirect.scheme or ("https" if scope.tls else "http")
    if (scheme, port) in (("http", 80), ("https", 443)):
        port = 0
    return Redirect(
        scheme=redirect.scheme or "",
        host=redirect.authority or "",
        port=port,
        path="" if redirect.prefix_rewrite else redirect.uri or "",
        prefix_rewrite=redirect.prefix_rewrite or "",
        code=cast("Literal[301, 302, 303, 307, 308]", redirect.redirect_code or 301),
    )


def _direct_response(response: virtual_service.DirectResponse) -> DirectResponse:
    """Mirrors ApplyDirectResponse (core/route/route.go)."""
    body = response.body
    if body is not None and body.bytes is not None:
        inline = FrozenMap({"inline_bytes": body.bytes})
        return DirectResponse(response.status, extra=FrozenMap({"body": inline}))
    return DirectResponse(response.status, (body.string or "") if body else "")


def _within(ref: Ref, path: str) -> Ref:
    return Ref(ref.kind, ref.namespace, ref.name, f"{ref.path}.{path}")
