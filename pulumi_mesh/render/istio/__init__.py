"""The Istio backend: the model as Istio's objects."""

from __future__ import annotations

from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.render.istio.destinations import destinations
from pulumi_mesh.render.istio.gateways import gateways
from pulumi_mesh.render.istio.namespaces import namespaces
from pulumi_mesh.render.istio.policy import authorization, mutual_tls, request_authentication
from pulumi_mesh.render.istio.rate_limits import rate_limits
from pulumi_mesh.render.istio.routes import routes
from pulumi_mesh.render.istio.service_entries import service_entries
from pulumi_mesh.render.istio.stream_routes import stream_routes
from pulumi_mesh.render.istio.telemetry import telemetry
from pulumi_mesh.render.result import Entry

# In the order in which the objects are applied; ``render`` sorts by phase and identity all the same.
STEPS = (
    namespaces,
    gateways,
    service_entries,
    destinations,
    mutual_tls,
    request_authentication,
    authorization,
    routes,
    stream_routes,
    rate_limits,
    telemetry,
)


def entries(mesh: Mesh) -> list[Entry]:
    """The objects of a mesh without canaries, each with its identity and source."""
    return [entry for step in STEPS for entry in step(mesh)]
