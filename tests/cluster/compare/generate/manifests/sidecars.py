"""Sidecar: what a workload sees, where its proxy listens, and to whom it hands requests."""

from __future__ import annotations

from collections.abc import Iterator

from tests.cluster.compare.generate.manifests.scene import ROOT, Document, Scene, document
from tests.cluster.compare.generate.manifests.service_entries import HOSTS


def sidecars(seen: Scene) -> Iterator[Document]:
    """One of the mesh, of a namespace, of a workload: at most one of each."""
    if seen.chance(0.25):
        yield document("Sidecar", ROOT, "default", {"egress": [{"hosts": _hosts(seen)}], **_policy(seen)})
    if seen.chance(0.5):
        yield document("Sidecar", seen.one(seen.spaces), "default", {"egress": _egress(seen), **_policy(seen)})
    if seen.chance(0.6):
        service = seen.one(seen.services)
        spec: Document = {"workloadSelector": {"labels": {"app": service.name}}, **_policy(seen)}
        if seen.chance(0.7):
            spec["egress"] = _egress(seen)
        if seen.chance(0.5):
            spec["ingress"] = _ingress(seen)
        if seen.chance(0.2):
            spec["inboundConnectionPool"] = {
                "http": {"http1MaxPendingRequests": 5, "maxRequestsPerConnection": 3, "idleTimeout": "9s"},
                "tcp": {"maxConnections": 7},
            }
        yield document("Sidecar", service.namespace, "own", spec)


def _policy(seen: Scene) -> Document:
    if seen.chance(0.7):
        return {}
    return {"outboundTrafficPolicy": {"mode": seen.one(["REGISTRY_ONLY", "ALLOW_ANY"])}}


def _hosts(seen: Scene) -> list[str]:
    service = seen.one(seen.services)
    choices = ["./*", "*/*", f"{service.namespace}/*", f"*/{service.host}", f"./{service.host}", "istio-system/*"]
    choices += [
        "~/*",
        f"*/{HOSTS[0]}",
        "*/*.example.net",
        f"{service.namespace}/*.{service.namespace}.svc.cluster.local",
    ]
    return seen.some(sorted(choices), 1, 3)


def _egress(seen: Scene) -> list[Document]:
    made: list[Document] = []
    if seen.chance(0.5):
        service = seen.one(seen.services)
        port = seen.one(service.ports)
        protocol = seen.one(["HTTP", "TCP", "HTTPS", "GRPC", "TLS"])
        one: Document = {
            "port": {"number": seen.one([port["port"], 9999]), "protocol": protocol, "name": "given"},
            "hosts": [f"*/{service.host}"] if seen.chance(0.6) else ["*/*"],
        }
        if seen.chance(0.4):
            one["bind"] = "127.0.0.1"
        if seen.chance(0.3):
            one["captureMode"] = seen.one(["NONE", "DEFAULT", "IPTABLES"])
        made.append(one)
    if not made or seen.chance(0.7):
        made.append({"hosts": _hosts(seen)})
    return made


def _ingress(seen: Scene) -> list[Document]:
    made = []
    for number, protocol in seen.some([(9080, "HTTP"), (9081, "TCP"), (9082, "GRPC"), (9083, "HTTPS")], 1, 2):
        one: Document = {
            "port": {"number": number, "protocol": protocol, "name": protocol.lower()},
            "defaultEndpoint": seen.one(["127.0.0.1:8080", "0.0.0.0:8081", "unix:///var/run/app.sock"]),
        }
        if seen.chance(0.3):
            one["bind"] = "0.0.0.0"  # noqa: S104 - written into an object
        if protocol == "HTTPS":
            one["tls"] = {"mode": "SIMPLE", "serverCertificate": "/cert.pem", "privateKey": "/key.pem"}
        if seen.chance(0.3):
            one["connectionPool"] = {"http": {"http2MaxRequests": 11}, "tcp": {"connectTimeout": "3s"}}
        made.append(one)
    return made
