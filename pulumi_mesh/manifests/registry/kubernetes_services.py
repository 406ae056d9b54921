"""Services of a cluster as istiod knows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pulumi_mesh import kubernetes
from pulumi_mesh.frozen import thaw
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Resolution, ServicePort
from pulumi_mesh.manifests.registry.allocation import SERVICES, allocate
from pulumi_mesh.manifests.registry.labels import texts
from pulumi_mesh.manifests.registry.protocols import of_service_port
from pulumi_mesh.manifests.snapshot import ref_of
from pulumi_mesh.words.identities import spiffe_id

_EXPORT_TO = "networking.istio.io/exportTo"
_DISTRIBUTION = "networking.istio.io/traffic-distribution"
_SPIFFE_ACCOUNTS = "alpha.istio.io/canonical-serviceaccounts"
_ACCOUNTS = "alpha.istio.io/kubernetes-serviceaccounts"


def kubernetes_services(
    items: Iterable[kubernetes.Service],
    mesh: MeshConfig,
    *,
    annotations: Mapping[str, Mapping[str, str]],
    listed: Collection[tuple[str, str]],
    addresses: bool,
) -> Iterator[KnownService]:
    """Each Service. annotations: of namespaces, by name. listed: namespace and name of those whose endpoints are
    listed. addresses: whether those without a ``clusterIP`` get one, as from a cluster; they are given by name."""
    allocated = allocate(SERVICES)
    for item in sorted(items, key=lambda each: (each.namespace, each.name)):
        chosen = next(allocated) if addresses and _needs_address(item) else ""
        yield _service(item, mesh, annotations.get(item.namespace, {}), (item.namespace, item.name) in listed, chosen)


def _needs_address(item: kubernetes.Service) -> bool:
    return not item.spec.cluster_ip and item.spec.type != "ExternalName"


def _service(
    item: kubernetes.Service, mesh: MeshConfig, inherited: Mapping[str, str], listed: bool, address: str
) -> KnownService:
    """Mirrors ConvertService (pilot/pkg/serviceregistry/kube/conversion.go)."""
    spec = item.spec
    headless = spec.cluster_ip == "None"
    resolution: Resolution = "NONE" if headless else "STATIC"
    addresses: tuple[str, ...] = ()
    if spec.cluster_ip and not headless:
        many = spec.cluster_ips or ()
        addresses = tuple(map(str, many)) if len(many) > 1 else (str(spec.cluster_ip),)
    elif address:
        addresses = (address,)
    annotations = texts(item.annotations)
    export_to = annotations.get(_EXPORT_TO, "")
    alias = str(spec.external_name or "") if spec.type == "ExternalName" else ""
    distribution = spec.traffic_distribution or annotations.get(_DISTRIBUTION) or inherited.get(_DISTRIBUTION, "")
    return KnownService(
        hostname=f"{item.name}.{item.namespace}.svc.{mesh.domain}",
        name=item.name,
        namespace=item.namespace,
        ports=tuple(_port(each) for each in spec.ports or ()),
        addresses=addresses,
        selector=texts(spec.selector),
        ref=ref_of(item),
        resolution=resolution,
        external=bool(alias),
        export_to=tuple(part.strip() for part in export_to.split(",")) if export_to else (),
        subject_alt_names=tuple(_accounts(annotations, item.namespace, mesh)),
        created=str(item.metadata.get("creationTimestamp") or ""),
        labels=texts(item.labels),
        listed=listed,
        alias_of=alias,
        node_local=spec.internal_traffic_policy == "Local",
        traffic_distribution=str(distribution),
        annotations=annotations,
        external_addresses=tuple(_outside(item)),
    )


def _outside(item: kubernetes.Service) -> Iterator[str]:
    if item.spec.type == "LoadBalancer":
        status: Any = thaw(item.status)
        for each in status.get("loadBalancer", {}).get("ingress") or ():
            yield str(each.get("ip") or each.get("hostname") or "")
    yield from map(str, item.spec.external_ips or ())


def _port(port: kubernetes.ServicePort) -> ServicePort:
    """A target that is a name is looked up at each workload."""
    named = isinstance(port.target_port, str)
    return ServicePort(
        name=str(port.name or ""),
        number=port.port,
        target_port=port.port if isinstance(port.target_port, str) else port.target_port or port.port,
        protocol=of_service_port(port.port, port.name or "", port.protocol or "TCP", port.app_protocol),
        target_name=str(port.target_port) if named else "",
    )


def _accounts(annotations: Mapping[str, str], namespace: str, mesh: MeshConfig) -> Iterator[str]:
    if annotations.get(_SPIFFE_ACCOUNTS):
        yield from annotations[_SPIFFE_ACCOUNTS].split(",")
    if annotations.get(_ACCOUNTS):
        for name in annotations[_ACCOUNTS].split(","):
            yield spiffe_id(mesh.trust_domain, namespace, name)
