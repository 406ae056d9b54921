"""What Istio writes into Envoy's metadata: the object that something came from, and the service."""

from __future__ import annotations

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import KnownService
from pulumi_mesh.objects import Object

_KINDS = {"VirtualService": "virtual-service", "DestinationRule": "destination-rule", "Sidecar": "sidecar"}


def config_path(item: Object) -> str:
    """The path of an object in the API, kind in kebab case. Mirrors AddConfigInfoMetadata (networking/util)."""
    return f"/apis/{item.api_version}/namespaces/{item.namespace}/{_KINDS[item.kind]}/{item.name}"


def config_metadata(item: Object) -> FrozenMap[str, object]:
    """Route metadata that names the object. Mirrors BuildConfigInfoMetadata (networking/util)."""
    istio = FrozenMap({"config": config_path(item)})
    return FrozenMap({"filter_metadata": FrozenMap({"istio": istio})})


def service_metadata(service: KnownService) -> FrozenMap[str, object]:
    """Who a cluster stands for. Mirrors buildServiceMetadata (core/cluster.go)."""
    return FrozenMap({"host": service.hostname, "name": service.name, "namespace": service.namespace})
