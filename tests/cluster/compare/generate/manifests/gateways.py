"""Gateway with every TLS mode and streams, what is routed through it, and Ingress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.cluster.compare.generate.manifests.routes import exported, http_route, weighted
from tests.cluster.compare.generate.manifests.scene import ROOT, Document, Scene, document

_HOSTS = ("shop.example.com", "*.example.com", "*", "api.example.org", "*.example.org")
_PORTS = (
    *(("HTTP", 80), ("HTTP", 8080), ("HTTP2", 8081), ("GRPC", 8082), ("HTTPS", 443), ("HTTPS", 443), ("HTTPS", 8443)),
    *(("TLS", 9443), ("TLS", 15443), ("TCP", 3306), ("MONGO", 27017)),
)
_LABELS = {"istio": "ingress"}
_CREDENTIAL: tuple[dict[str, Any], ...] = (
    {"mode": "SIMPLE", "credentialName": "one"},
    {"mode": "SIMPLE", "credentialNames": ["one", "two"]},
    {"mode": "SIMPLE", "serverCertificate": "/c.pem", "privateKey": "/k.pem", "minProtocolVersion": "TLSV1_3"},
    {"mode": "MUTUAL", "credentialName": "both", "subjectAltNames": ["client.example.com"]},
    {
        "mode": "MUTUAL",
        "credentialName": "both",
        "verifyCertificateSpki": ["e/g2q5p/0hQeLwK6WmCjHgy8Zzs9LK5Hqsc8mJf7dUs="],
    },
    {"mode": "MUTUAL", "serverCertificate": "/c.pem", "privateKey": "/k.pem", "caCertificates": "/ca.pem"},
    {"mode": "OPTIONAL_MUTUAL", "credentialName": "maybe"},
    {"mode": "ISTIO_MUTUAL"},
    {
        "mode": "SIMPLE",
        "credentialName": "old",
        "minProtocolVersion": "TLSV1_0",
        "cipherSuites": ["ECDHE-RSA-AES128-SHA"],
    },
)


def gateways(seen: Scene) -> Iterator[Document]:
    """One or two on the same proxies, behind a Service now and then, with VirtualServices for what they serve."""
    if seen.chance(0.3):
        ports = [{"name": f"p{each}", "port": each, "targetPort": target} for each, target in ((80, 8080), (443, 8443))]
        yield document("Service", ROOT, "ingress", {"selector": _LABELS, "ports": ports}, "v1")
    bound: list[tuple[str, list[str]]] = []
    for name in seen.some(["edge", "outer"], 1, 2):
        space = seen.space()
        servers = [_server(seen, name, number) for number in range(seen.random.randint(1, 4))]
        yield document("Gateway", space, name, {"selector": _LABELS, "servers": servers})
        bound.append((f"{space}/{name}", [host.rpartition("/")[2] for each in servers for host in each["hosts"]]))
    for position in range(seen.random.randint(1, 3)):
        gateway, hosts = seen.one(bound)
        yield _routed(seen, gateway, seen.one(hosts), position)


def _server(seen: Scene, gateway: str, number: int) -> Document:
    protocol, port = seen.one(_PORTS)
    hosts = seen.some(_HOSTS, 1, 2)
    if seen.chance(0.2):
        hosts = [f"{seen.one([*seen.spaces, '.', '*'])}/{each}" for each in hosts]
    if "*/*" in hosts:
        hosts = ["*/*"]  # beside another host istiod's mergeGateways reads past the end of the list, and istiod ends
    made: Document = {
        "port": {"number": port, "name": f"{protocol.lower()}-{port}-{gateway}-{number}", "protocol": protocol},
        "hosts": hosts,
    }
    if seen.chance(0.2):
        made["name"] = f"{gateway}-{number}"
    if protocol == "HTTPS":
        made["tls"] = seen.one([*_CREDENTIAL, {"mode": "PASSTHROUGH"}])
    if protocol == "TLS":
        passing = [{"mode": each} for each in ("PASSTHROUGH", "PASSTHROUGH", "AUTO_PASSTHROUGH", "AUTO_PASSTHROUGH")]
        made["tls"] = seen.one([_CREDENTIAL[0], _CREDENTIAL[3], *passing])
    if protocol == "HTTP" and seen.chance(0.2):
        made["tls"] = {"httpsRedirect": True}
    return made


def _routed(seen: Scene, gateway: str, host: str, position: int) -> Document:
    if seen.chance(0.5) and host != "*":
        host = host.replace("*", "deep")
    spec: Document = {"hosts": [host], "gateways": [gateway, *(["mesh"] if host != "*" and seen.chance(0.2) else [])]}
    kinds = seen.some(["http", "tcp", "tls"], 1, 2) if seen.chance(0.5) else ["http"]
    if "http" in kinds:
        spec["http"] = [http_route(seen) for _ in range(seen.one([1, 2]))]
    if "tcp" in kinds:
        spec["tcp"] = [{"match": [{"port": seen.one([3306, 27017, 9443])}], "route": weighted(seen, stream=True)}]
    if "tls" in kinds:
        match = {"port": seen.one([9443, 443, 15443]), "sniHosts": [host]}
        spec["tls"] = [{"match": [match], "route": weighted(seen, stream=True)}]
    return document("VirtualService", seen.one(seen.spaces), f"public-{position}", {**spec, **exported(seen)})


def ingresses(seen: Scene) -> Iterator[Document]:
    """One or two that Istio serves, by class or by annotation, and one that it leaves alone."""
    for position in range(seen.one([1, 2])):
        service = seen.one(seen.services)
        backend = {"service": {"name": service.name, "port": _port(seen, service.ports)}}
        kinds = seen.some(["Prefix", "Exact", "ImplementationSpecific"], 1, 2)
        paths = [{"path": seen.one(["/", "/a", "/a/b/"]), "pathType": each} for each in kinds]
        rule: Document = {"http": {"paths": [{**each, "backend": backend} for each in paths]}}
        if seen.chance(0.7):
            rule["host"] = seen.one(["in.example.com", "*.in.example.com"])
        spec: Document = {"rules": [rule]}
        if seen.chance(0.4):
            spec["tls"] = [{"hosts": ["in.example.com"], "secretName": f"in-{position}"}]
        if seen.chance(0.2):
            spec["defaultBackend"] = backend
        name = seen.one(["istio", "istio", "other"])
        annotations = {"kubernetes.io/ingress.class": name}
        yield document(
            "Ingress", service.namespace, f"in-{position}", spec, "networking.k8s.io/v1", annotations=annotations
        )


def _port(seen: Scene, ports: tuple[Document, ...]) -> Document:
    port = seen.one(ports)
    return {"number": port["port"]} if seen.chance(0.5) else {"name": port["name"]}
