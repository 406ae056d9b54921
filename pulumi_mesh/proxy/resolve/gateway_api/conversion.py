"""All Istio objects that the Gateway API objects of a snapshot become."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import AnyObject, from_wire
from pulumi_mesh.proxy.resolve.gateway_api.attachments import world
from pulumi_mesh.proxy.resolve.gateway_api.listeners import listeners
from pulumi_mesh.proxy.resolve.gateway_api.policies import destination_rules
from pulumi_mesh.proxy.resolve.gateway_api.proxies import with_managed
from pulumi_mesh.proxy.resolve.gateway_api.references import grants
from pulumi_mesh.proxy.resolve.gateway_api.virtual_services import virtual_services

__all__ = ["converted", "with_managed"]


def converted(snapshot: Snapshot) -> Iterator[AnyObject]:
    """Gateways, virtual services and destination rules. Mirrors NewController (controller.go)."""
    granted = grants(snapshot)
    listening = listeners(snapshot, granted)
    for each in listening:
        if each.manifest is not None:
            yield from_wire(each.manifest)
    for manifest in virtual_services(world(snapshot, granted, listening)):
        yield from_wire(manifest)
    for manifest in destination_rules(snapshot):
        yield from_wire(manifest)
