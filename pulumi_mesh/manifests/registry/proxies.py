"""The proxies that objects imply: gateways and sidecars."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import MeshConfig, Proxy, Workload
from pulumi_mesh.manifests.registry.allocation import GATEWAYS, allocate
from pulumi_mesh.manifests.registry.pods import Pod
from pulumi_mesh.manifests.snapshot import selects

_INTERCEPTION = "sidecar.istio.io/interceptionMode"


def proxies_of(
    gateways: Iterable[istio.Gateway], pods: Iterable[Pod], machines: Iterable[Workload], mesh: MeshConfig
) -> list[Proxy]:
    """A sidecar for each workload in the mesh, or a router where a Gateway selects it. Where no workload has what a
    Gateway selects, a router with just that."""
    known = {(each.workload.namespace, each.workload.name): each for each in pods if each.workload.mesh or each.gateway}
    selectors = [FrozenMap(each.spec.selector or {}) for each in gateways]
    found: list[Proxy] = []
    for pod in known.values():
        selected = any(each and selects(each, pod.workload.labels) for each in selectors)
        found.append(_proxy(pod, mesh, router=pod.gateway or selected))
    found += [_machine(each, mesh) for each in machines if each.mesh]
    allocated = allocate(GATEWAYS)
    for item, selector in zip(gateways, selectors, strict=True):
        if not any(each.kind == "router" and selects(selector, each.labels) for each in found):
            name = f"{item.name}.gateway" if (item.namespace, item.name) in known else item.name
            found.append(Proxy("router", name, item.namespace, next(allocated), selector, domain=mesh.domain))
    return found


def _proxy(pod: Pod, mesh: MeshConfig, *, router: bool) -> Proxy:
    workload = pod.workload
    mode = pod.annotations.get(_INTERCEPTION, "REDIRECT")
    return Proxy(
        "router" if router else "sidecar",
        workload.name,
        workload.namespace,
        workload.address,
        workload.labels,
        workload.service_account,
        mesh.domain,
        interception="TPROXY" if mode == "TPROXY" else "NONE" if mode == "NONE" else "REDIRECT",
        locality=workload.locality,
        network=workload.network,
        host=workload.node,
    )


def _machine(workload: Workload, mesh: MeshConfig) -> Proxy:
    return Proxy(
        "sidecar",
        workload.name,
        workload.namespace,
        workload.address,
        workload.labels,
        workload.service_account or "default",
        mesh.domain,
        locality=workload.locality,
        network=workload.network,
    )
