"""A small mesh to change: reviews in two versions, its clients, and one that has no sidecar."""

from __future__ import annotations

from typing import Any

from pulumi_mesh.manifests.loading import load_objects
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import AnyObject, from_wire


def _document(api: str, kind: str, name: str, namespace: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}


def _service(name: str, namespace: str, address: str, port: int) -> dict[str, Any]:
    spec = {"clusterIP": address, "selector": {"app": name}, "ports": [{"name": "http", "port": port}]}
    return _document("v1", "Service", name, namespace, spec=spec)


def _pod(name: str, namespace: str, app: str, version: str, address: str) -> dict[str, Any]:
    found = _document("v1", "Pod", name, namespace, status={"podIP": address, "phase": "Running"})
    found["metadata"]["labels"] = {"app": app, "version": version}
    found["spec"] = {"serviceAccountName": app, "containers": [{"name": app, "image": "app:1"}]}
    return found


def _namespace(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


FACTS = tuple(
    from_wire(each)
    for each in (
        _namespace("shop", **{"istio-injection": "enabled"}),
        _namespace("bare"),
        _service("reviews", "shop", "10.1.0.1", 9080),
        _service("web", "shop", "10.1.0.2", 80),
        _service("cron", "bare", "10.1.0.3", 80),
        _pod("reviews-1", "shop", "reviews", "v1", "10.0.0.1"),
        _pod("reviews-2", "shop", "reviews", "v2", "10.0.0.2"),
        _pod("web-1", "shop", "web", "v1", "10.0.0.3"),
        _pod("cron-1", "bare", "cron", "v1", "10.0.0.4"),
    )
)
HOST = "reviews.shop.svc.cluster.local"


def istio(kind: str, spec: dict[str, Any], name: str = "reviews") -> AnyObject:
    """An object of Istio in namespace ``shop``."""
    security = ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication")
    api = "security.istio.io/v1" if kind in security else "networking.istio.io/v1"
    return from_wire(_document(api, kind, name, "shop", spec=spec))


def subsets(*versions: str) -> AnyObject:
    """The DestinationRule with a subset for each version."""
    made = [{"name": each, "labels": {"version": each}} for each in versions]
    return istio("DestinationRule", {"host": "reviews", "subsets": made})


def to(subset: str = "", weight: int = 0) -> dict[str, Any]:
    """A destination of a route."""
    found: dict[str, Any] = {"destination": {"host": "reviews"}}
    if subset:
        found["destination"]["subset"] = subset
    return found | ({"weight": weight} if weight else {})


def routes(*http: dict[str, Any]) -> AnyObject:
    """The VirtualService of reviews."""
    return istio("VirtualService", {"hosts": ["reviews"], "http": list(http)})


def world(*objects: AnyObject) -> Snapshot:
    """The mesh with these objects."""
    return snapshot_of([*FACTS, *objects])


def read(text: str) -> list[AnyObject]:
    """The objects of a YAML text."""
    return [each for each, _ in load_objects(text, "mesh.yaml")]
