"""Gateways: listeners become servers of an Istio Gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.gateway import Listener
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.result import Entry


def gateways(mesh: Mesh) -> Iterator[Entry]:
    """One Gateway for each that the mesh owns."""
    for each in mesh.gateways:
        if each.owner == "external":
            continue
        made = istio.Gateway(
            each.name,
            namespace=mesh.physical_namespace(each.namespace),
            spec={"selector": each.selector, "servers": [_server(listener) for listener in each.listeners]},
        )
        yield Entry(Identity("Gateway", each.namespace, each.name), made, f'gateways["{each.name}"]')


def _server(listener: Listener) -> dict[str, Any]:
    server: dict[str, Any] = {
        "name": listener.name,
        "port": {"number": listener.port, "name": listener.name, "protocol": listener.protocol},
        "hosts": listener.hostnames,
    }
    if listener.protocol == "HTTPS":
        server["tls"] = {"mode": "SIMPLE", "credentialName": listener.certificate}
    elif listener.https_redirect:
        server["tls"] = {"httpsRedirect": True}
    return server
