"""Gateways: listeners become servers of an Istio Gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.gateway import Gateway, Listener
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.result import Entry


def gateways(mesh: Mesh) -> Iterator[Entry]:
    """One Gateway for each that the mesh owns."""
    for each in mesh.gateways:
        if each.owner == "mesh":
            made = gateway_object(mesh, each)
            yield Entry(Identity("Gateway", each.namespace, each.name), made, f'gateways["{each.name}"]')


def gateway_object(mesh: Mesh, gateway: Gateway) -> istio.Gateway:
    """The Gateway, with a server for each listener."""
    return istio.Gateway(
        gateway.name,
        namespace=mesh.physical_namespace(gateway.namespace),
        spec={"selector": gateway.selector, "servers": [_server(listener) for listener in gateway.listeners]},
    )


def _server(listener: Listener) -> dict[str, Any]:
    server: dict[str, Any] = {
        "name": listener.name,
        "port": {"number": listener.port, "name": listener.name, "protocol": listener.protocol},
        "hosts": listener.hostnames,
    }
    if listener.protocol in ("HTTPS", "TLS"):
        given = {
            "mode": listener.tls_mode,
            "credentialName": listener.certificate,
            "caCertCredentialName": listener.client_ca,
            "subjectAltNames": listener.subject_alt_names,
            "minProtocolVersion": listener.min_tls_version,
        }
        server["tls"] = {key: value for key, value in given.items() if value}
    elif listener.https_redirect:
        server["tls"] = {"httpsRedirect": True}
    return server
