"""Cases of conflicting-gateways."""

from typing import Any

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import TOKEN, Expected, gateway, known, router, say, server

HTTPS: dict[str, Any] = {"tls": {"mode": "SIMPLE", "credentialName": "c"}}
FIRST = "Gateway edge/a spec.servers[0]"
A = gateway(server("x.example.com"), name="a")

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "one host": (
        known(A, gateway(server("y.example.com", "x.example.com"), name="b")),
        [say(FIRST, "both take x.example.com on port 80", "istio=ingress")],
    ),
    "in other namespaces, written otherwise": (
        known(A, gateway(server("*/x.example.com"), name="b", namespace="edge2")),
        [say(FIRST, "edge/a and edge2/b")],
    ),
    "labels that one proxy carries": (
        known(A, gateway(server("x.example.com"), name="b", app="edge"), router(app="edge")),
        [say(FIRST)],
    ),
    "HTTPS and HTTP": (
        known(A, gateway(server("y.example.com", protocol="HTTPS", **HTTPS), name="b")),
        [say(FIRST, "speak HTTP and HTTPS", "another port")],
    ),
    "TCP twice": (
        known(
            gateway(server(port=9000, protocol="TCP"), name="a"),
            gateway(server("y", port=9000, protocol="TCP"), name="b"),
        ),
        [say(FIRST, "TCP")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "other hosts": known(A, gateway(server("y.example.com"), name="b")),
    "a wildcard beside a host": known(A, gateway(server("*.example.com"), name="b")),
    "other ports": known(A, gateway(server("x.example.com", port=8080), name="b")),
    "other addresses": known(A, gateway(server("x.example.com", bind="10.0.0.1"), name="b")),
    "other proxies": known(A, gateway(server("x.example.com"), name="b", istio="egress")),
    "labels that no one proxy carries": known(A, gateway(server("x.example.com"), name="b", app="edge"), router()),
    "HTTPS beside TLS": known(
        gateway(server("x", port=443, protocol="HTTPS", **HTTPS), name="a"),
        gateway(server("y", port=443, protocol="TLS", tls={"mode": "PASSTHROUGH"}), name="b"),
    ),
    "HTTP beside HTTP2": known(A, gateway(server("y.example.com", protocol="HTTP2"), name="b")),
    "for other namespaces": known(gateway(server("p/x"), name="a"), gateway(server("q/x"), name="b")),
    "the host waits": known(gateway(server(TOKEN), name="a"), gateway(server(TOKEN), name="b")),
    "the selector waits": known(A, gateway(server("x.example.com"), name="b", app=TOKEN), router(app=TOKEN)),
}
