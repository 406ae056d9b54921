"""Gateway API objects as text, and the Istio objects that they become."""

from __future__ import annotations

import json
from typing import Any

from pulumi_mesh.manifests.loading import load_objects
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.proxy.resolve.gateway_api import to_istio

HOST = "{}.{}.svc.cluster.local"


def snapshot(*manifests: dict[str, Any]) -> Snapshot:
    """The snapshot of manifests."""
    return snapshot_of([each for each, _ in load_objects("\n---\n".join(map(json.dumps, manifests)))])


def istio(kind: str, *manifests: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What manifests become: the Istio objects of a kind, by name."""
    found = to_istio(snapshot(*manifests)).objects.get(f"networking.istio.io/{kind}", ())
    return {each.name: to_wire(each) for each in found}


def rules(*manifests: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The entries of ``http`` of each virtual service, by host."""
    return {each["spec"]["hosts"][0]: each["spec"]["http"] for each in istio("VirtualService", *manifests).values()}


def gateway(*listeners: dict[str, Any], name: str = "edge", namespace: str = "infra", **spec: Any) -> dict[str, Any]:
    """A Gateway of the class istio."""
    return _object("Gateway", name, namespace, {"gatewayClassName": "istio", "listeners": list(listeners), **spec})


def listener(name: str = "http", port: int = 80, protocol: str = "HTTP", **more: Any) -> dict[str, Any]:
    """A listener; ``namespaces="All"`` takes routes of all."""
    namespaces = more.pop("namespaces", None)
    if namespaces is not None:
        given = {"from": namespaces} if isinstance(namespaces, str) else namespaces
        more["allowedRoutes"] = {**more.get("allowedRoutes", {}), "namespaces": given}
    return {"name": name, "port": port, "protocol": protocol, **more}


def route(
    *given: dict[str, Any],
    name: str = "route",
    namespace: str = "infra",
    kind: str = "HTTPRoute",
    parents: list[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A route of the Gateway ``edge``, or of ``parents``, with rules. created: its creation time."""
    created = more.pop("created", None)
    spec = {"parentRefs": [{"name": "edge"}] if parents is None else parents, "rules": list(given), **more}
    made = _object(kind, name, namespace, spec)
    if created:
        made["metadata"]["creationTimestamp"] = created
    return made


def rule(*backends: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A rule with backends."""
    return {**({"backendRefs": list(backends)} if backends else {}), **more}


def backend(name: str = "a", port: int = 8080, **more: Any) -> dict[str, Any]:
    """A reference to a backend."""
    return {"name": name, "port": port, **more}


def path(value: str, kind: str = "PathPrefix") -> dict[str, Any]:
    """A match of a path."""
    return {"path": {"type": kind, "value": value}}


def service(name: str = "a", namespace: str = "infra", *ports: int) -> dict[str, Any]:
    """A Service with ports named ``p-PORT``."""
    made = [{"name": f"p-{each}", "port": each, "appProtocol": "http"} for each in ports or (8080,)]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": made},
    }


def namespace(name: str, **labels: str) -> dict[str, Any]:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def grant(namespace: str, source: tuple[str, str], target: str, name: str | None = None) -> dict[str, Any]:
    """A ReferenceGrant. source: kind and namespace."""
    group = "gateway.networking.k8s.io"
    to = {"group": "", "kind": target, **({"name": name} if name else {})}
    spec = {"from": [{"group": group, "kind": source[0], "namespace": source[1]}], "to": [to]}
    return {**_object("ReferenceGrant", "grant", namespace, spec), "apiVersion": f"{group}/v1beta1"}


def listener_set(
    *listeners: dict[str, Any], name: str = "more", namespace: str = "infra", created: str = "", **parent: str
) -> dict[str, Any]:
    """A ListenerSet of the Gateway ``edge``."""
    made = _object(
        "ListenerSet", name, namespace, {"parentRef": {"name": "edge", **parent}, "listeners": list(listeners)}
    )
    if created:
        made["metadata"]["creationTimestamp"] = created
    return made


def destination(name: str = "a", namespace: str = "infra", port: int = 8080) -> dict[str, Any]:
    """An Istio destination."""
    return {"host": HOST.format(name, namespace), "port": {"number": port}}


def _object(kind: str, name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
