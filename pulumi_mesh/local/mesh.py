"""A mesh on this machine: one Envoy for each gateway and workload, stub workloads, a local authority."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.authority import Authority
from pulumi_mesh.local.endpoints import held_by_clusters
from pulumi_mesh.local.envoy import Envoy
from pulumi_mesh.local.envoy import start as start_envoy
from pulumi_mesh.local.home import run_folder
from pulumi_mesh.local.layout import DISCOVERY, LOOPBACK, Node, callers, key_of, lay_out, placement
from pulumi_mesh.local.ports import Ports
from pulumi_mesh.local.publish import Update, publish, write
from pulumi_mesh.local.secrets import secret_files
from pulumi_mesh.local.stats import rejected
from pulumi_mesh.local.stub import Behaviour, Call, Stub
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.service import Workload
from pulumi_mesh.proxy.envoy.write import write_discovery
from pulumi_mesh.proxy.place import place
from pulumi_mesh.proxy.resolve import resolve_all
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.render import snapshot
from pulumi_mesh.render.facts import sidecars
from pulumi_mesh.render.istio.names import host_of

BOOTSTRAP = "bootstrap.json"


class LocalMesh:
    """Runs a mesh for as long as the ``async with`` block lasts; nothing is left behind after it.

    stages: where its canaries stand at first. ports: for a gateway's declared port the loopback port that is wanted;
    default: free ones. behaviours: how the stub of a workload (by its name) departs from answering at once.
    Raises MeshError for a port that is taken, an Envoy that dies, and config that an Envoy refuses.
    """

    def __init__(
        self,
        mesh: Mesh,
        *,
        stages: Mapping[str, int] | None = None,
        ports: Mapping[int, int] | None = None,
        behaviours: Mapping[str, Behaviour] | None = None,
    ) -> None:
        self.mesh = mesh
        self._stages = dict(stages or {})
        self._preferred = dict(ports or {})
        self._behaviours = dict(behaviours or {})
        self.nodes: tuple[Node, ...] = ()
        self.stubs: dict[str, Stub] = {}
        self.envoys: dict[str, Envoy] = {}
        self._exit = contextlib.AsyncExitStack()

    async def __aenter__(self) -> LocalMesh:
        try:
            await self._start()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.check_nothing_rejected()
        finally:
            await self._exit.aclose()

    async def move(self, stages: Mapping[str, int]) -> None:
        """Bring all proxies to other stages of the canaries, make before break; returns when all have taken them."""
        moved = {**self._stages, **stages}
        await self._publish(self._written(_views(snapshot(self.mesh.at(moved)))))
        self._stages = moved

    async def change(self, mesh: Mesh) -> None:
        """Bring all proxies to another description of the same workloads. Raises MeshError where these differ."""
        views = _views(snapshot(mesh.at(self._stages if mesh.canaries else {})))
        if {each.proxy for each in self.nodes} != set(views):
            raise MeshError("the other mesh has other workloads or gateways; start it anew")
        await self._publish(self._written(views))
        self.mesh = mesh

    async def watch(self) -> None:
        """Wait until an Envoy dies. Raises MeshError with its last words."""
        watches = [asyncio.create_task(envoy.watch()) for envoy in self.envoys.values()]
        try:
            await asyncio.gather(*watches)
        finally:
            for each in watches:
                each.cancel()
            await asyncio.gather(*watches, return_exceptions=True)

    async def check_nothing_rejected(self) -> None:
        """Raise MeshError when some Envoy has refused config since it started."""
        for key, envoy in self.envoys.items():
            refused = rejected(await envoy.stats("update_rejected"))
            if refused:
                raise MeshError(f"the Envoy of {key} refused config: {refused}\n{envoy.last_lines(holding='rejected')}")

    def node(self, name: str) -> Node:
        """The proxy of a gateway or workload: ``NAME`` or ``NAME.NAMESPACE``. Raises MeshError where there is none."""
        found = [each for each in self.nodes if name in (each.key, each.proxy.name)]
        if len(found) != 1:
            known = ", ".join(each.key for each in self.nodes)
            how = "several proxies are" if found else "no proxy is"
            raise MeshError(f"{how} named {name!r}; there are: {known}")
        return found[0]

    def gateway_url(self, gateway: str, port: int) -> str:
        """Where requests for a gateway's declared port are to be sent: ``http://127.0.0.1:PORT``, or ``https://``.

        Gateways with one selector in one namespace are served by one proxy. Raises MeshError for a port of no listener.
        """
        declared = self.mesh.gateway(gateway)
        listener = next((each for each in declared.listeners if each.port == port), None)
        served = (self.mesh.physical_namespace(declared.namespace), declared.selector)
        node = next(each for each in self.nodes if (each.proxy.namespace, each.proxy.labels) == served)
        local = node.port_of(port)
        if listener is None or local is None:
            raise MeshError(f"the gateway {gateway!r} does not listen on port {port}")
        return f"{listener.protocol.lower()}://{LOOPBACK}:{local}"

    def outbound_url(self, workload: str, port: int) -> str:
        """Where a workload's own requests for ``port`` enter its sidecar."""
        local = self.node(workload).port_of(port)
        if local is None:
            raise MeshError(f"{workload!r} calls nothing on port {port}; say so with calls=[...]")
        return f"http://{LOOPBACK}:{local}"

    def inbound_port(self, workload: str, port: int) -> int:
        """The loopback port that stands for a workload's own ``port``. Raises MeshError for one it does not serve."""
        inbound = self.node(workload).inbound
        if port not in inbound:
            raise MeshError(f"{workload!r} does not serve port {port}; it serves {', '.join(map(str, inbound))}")
        return inbound[port]

    def client_tls(self) -> ssl.SSLContext:
        """TLS of a client that trusts the local authority and has no certificate."""
        return ssl.create_default_context(cafile=str(self.authority.roots))

    def host_of(self, service: str) -> str:
        """The host name of a service."""
        return host_of(self.mesh, self.mesh.service(service))

    async def _start(self) -> None:
        folder = self._exit.enter_context(run_folder())
        ports = self._exit.enter_context(Ports())
        taken = snapshot(self.mesh.at(self._stages))
        views = _views(taken)
        self.authority = Authority(taken.mesh.trust_domain, folder / "authority")
        workloads = sidecars(self.mesh)
        calls = {
            key_of(proxy): tuple(host_of(self.mesh, each) for each in workload.service.calls)
            for proxy, workload in workloads.items()
        }
        self.nodes = lay_out(
            views,
            folder,
            reserve=ports.reserve,
            outbound=callers(taken, calls),
            preferred=self._preferred,
        )
        credentials = _credentials(self.mesh)
        self._secrets = {each.key: secret_files(each, self.authority, credentials) for each in self.nodes}
        for node in self.nodes:
            node.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if node.proxy.kind == "sidecar":
                await self._start_stub(node, workloads[node.proxy], calls[node.key], taken)
        ports.hand_over()
        written = self._written(views)
        for node in self.nodes:
            write(node.discovery, self._files(node, written[node.key]))
        started = await asyncio.gather(
            *(self._start_envoy(node, written[node.key][BOOTSTRAP]) for node in self.nodes), return_exceptions=True
        )
        for outcome in started:
            if isinstance(outcome, BaseException):
                raise outcome
        await self._publish(written)

    async def _publish(self, written: Mapping[str, Mapping[str, Any]]) -> None:
        """Bring every Envoy to what was written for it, and wait until all have taken it."""
        await publish([Update(self.envoys[n.key], n.discovery, self._files(n, written[n.key])) for n in self.nodes])

    async def _start_envoy(self, node: Node, bootstrap: Mapping[str, Any]) -> None:
        envoy = await start_envoy(node.key, bootstrap, node.folder)
        self._exit.push_async_callback(envoy.stop)
        self.envoys[node.key] = envoy

    async def _start_stub(self, node: Node, workload: Workload, hostnames: tuple[str, ...], taken: Snapshot) -> None:
        made = []
        for hostname in hostnames:
            known = taken.service(hostname)
            port = next((each.number for each in known.ports if each.protocol != "TCP"), None) if known else None
            local = node.port_of(port) if port is not None else None
            if local is not None:
                made.append(Call(f"{LOOPBACK}:{local}", hostname))
        stub = Stub(
            workload.service.name,
            workload.version.name if workload.version else "",
            node.proxy.name,
            node.socket,
            calls=tuple(made),
            behaviour=self._behaviours.get(node.proxy.name),
        )
        starting = asyncio.create_task(stub.start())
        self._exit.push_async_callback(_stop, stub, starting)
        await asyncio.shield(starting)
        self.stubs[node.proxy.name] = stub

    def _files(self, node: Node, written: Mapping[str, Any]) -> dict[str, Any]:
        """What Envoy watches: all that was written but the bootstrap, and its secrets."""
        return {**{path: file for path, file in written.items() if path != BOOTSTRAP}, **self._secrets[node.key]}

    def _written(self, views: Mapping[Proxy, ProxyView]) -> dict[str, dict[str, Any]]:
        """Each view as config for its place on this machine, by the node's key."""
        placed = {node.key: place(views[node.proxy], placement(node, self.nodes)) for node in self.nodes}
        return {key: write_discovery(held_by_clusters(view), DISCOVERY) for key, view in placed.items()}


async def _stop(stub: Stub, starting: asyncio.Task[None]) -> None:
    """A stub that has half started could not close what it has opened."""
    await asyncio.wait([starting])
    await stub.stop()


def _views(taken: Snapshot) -> dict[Proxy, ProxyView]:
    return resolve_all(taken, taken.proxies)


def _credentials(mesh: Mesh) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for gateway in mesh.known_gateways:
        for listener in gateway.listeners:
            if listener.certificate:
                hosts = tuple("localhost" if host == "*" else host for host in listener.hostnames)
                key = f"kubernetes://{listener.certificate}"
                names[key] = tuple(dict.fromkeys((*names.get(key, ()), *hosts)))
                names.setdefault(f"kubernetes://{listener.client_ca}" if listener.client_ca else f"{key}-cacert", ())
    return names
