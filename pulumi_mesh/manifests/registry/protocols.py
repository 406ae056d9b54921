"""The protocol of a port, from what its object says of it."""

from __future__ import annotations

from pulumi_mesh.manifests.facts import Protocol

_PROTOCOLS: dict[str, Protocol] = {
    "tcp": "TCP",
    "udp": "UDP",
    "grpc": "GRPC",
    "grpc-web": "GRPC_WEB",
    "http": "HTTP",
    "http_proxy": "HTTP_PROXY",
    "http2": "HTTP2",
    "https": "HTTPS",
    "tls": "TLS",
    "mongo": "MONGO",
    "redis": "REDIS",
    "mysql": "MYSQL",
}
_STANDARD: dict[str, Protocol] = {
    "kubernetes.io/h2c": "HTTP2",
    "kubernetes.io/ws": "HTTP",
    "kubernetes.io/wss": "HTTPS",
}
_SERVER_FIRST = frozenset({25, 53, 3306, 27017})
"""SMTP, DNS, MySQL, MongoDB: to wait for a client's first bytes would hang them."""


def parse(text: str) -> Protocol:
    """The protocol of a word, in any case; UNSUPPORTED for any other. Mirrors Parse (pkg/config/protocol)."""
    return _PROTOCOLS.get(text.lower(), "UNSUPPORTED")


def of_service_port(number: int, name: str, transport: str, app_protocol: str | None) -> Protocol:
    """The protocol of a port of a Kubernetes Service: by ``appProtocol``, else by its name up to the first dash.

    Mirrors ConvertProtocol (pkg/config/kube).
    """
    if transport == "UDP":
        return "UDP"
    said = name if app_protocol is None else app_protocol
    if app_protocol in _STANDARD:
        return _STANDARD[app_protocol]
    if said[: len("grpc-web")].lower() == "grpc-web":
        return "GRPC_WEB"
    found = parse(said.partition("-")[0])
    return "TCP" if found == "UNSUPPORTED" and number in _SERVER_FIRST else found
