"""One snapshot of several: of programs, and of manifests beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, Workload
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.snapshot import snapshot as index
from pulumi_mesh.objects import Object
from pulumi_mesh.refs import Identity

_ALLOCATED = "240."
"""What addresses start with that are nobody's own, so that two snapshots may have given out the same one."""


def together(parts: Sequence[Snapshot], config: MeshConfig) -> Snapshot:
    """All that the parts know. config: the MeshConfig of the whole.

    A service that several know is as the first of them has it, with the workloads that this one knows for it; and so is
    a gateway's proxy that several have. Raises MeshError for two objects of one identity that differ.
    """
    objects = _distinct(parts)
    services: list[KnownService] = []
    workloads: list[Workload] = []
    proxies: list[Proxy] = []
    for part in parts:
        hosts = {each.hostname for each in services}
        same = {_key(each) for one in part.services if one.hostname in hosts for each in part.workloads_of(one)}
        same.update(map(_key, workloads))
        gateways = {(each.name, each.namespace) for each in proxies} | {each.labels for each in proxies}
        new = _free(
            part,
            [each for each in part.services if each.hostname not in hosts],
            [each for each in part.workloads if _key(each) not in same],
            [
                each
                for each in part.proxies
                if (_key(each) not in same if each.kind == "sidecar" else not {_key(each), each.labels} & gateways)
            ],
            _used(services, workloads, proxies),
        )
        services += new.services
        workloads += new.workloads
        proxies += new.proxies
    return index(objects, services=services, workloads=workloads, proxies=proxies, mesh=config)


def _key(item: Workload | Proxy) -> tuple[str, str]:
    return item.name, item.namespace


def _distinct(parts: Sequence[Snapshot]) -> list[Object]:
    """The objects of all, each once; of a Namespace the first."""
    found: dict[tuple[str, Identity], Object] = {}
    for part in parts:
        for group, those in part.objects.items():
            for each in those:
                if found.setdefault((group, each.identity), each) != each and each.kind != "Namespace":
                    raise MeshError("is declared in two of the paths, and differs", where=str(each.identity))
    return list(found.values())


def _free(
    part: Snapshot,
    services: Iterable[KnownService],
    workloads: Iterable[Workload],
    proxies: Iterable[Proxy],
    taken: set[str],
) -> Snapshot:
    """These of a part, at other addresses where theirs were allocated and are taken."""
    used = _used(part.services, part.workloads, part.proxies)
    fresh = (address for address in _addresses() if address not in taken and address not in used)
    moved: dict[str, str] = {}

    def free(address: str) -> str:
        if address not in taken or not address.startswith(_ALLOCATED):
            return address
        if address not in moved:
            moved[address] = next(fresh)
        return moved[address]

    return dataclasses.replace(
        part,
        services=tuple(
            dataclasses.replace(each, address=free(each.address), addresses=tuple(map(free, each.addresses)))
            for each in services
        ),
        workloads=tuple(dataclasses.replace(each, address=free(each.address)) for each in workloads),
        proxies=tuple(dataclasses.replace(each, address=free(each.address)) for each in proxies),
    )


def _used(services: Iterable[KnownService], workloads: Iterable[Workload], proxies: Iterable[Proxy]) -> set[str]:
    found = {each.address for each in services}
    found.update(each.address for each in workloads)
    return found.union(each.address for each in proxies)


def _addresses() -> Iterator[str]:
    return (f"240.4.{high}.{low}" for high in range(256) for low in range(1, 255))
