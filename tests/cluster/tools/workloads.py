"""What the owner of an application deploys: Services, service accounts and workloads, here on loopback addresses.

Nothing of it is the mesh's. Stubs stand for the applications; each is reached through its sidecar alone.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, TypeVar

import pulumi_mesh as pm
from pulumi_mesh.local.folder import socket_path
from pulumi_mesh.local.stub import Call, Stub
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.model.service import Service, Workload
from pulumi_mesh.render import snapshot
from pulumi_mesh.render.facts import sidecars
from pulumi_mesh.render.istio.names import host_of

T = TypeVar("T")

# In the network of a test process: pods first, then for each the address at which its own requests enter its sidecar.
_PODS, _APPS = 1, 101


@dataclass(frozen=True, slots=True)
class Gateway:
    """Proxies at the edge. proxy: with its address here. ports: declared port to the one that it listens on."""

    proxy: Proxy
    ports: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class App:
    """A workload. proxy: its sidecar, with its address here. egress: the address at which the sidecar takes the
    workload's own requests, on the ports of the services called. socket: where the sidecar hands over requests.
    """

    proxy: Proxy
    workload: Workload
    egress: str
    socket: Path


@dataclass(frozen=True, slots=True)
class Deployment:
    """The workloads of a mesh, placed on this machine; both by name."""

    mesh: pm.Mesh
    gateways: Mapping[str, Gateway]
    apps: Mapping[str, App]

    @property
    def proxies(self) -> tuple[Proxy, ...]:
        """All proxies, with their addresses here."""
        return (*(each.proxy for each in self.gateways.values()), *(each.proxy for each in self.apps.values()))

    def objects(self) -> Iterator[dict[str, Any]]:
        """What the API server is to be given. Namespaces have to be there.

        Services select WorkloadEntries, since nothing here makes pods; a Sidecar object for each workload has its
        proxy listen on addresses of its own, since nothing redirects traffic to it.
        """
        for namespace, account in sorted({(each.namespace, each.service_account) for each in self.proxies}):
            yield _object("v1", "ServiceAccount", namespace, account)
        for service in self.mesh.known_services:
            ports = {each.number: each.target_port or each.number for each in service.ports}
            names = {each.number: each.name for each in service.ports}
            yield _service(self.mesh.physical_namespace(service.namespace), service.name, service.labels, ports, names)
        for name, gateway in self.gateways.items():
            proxy = gateway.proxy
            yield from _reads_secrets(proxy)
            names = {port: f"http-{port}" for port in gateway.ports}
            yield _service(proxy.namespace, name, proxy.labels, gateway.ports, names)
        for proxy in self.proxies:
            spec = {
                "address": proxy.address,
                "labels": dict(proxy.labels),
                "serviceAccount": proxy.service_account,
            }
            yield _istio("WorkloadEntry", proxy, spec)
        for app in self.apps.values():
            yield _istio("Sidecar", app.proxy, _listeners(app))


def deployment(mesh: pm.Mesh, network: IPv4Network, folder: Path, ports: list[int]) -> Deployment:
    """The workloads that ``mesh`` declares, one of each version, and its gateways, at addresses of ``network``.

    folder: for the sockets of the stubs; its path must be short. ports: free ones, one for each gateway listener.
    """
    free = iter(ports)
    known = snapshot(mesh.at())
    routers = [each for each in known.proxies if each.kind == "router"]
    gateways = {
        proxy.name: Gateway(
            dataclasses.replace(proxy, address=str(network[_PODS + position])),
            {
                listener.port: next(free)
                for gateway in mesh.known_gateways
                if gateway.selector == proxy.labels
                for listener in gateway.listeners
            },
        )
        for position, proxy in enumerate(routers)
    }
    apps = {
        proxy.name: App(
            dataclasses.replace(proxy, address=str(network[_PODS + position])),
            workload,
            str(network[_APPS + position]),
            socket_path(folder, proxy.name),
        )
        for position, (proxy, workload) in enumerate(sidecars(mesh).items(), start=len(routers))
    }
    return Deployment(mesh, gateways, apps)


class Background:
    """An event loop in a thread of its own, so that stubs answer and load flows whatever the test waits for."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run until the end of the block."""
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do ``work`` there and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def stubs(placed: Deployment, background: Background) -> Iterator[dict[str, Stub]]:
    """Run a stub for each workload until the end of the block; each calls what its service declares to call."""
    made = {name: _stub(placed.mesh, app) for name, app in placed.apps.items()}
    try:
        for each in made.values():
            background.run(each.start())
        yield made
    finally:
        for each in made.values():
            background.run(each.stop())


def _stub(mesh: pm.Mesh, app: App) -> Stub:
    service, version = app.workload.service, app.workload.version
    calls = tuple(Call(f"{app.egress}:{_port(called)}", host_of(mesh, called)) for called in service.calls)
    return Stub(service.name, version.name if version else "", app.proxy.name, app.socket, calls=calls)


def _port(service: Service) -> int:
    return service.ports[0].number


def _listeners(app: App) -> dict[str, Any]:
    """The spec of a Sidecar: its own ports go to the stub; what the workload calls has a listener each.

    A listener takes any service of its port, as it would in a cluster: a mesh is not told who calls whom.
    """
    own = app.workload.service
    wanted = {port.number: port.protocol for called in own.calls for port in called.ports}
    # A Sidecar without egress listeners gets those of all services, at addresses that are not this machine's.
    wanted = wanted or {port.number: port.protocol for port in own.ports}
    return {
        "workloadSelector": {"labels": dict(app.proxy.labels)},
        "ingress": [
            {
                "port": {"number": port.target_port, "protocol": port.protocol, "name": port.name},
                "bind": app.proxy.address,
                "captureMode": "NONE",
                "defaultEndpoint": f"unix://{app.socket}",
            }
            for port in own.ports
        ],
        "egress": [
            {
                "port": {"number": number, "protocol": protocol, "name": f"{protocol.lower()}-{number}"},
                "bind": app.egress,
                "captureMode": "NONE",
                "hosts": ["*/*"],
            }
            for number, protocol in sorted(wanted.items())
        ],
    }


def _reads_secrets(proxy: Proxy) -> Iterator[dict[str, Any]]:
    """What lets a gateway have certificates of listeners: istiod asks whether its account may read Secrets."""
    name, namespace = proxy.service_account, proxy.namespace
    rbac = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "watch", "list"]}
    yield {**_object(f"{rbac}/v1", "Role", namespace, name), "rules": [rule]}
    yield {
        **_object(f"{rbac}/v1", "RoleBinding", namespace, name),
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
    }


def _service(
    namespace: str, name: str, labels: Mapping[str, str], ports: Mapping[int, int], names: Mapping[int, str]
) -> dict[str, Any]:
    listed = [{"port": port, "targetPort": target, "name": names[port]} for port, target in ports.items()]
    return {**_object("v1", "Service", namespace, name), "spec": {"selector": dict(labels), "ports": listed}}


def _istio(kind: str, proxy: Proxy, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {**_object("networking.istio.io/v1", kind, proxy.namespace, proxy.name), "spec": spec}


def _object(version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}
