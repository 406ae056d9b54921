"""TCP and TLS routes become VirtualServices: the ports that they act on are always written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.gateway import hostnames_of
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.stream_routes import StreamRoute, TCPRoute
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import gateway_name, host_of, shares, widest
from pulumi_mesh.render.result import Entry


def stream_routes(mesh: Mesh) -> Iterator[Entry]:
    """One VirtualService for each route."""
    for field, routes in (("tcp_routes", mesh.tcp_routes), ("tls_routes", mesh.tls_routes)):
        for each in routes:
            spec = _for_services(mesh, each) if each.services else _for_gateways(mesh, each)
            made = istio.VirtualService(each.name, namespace=mesh.physical_namespace(each.namespace), spec=spec)
            yield Entry(Identity("VirtualService", each.namespace, each.name), made, f'{field}["{each.name}"]')


def _for_gateways(mesh: Mesh, route: StreamRoute) -> dict[str, Any]:
    hosts = widest(route.hostnames or hostnames_of(route.listeners))
    ports = dict.fromkeys(each.port for each in route.listeners)
    names = {} if isinstance(route, TCPRoute) else {"sniHosts": hosts}
    return {
        "hosts": hosts,
        "gateways": [gateway_name(mesh, each) for each in route.gateways],
        _section(route): [
            {"match": [{"port": port, **names} for port in ports], "route": shares(mesh, route.backends)}
        ],
    }


def _for_services(mesh: Mesh, route: StreamRoute) -> dict[str, Any]:
    """A rule for each service and its port: connections have no host but the server name of TLS."""
    rules: dict[tuple[int, str], dict[str, Any]] = {}
    for service in route.services:
        host = host_of(mesh, service)
        for port in route.ports_of(service):
            if isinstance(route, TCPRoute):
                rules[port.number, ""] = {"port": port.number}
            else:
                rules[port.number, host] = {"port": port.number, "sniHosts": [host]}
    return {
        "hosts": [host_of(mesh, each) for each in route.services],
        _section(route): [{"match": list(rules.values()), "route": shares(mesh, route.backends)}],
    }


def _section(route: StreamRoute) -> str:
    return "tcp" if isinstance(route, TCPRoute) else "tls"
