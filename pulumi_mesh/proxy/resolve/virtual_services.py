"""Virtual services: names resolved, delegates merged, bound to gateways, in Istio's order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

from pulumi_mesh.istio import VirtualService, virtual_service
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve.delegation import Delegate, HttpEntry, delegated
from pulumi_mesh.proxy.resolve.full_names import MESH, gateway_name, http_entry, stream_entry
from pulumi_mesh.proxy.resolve.hosts import fqdn
from pulumi_mesh.proxy.resolve.origins import places, rule_of

Semantics = Literal["", "gateway", "ingress"]

_SEMANTICS = "internal.istio.io/route-semantics"


@dataclass(frozen=True, slots=True)
class Bound:
    """A virtual service with full names, and its delegates' entries in the place of those that delegate.

    gateways: ``mesh`` or ``NAMESPACE/NAME``. visible_to: namespaces; ``*`` is all, ``~`` none.
    semantics: what it was made from, where that is read in another way: Gateway API, or Ingress.
    """

    source: VirtualService
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    http: tuple[HttpEntry, ...] = ()
    tcp: tuple[virtual_service.Tcp, ...] = ()
    tls: tuple[virtual_service.Tls, ...] = ()
    visible_to: frozenset[str] = frozenset("*")
    semantics: Semantics = ""


def bound_virtual_services(snapshot: Snapshot) -> tuple[Bound, ...]:
    """All virtual services, oldest first where the age is known, then by name and namespace.

    Mirrors mergeVirtualServices (pilot/pkg/model/virtualservice_controller.go), getGatewayNames and
    configCompareByCreationTime (pilot/pkg/model).
    """
    domain = snapshot.mesh.domain
    defaults = snapshot.mesh.virtual_service_export_to
    ordered = sorted(snapshot.of(VirtualService), key=by_age)
    delegates = {
        (each.namespace, each.name): Delegate(
            tuple(_entries(each, domain)), exported(each.spec.export_to, each.namespace, defaults)
        )
        for each in ordered
        if not each.spec.hosts
    }
    found: list[Bound] = []
    for each in ordered:
        spec, namespace = each.spec, each.namespace
        if not spec.hosts:
            continue
        entries = (made for entry in _entries(each, domain) for made in delegated(entry, namespace, delegates))
        found.append(
            Bound(
                each,
                hosts=tuple(fqdn(host, namespace, domain) for host in spec.hosts),
                gateways=tuple(gateway_name(name, namespace) for name in spec.gateways or (MESH,)),
                http=tuple(entries),
                tcp=tuple(stream_entry(entry, namespace, domain) for entry in spec.tcp or ()),
                tls=tuple(stream_entry(entry, namespace, domain) for entry in spec.tls or ()),
                visible_to=exported(spec.export_to, namespace, defaults),
                semantics=_semantics(each),
            )
        )
    return tuple(found)


def exported(export_to: Iterable[str] | None, namespace: str, defaults: Iterable[str]) -> frozenset[str]:
    """The namespaces that see an object of ``namespace``; ``*`` is all, ``~`` none. defaults: the mesh's.

    Mirrors convertExportToSet and copyDefaultExportToSet (pilot/pkg/model/virtualservice_controller.go).
    """
    return frozenset(namespace if each == "." else each for each in export_to or defaults)


def by_age(item: Object) -> tuple[str, str, str]:
    """Istio's order of objects of one kind. Mirrors configCompareByCreationTime (pilot/pkg/model/config.go)."""
    return str(item.metadata.get("creationTimestamp", "")), item.name, item.namespace


def bound_to(all_bound: tuple[Bound, ...], gateway: str, proxy_namespace: str) -> tuple[Bound, ...]:
    """Those bound to a gateway that a proxy of ``proxy_namespace`` may see: its own private ones, those exported to
    its namespace, then public ones; of these, first the routes of the Gateway API of its own namespace.

    Mirrors PushContext.VirtualServicesForGateway and initVirtualServices (pilot/pkg/model/push_context.go).
    """
    private: list[Bound] = []
    shared: list[Bound] = []
    own: list[Bound] = []
    public: list[Bound] = []
    for each in all_bound:
        if gateway not in each.gateways:
            continue
        home = proxy_namespace == each.source.namespace
        if "*" in each.visible_to:
            (own if home and each.semantics == "gateway" else public).append(each)
        elif "~" not in each.visible_to and proxy_namespace in each.visible_to:
            (private if home else shared).append(each)
    return (*private, *shared, *own, *public)


def _entries(source: VirtualService, domain: str) -> Iterator[HttpEntry]:
    written = places(source)
    for position, spec in enumerate(source.spec.http or ()):
        made = http_entry(spec, source.namespace, domain)
        if written:
            yield HttpEntry(made, rule_of(written[position]), tuple(written[position] for _ in spec.match or ()))
            continue
        path = f"spec.http[{position}]"
        matches = tuple(ref_of(source, f"{path}.match[{place}]") for place in range(len(spec.match or ())))
        yield HttpEntry(made, ref_of(source, path), matches)


def _semantics(source: VirtualService) -> Semantics:
    """Mirrors UseGatewaySemantics and UseIngressSemantics (pilot/pkg/model/virtualservice.go)."""
    found = source.annotations.get(_SEMANTICS, "")
    return cast("Semantics", found) if found in ("gateway", "ingress") else ""
