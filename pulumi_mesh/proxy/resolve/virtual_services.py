"""Virtual services: names resolved, bound to gateways, in Istio's order."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_mesh.istio import VirtualService
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve.hosts import fqdn

MESH = "mesh"
"""The name that binds a virtual service to all sidecars."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A virtual service with full host names. gateways: ``mesh`` or ``NAMESPACE/NAME``."""

    source: VirtualService
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]


def bound_virtual_services(snapshot: Snapshot) -> tuple[Bound, ...]:
    """All virtual services, oldest first where the age is known, then by name and namespace.

    Mirrors ResolveVirtualServiceShortnames, getGatewayNames and configCompareByCreationTime (pilot/pkg/model).
    """
    domain = snapshot.mesh.domain
    return tuple(
        Bound(
            each,
            hosts=tuple(fqdn(host, each.namespace, domain) for host in each.spec.hosts or ()),
            gateways=tuple(gateway_name(name, each.namespace) for name in each.spec.gateways or (MESH,)),
        )
        for each in sorted(snapshot.of(VirtualService), key=by_age)
    )


def by_age(item: Object) -> tuple[str, str, str]:
    """Istio's order of objects of one kind. Mirrors configCompareByCreationTime (pilot/pkg/model/config.go)."""
    return str(item.metadata.get("creationTimestamp", "")), item.name, item.namespace


def gateway_name(name: str, namespace: str) -> str:
    """``NAMESPACE/NAME`` of a gateway that an object of ``namespace`` names.

    Mirrors resolveGatewayName (pilot/pkg/model).
    """
    if name == MESH:
        return name
    before, slash, after = name.partition("/")
    if slash:
        return f"{namespace}/{after}" if before == "." else name
    short, dot, rest = name.partition(".")
    return f"{rest.split('.')[0]}/{short}" if dot else f"{namespace}/{name}"


def bound_to(all_bound: tuple[Bound, ...], gateway: str, proxy_namespace: str) -> tuple[Bound, ...]:
    """Those bound to a gateway that a proxy of ``proxy_namespace`` may see: its own private ones, those exported to
    its namespace, then public ones.

    Mirrors PushContext.VirtualServicesForGateway and initVirtualServices (pilot/pkg/model/push_context.go).
    """
    private: list[Bound] = []
    exported: list[Bound] = []
    public: list[Bound] = []
    for each in all_bound:
        if gateway not in each.gateways:
            continue
        export_to = {each.source.namespace if to == "." else to for to in each.source.spec.export_to or ("*",)}
        if "*" in export_to:
            public.append(each)
        elif "~" not in export_to and proxy_namespace in export_to:
            (private if proxy_namespace == each.source.namespace else exported).append(each)
    return (*private, *exported, *public)
