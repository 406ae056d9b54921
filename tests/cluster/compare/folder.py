"""A folder of manifests as a world: what it declares, and what a cluster that it is meant for would have beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pulumi_mesh.files import read_paths
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Proxy, Snapshot
from pulumi_mesh.manifests.wire import from_wire
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve.gateway_api.proxies import with_managed
from tests.cluster.compare.world import World, is_read, of_snapshot


def of_folder(folder: Path) -> World:
    """The world of a folder: every YAML and JSON file below it, by the registries of ``snapshot_of``.

    Where a destination has no Service in it, as in what ``pulumi-mesh render`` writes, one is implied, with a workload
    for each subset. Proxies: those that are implied, those that istiod deploys for Gateways, and a client in every
    namespace that then has no sidecar. A listener's certificate has to be in the folder: istiod looks at it.
    Raises MeshError for what cannot be read.
    """
    objects = tuple(from_wire(each.data, f"{each.file}:{each.line}") for each in read_paths([folder]))
    kept = [each for each in objects if not isinstance(each, Object) or _is_applied(each) or each.api_version == "v1"]
    known = with_managed(snapshot_of(kept, implied=True))
    clients = tuple(_clients(known))
    taken = replace(
        known,
        objects=FrozenMap({kind: those for kind, those in known.objects.items() if _is_applied(those[0])}),
        proxies=(*known.proxies, *clients),
    )
    notes = [
        f"implied, as the folder has no Service for it: {each.hostname}" for each in known.services if each.ref is None
    ]
    notes += [
        f"not applied, as its kind is not there: {each.kind} {each.namespace}/{each.name}"
        for each in objects
        if _is_routing(each.api_version) and not (isinstance(each, Object) and _is_applied(each))
    ]
    return of_snapshot(str(folder), taken, tuple(notes))


def _is_applied(item: Object) -> bool:
    return is_read(item) or item.kind == "Namespace"


def _is_routing(api_version: str) -> bool:
    """Whether istiod would read it in a cluster that has the kind."""
    group = api_version.rpartition("/")[0]
    return group.endswith(("istio.io", "networking.k8s.io", "networking.x-k8s.io"))


def _clients(known: Snapshot) -> Iterator[Proxy]:
    spaces = {each.namespace for those in known.objects.values() for each in those if each.namespace}
    spaces -= {each.namespace for each in known.proxies if each.kind == "sidecar"}
    for position, space in enumerate(sorted(spaces), start=1):
        yield Proxy("sidecar", "client", space, f"10.42.1.{position}", FrozenMap({"app": "client"}))
