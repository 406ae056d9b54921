"""Endpoints held by their clusters.

Envoy opens an inotify instance for each file that it watches, and Linux gives a user 128 of them by default: with a
file for the endpoints of every cluster, eight small proxies would be too many. On this machine endpoints do not come
and go, so clusters hold them; listeners, clusters, routes and secrets are still watched.
"""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.proxy.view import ProxyView


def held_by_clusters(view: ProxyView) -> ProxyView:
    """The view with every EDS cluster as a STATIC one with the same endpoints."""
    known = {each.cluster: each.localities for each in view.endpoints}
    clusters = tuple(
        replace(each, type="STATIC", endpoints=known.get(each.name, ())) if each.type == "EDS" else each
        for each in view.clusters
    )
    return replace(view, clusters=clusters, endpoints=())
