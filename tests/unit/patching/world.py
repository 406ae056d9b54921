"""A gateway and a workload, and what EnvoyFilters make of their views."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from pulumi_mesh.istio import EnvoyFilter
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import from_wire
from pulumi_mesh.proxy.envoy.write.messages import clusters, listeners, routes
from pulumi_mesh.proxy.patching import patched
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.envoy_filters import patches_for
from pulumi_mesh.proxy.view import ProxyView

MANAGER = "envoy.filters.network.http_connection_manager"
ROUTER = "envoy.filters.http.router"
TYPES = "type.googleapis.com/envoy.extensions"

_WORLD = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {istio: edge}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {istio: edge}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example]
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example]
    tls: {mode: SIMPLE, credentialName: shop}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example]
  gateways: [istio-system/edge]
  http:
  - name: old
    match: [{uri: {prefix: /old}}]
    redirect: {uri: /new}
  - name: all
    timeout: 5s
    route: [{destination: {host: web}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}
"""
_DOCUMENTS = tuple(from_wire(each) for each in yaml.safe_load_all(_WORLD))


def patch(applies_to: str, operation: str, value: Any = None, *, context: str = "ANY", **match: Any) -> dict[str, Any]:
    """One of ``configPatches``."""
    made = {"operation": operation, **({"value": value} if value is not None else {})}
    return {"applyTo": applies_to, "match": {"context": context, **match}, "patch": made}


def envoy_filter(
    *patches: dict[str, Any], name: str = "own", namespace: str = "istio-system", **more: Any
) -> EnvoyFilter:
    """An EnvoyFilter; of the root namespace: for every proxy."""
    return EnvoyFilter(name, namespace=namespace, spec={"configPatches": list(patches), **more})


def world(*filters: EnvoyFilter) -> Snapshot:
    """The cluster with these EnvoyFilters."""
    return snapshot_of([*_DOCUMENTS, *filters])


def proxy_of(known: Snapshot, kind: str) -> Proxy:
    """The gateway (``router``) or the workload (``sidecar``)."""
    return next(each for each in known.proxies if each.kind == kind)


@cache
def _unpatched(kind: str) -> ProxyView:
    known = world()
    return resolve(known, proxy_of(known, kind))


def edge(*filters: EnvoyFilter) -> ProxyView:
    """The gateway's view, patched: as ``resolve`` gives it, but that is done once for all tests."""
    known = world(*filters)
    ports = {8080: frozenset({80}), 8443: frozenset({443})}
    return patched(_unpatched("router"), patches_for(known, proxy_of(known, "router")), gateway_ports=ports)


def web(*filters: EnvoyFilter) -> ProxyView:
    """The workload's view, patched."""
    known = world(*filters)
    return patched(_unpatched("sidecar"), patches_for(known, proxy_of(known, "sidecar")))


def listener(view: ProxyView, name: str) -> dict[str, Any]:
    """A listener as istioctl prints it."""
    return next(each for each in listeners(view.listeners) if each["name"] == name)


def filters_of(view: ProxyView, name: str) -> list[str]:
    """Names of the HTTP filters of a listener's first chain that speaks HTTP."""
    chains = listener(view, name)["filterChains"]
    found = next(one for chain in chains for one in chain["filters"] if one["name"] == MANAGER)
    return [each["name"] for each in found["typedConfig"]["httpFilters"]]


def table(view: ProxyView, name: str) -> dict[str, Any]:
    """A route table as istioctl prints it."""
    return next(each for each in routes(view.routes) if each["name"] == name)


def cluster(view: ProxyView, name: str) -> dict[str, Any]:
    """A cluster as istioctl prints it."""
    return next(each for each in clusters(view.clusters) if each["name"] == name)
