"""Manifests of a whole cluster from seeds: all that Istio and the Gateway API say, in the words of their objects.

Beside it ``generated`` gives a mesh of the model. The same seed gives the same objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from pulumi_mesh.validation.judge import judge
from tests.cluster.compare.generate.manifests.envoy_filters import envoy_filters
from tests.cluster.compare.generate.manifests.gateway_api import gateway_api
from tests.cluster.compare.generate.manifests.gateways import gateways, ingresses
from tests.cluster.compare.generate.manifests.mesh_config import with_providers
from tests.cluster.compare.generate.manifests.routes import delegation, http_routes, stream_routes
from tests.cluster.compare.generate.manifests.scene import Document, Scene, cluster, scene
from tests.cluster.compare.generate.manifests.security import (
    authorization_policies,
    peer_authentications,
    request_authentications,
)
from tests.cluster.compare.generate.manifests.service_entries import service_entries
from tests.cluster.compare.generate.manifests.sidecars import sidecars
from tests.cluster.compare.generate.manifests.telemetry import telemetries
from tests.cluster.compare.generate.manifests.traffic import destination_rules

FEATURES: tuple[tuple[float, Callable[[Scene], Iterator[Document]]], ...] = (
    (0.4, service_entries),
    (0.3, sidecars),
    (0.35, http_routes),
    (0.3, stream_routes),
    (0.25, delegation),
    (0.4, destination_rules),
    (0.3, request_authentications),
    (0.3, peer_authentications),
    (0.35, authorization_policies),
    (0.3, telemetries),
    (0.35, gateways),
    (0.2, ingresses),
    (0.3, gateway_api),
)
"""What a cluster may hold beside its services, each with the share of clusters that do."""


def generated_manifests(seed: int) -> list[Document]:
    """The objects of a seed. What a cluster would refuse is left out."""
    random = Random(f"manifests-{seed}")
    seen = scene(random)
    made = list(cluster(seen))
    for share, feature in FEATURES:
        if random.random() < share:
            made += feature(seen)
    named = "provider" in str(made)
    if named or random.random() < 0.25:
        made.append(with_providers(seen, more=random.random() < (0.3 if named else 1)))
    if random.random() < 0.3:
        made += envoy_filters(seen)
    accepted = (each for each in made if judge(each, "experimental").accepted)
    first: dict[tuple[str, str, str], Document] = {}
    for each in accepted:
        metadata = each["metadata"]
        first.setdefault((each["apiVersion"], each["kind"], f"{metadata.get('namespace')}/{metadata['name']}"), each)
    return list(first.values())
