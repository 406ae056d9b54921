"""Changes of a mesh with a gateway, as YAML: what is there before, what is there after."""

from __future__ import annotations

from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot

from .world import FACTS, read

MORE = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: always, namespace: shop}
spec: {selector: {istio: ingress}, servers: [{port: {number: 8443, name: http, protocol: HTTP}, hosts: [always.test]}]}
---
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: shop}
spec: {clusterIP: 10.1.0.9, selector: {istio: ingress}, ports: [{name: http, port: 80}, {name: https, port: 443}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ingress-1, namespace: shop, labels: {istio: ingress}}
spec: {serviceAccountName: ingress, containers: [{name: istio-proxy, image: "proxy:1"}]}
status: {podIP: 10.0.0.9, phase: Running}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: 10.1.0.5, selector: {app: db}, ports: [{name: tcp, port: 5432}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db-1, namespace: shop, labels: {app: db, version: v1}}
spec: {serviceAccountName: db, containers: [{name: db, image: "db:1"}]}
status: {podIP: 10.0.0.5, phase: Running}
"""
SPARE = """
apiVersion: v1
kind: Service
metadata: {name: spare, namespace: shop}
spec: {clusterIP: 10.1.0.7, selector: {app: web}, ports: [{name: http, port: 80}]}
---
"""
HTTP = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]%s}"
TLS = "{port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop.example.com], tls: {%s}}"
_GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: ingress}
  servers: [%s]
---
"""
TO_WEB = "[{route: [{destination: {host: web}}]}]"


def gateway(*servers: str, http: str = TO_WEB) -> str:
    """A gateway with these servers, and a route through it."""
    return _GATEWAY % ", ".join(servers) + virtual_service("shop.example.com", http, "gateways: [public]")


def virtual_service(host: str, http: str = "", more: str = "", name: str = "route") -> str:
    """A VirtualService."""
    routes = f"http: {http}" if http else ""
    return of("networking", "VirtualService", name, ", ".join(filter(None, (f"hosts: [{host}]", routes, more))))


def of(group: str, kind: str, name: str, spec: str) -> str:
    """An object of Istio: the fields of its spec, in one line."""
    return (
        f"apiVersion: {group}.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"spec: {{{spec}}}\n---\n"
    )


def gateway_api(*rules: str) -> str:
    """A gateway of the Gateway API, and an HTTPRoute with these rules."""
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: shop}}
spec:
  gatewayClassName: istio
  addresses: [{{type: Hostname, value: ingress.shop.svc.cluster.local}}]
  listeners: [{{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: edge, namespace: shop}}
spec:
  parentRefs: [{{name: edge}}]
  hostnames: [edge.example.com]
  rules: [{", ".join(rules)}]
---
"""


def snapshot(*texts: str) -> Snapshot:
    """The mesh with the objects of these texts."""
    return snapshot_of([*FACTS, *read(MORE), *read("---\n".join(texts))])
