"""A small mesh by hand: services, workloads and proxies of two namespaces, to put objects in."""

from __future__ import annotations

from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort, Workload
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.proxy.view.routes import Route, VirtualHost
from pulumi_mesh.refs import Ref
from tests.support.views import accepted

HTTP = ServicePort("http", 9080, 9080, "HTTP")
TCP = ServicePort("tcp", 3306, 3307, "TCP")
GRPC = ServicePort("grpc", 9090, 9090, "GRPC")

ROUTER = Proxy("router", "ingress", "istio-system", "10.2.0.1", FrozenMap({"istio": "ingress"}))
CLIENT = Proxy("sidecar", "client-1", "shop", "10.1.0.9", FrozenMap({"app": "client"}))
FAR = Proxy("sidecar", "far-1", "far", "10.1.1.9", FrozenMap({"app": "far"}))


def service(name: str, *ports: ServicePort, namespace: str = "shop", address: str = "10.96.0.1") -> KnownService:
    """A service that selects workloads by ``app``; headless without an address."""
    return KnownService(
        f"{name}.{namespace}.svc.cluster.local",
        name,
        namespace,
        ports,
        address,
        FrozenMap({"app": name}),
        Ref("Service", namespace, name),
        resolution="STATIC" if address else "NONE",
    )


def workload(name: str, address: str, *, account: str = "default", mesh: bool = True, version: str = "v1") -> Workload:
    """A workload of namespace shop; ``app`` is its name up to the dash."""
    labels = FrozenMap({"app": name.partition("-")[0], "version": version})
    return Workload(name, "shop", address, labels, account, mesh, Ref("Service", "shop", name))


DEFAULTS = MeshConfig()
SERVICES = (
    service("reviews", HTTP, address="10.96.0.1"),
    service("details", HTTP, address="10.96.0.2"),
    service("multi", HTTP, TCP, GRPC, ServicePort("web", 80, 8080, "HTTP"), address="10.96.0.3"),
    service("bare", HTTP, TCP, address=""),
)
WORKLOADS = (
    workload("reviews-1", "10.1.0.1", account="b"),
    workload("reviews-2", "10.1.0.2", account="a", version="v2"),
    workload("details-1", "10.1.0.3", mesh=False),
    workload("multi-1", "10.1.0.4"),
    workload("bare-1", "10.1.0.5"),
    workload("bare-2", "10.1.0.6"),
)


def shop(*objects: Object, mesh: MeshConfig = DEFAULTS, services: tuple[KnownService, ...] = SERVICES) -> Snapshot:
    """A snapshot with these objects."""
    return snapshot(objects, services=services, workloads=WORKLOADS, proxies=(ROUTER, CLIENT, FAR), mesh=mesh)


def view(*objects: Object, proxy: Proxy = CLIENT, mesh: MeshConfig = DEFAULTS) -> ProxyView:
    """What a proxy is told, taken by Envoy and the same when read back."""
    return accepted(resolve(shop(*objects, mesh=mesh), proxy))


def cluster(name: str, *objects: Object, proxy: Proxy = CLIENT) -> Cluster:
    """One cluster of a proxy; ``name`` up to the service's, in namespace shop."""
    return next(each for each in view(*objects, proxy=proxy).clusters if each.name == f"{name}.shop.svc.cluster.local")


def routed(*http: dict[str, Any], proxy: Proxy = CLIENT, objects: tuple[Object, ...] = ()) -> tuple[Route, ...]:
    """The routes of a virtual service of reviews, for a sidecar."""
    made = istio.VirtualService("reviews", namespace="shop", spec={"hosts": ["reviews"], "http": list(http)})
    return hosts_of(view(made, *objects, proxy=proxy), "9080")["reviews.shop.svc.cluster.local:9080"].routes


def hosts_of(found: ProxyView, table: str) -> dict[str, VirtualHost]:
    """The virtual hosts of a route table, by name."""
    return {host.name: host for each in found.routes if each.name == table for host in each.virtual_hosts}


def to(host: str, subset: str = "", port: int = 0, **more: Any) -> dict[str, Any]:
    """A destination of a route."""
    destination: dict[str, Any] = {"host": host}
    if subset:
        destination["subset"] = subset
    if port:
        destination["port"] = {"number": port}
    return {"destination": destination, **more}
