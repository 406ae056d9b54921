"""A folder of manifests as a world: what it declares, and what a cluster that it is meant for would have beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulumi_mesh.files import read_paths
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import AnyObject, from_wire
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve.gateway_api.proxies import with_managed
from pulumi_mesh.proxy.resolve.ingress import to_istio
from tests.cluster.compare.world import World, is_read, of_snapshot


def of_folder(folder: Path) -> World:
    """The world of a folder: every YAML and JSON file below it. Raises MeshError for what cannot be read."""
    return of_objects(str(folder), (from_wire(each.data, f"{each.file}:{each.line}") for each in read_paths([folder])))


def of_documents(name: str, documents: Iterable[Mapping[str, Any]]) -> World:
    """The world of manifests, as ``of_folder`` makes it."""
    return of_objects(name, map(from_wire, documents))


def of_objects(name: str, found: Iterable[AnyObject]) -> World:
    """The world of objects, by the registries of ``snapshot_of``.

    Where a destination has no Service in it, as in what ``pulumi-mesh render`` writes, one is implied, with a workload
    for each subset. Proxies: those that are implied, those that istiod deploys for Gateways, and a client in every
    namespace that then has no sidecar. A listener's certificate has to be among them: istiod looks at it.
    """
    objects = tuple(found)
    kept = [each for each in objects if not isinstance(each, Object) or _is_applied(each) or each.api_version == "v1"]
    known = with_managed(snapshot_of(kept, implied=True))
    known = replace(known, proxies=to_istio(known).proxies)
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
        if _is_routing(each.api_version) and not is_read(each)
    ]
    return of_snapshot(name, taken, tuple(notes))


def _is_applied(item: AnyObject) -> bool:
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
