"""Services outside the mesh become ServiceEntries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.service import Port, Service
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import host_of
from pulumi_mesh.render.result import Entry


def service_entries(mesh: Mesh) -> Iterator[Entry]:
    """One ServiceEntry for each service of the mesh that has a resolution."""
    for each in mesh.services:
        if each.owner == "mesh" and each.resolution is not None:
            made = entry_object(mesh, each)
            yield Entry(Identity("ServiceEntry", each.namespace, each.name), made, f'services["{each.name}"]')


def entry_object(mesh: Mesh, service: Service) -> istio.ServiceEntry:
    """The ServiceEntry of a service outside the mesh; the endpoints of a version carry its labels."""
    spec: dict[str, Any] = {
        "hosts": [host_of(mesh, service)],
        "location": "MESH_EXTERNAL",
        "resolution": service.resolution,
        "ports": [_port(each) for each in service.ports],
    }
    endpoints = [
        {"address": address, "labels": workload.labels}
        for workload in service.workloads
        for address in workload.addresses
    ]
    if endpoints:
        spec["endpoints"] = endpoints
    return istio.ServiceEntry(service.name, namespace=mesh.physical_namespace(service.namespace), spec=spec)


def _port(port: Port) -> dict[str, Any]:
    target = {"targetPort": port.target_port} if port.target_port != port.number else {}
    return {"number": port.number, "name": port.name, "protocol": port.protocol, **target}
