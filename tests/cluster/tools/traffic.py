"""A mesh's data plane that runs, and requests to it: from outside, from its workloads, and past its proxies."""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

import pulumi_mesh as pm
from pulumi_mesh.local.client import open_session
from pulumi_mesh.local.load import Load, Target
from pulumi_mesh.local.stub import Stub
from pulumi_mesh.local.tally import Tally, answerers
from pulumi_mesh.proxy.envoy.read import read_config_dump
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.routes import Forward, Route
from pulumi_mesh.render.istio.names import host_of
from tests.cluster.tools.addresses import loopback_network
from tests.cluster.tools.istiod import Istiod
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.pilot_agent import AgentProxy, proxies
from tests.cluster.tools.process import NotReadyError, free_ports
from tests.cluster.tools.workloads import Background, Deployment, deployment, stubs

_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. status: None when no answer did. headers: names in lower case.

    seen: (service, version) of every workload that had a part in it.
    """

    status: int | None
    headers: Mapping[str, str]
    seen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DataPlane:
    """A deployment with all its proxies and stubs running. proxies, stubs: by the workload's or gateway's name."""

    istiod: Istiod
    placed: Deployment
    proxies: Mapping[str, AgentProxy]
    stubs: Mapping[str, Stub]
    background: Background

    def from_outside(
        self,
        path: str,
        host: str,
        *,
        gateway: str = "public",
        port: int = 80,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Target:
        """A request to a declared port of a gateway. tls: whom to trust, where the port speaks it."""
        local = self.placed.gateways[gateway].ports[port]
        scheme = "https" if tls else "http"
        return Target(f"{scheme}://127.0.0.1:{local}{path}", host, method=method, headers=headers or {}, tls=tls)

    def from_workload(
        self, workload: str, service: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Target:
        """A request that a workload makes, which its sidecar takes."""
        called = self.placed.mesh.service(service)
        entry = f"http://{self.placed.apps[workload].egress}:{called.ports[0].number}"
        return Target(f"{entry}/", host_of(self.placed.mesh, called), method=method, headers=headers or {})

    def ask(self, target: Target) -> Answer:
        """Send one request, over a connection of its own."""
        return self.background.run(_ask(target))

    def inbound(self, workload: str) -> tuple[str, int]:
        """The address and port of a workload, as its clients in the mesh find them."""
        app = self.placed.apps[workload]
        return app.proxy.address, app.workload.service.ports[0].target_port or 0

    def view(self, name: str) -> ProxyView:
        """What a proxy acts on now."""
        return read_config_dump(self.proxies[name].config_dump())

    @contextmanager
    def load(self, target: Target, *, rate: float) -> Iterator[Load]:
        """Requests to ``target`` until the end of the block, ``rate`` a second, whatever else the test does."""
        made = Load(target, connections=4, rate=rate)
        self.background.run(made.__aenter__())
        try:
            yield made
        finally:
            # In good order also when the test has failed: requests under way end before the stubs do.
            self.background.run(made.__aexit__(None, None, None))

    def measure(self, target: Target, count: int) -> Tally:
        """What ``count`` requests to ``target`` show, sent as fast as answers come."""
        return self.background.run(_measure(target, count))

    def refused(self) -> dict[str, object]:
        """What Envoys have refused since they started, as they say and as istiod heard it; empty when nothing was.

        Waits until each has answered to all that it was sent.
        """
        wanted = {f"{each.proxy.name}.{each.proxy.namespace}" for each in self.proxies.values()}
        until(lambda: _answered(self.istiod) == wanted, "each proxy has answered to what istiod sent")
        said: dict[str, object] = {name: found for name, each in self.proxies.items() if (found := each.rejected())}
        said.update(_errors(self.istiod))
        metrics = self.istiod.metrics().splitlines()
        said.update({line: "istiod" for line in metrics if line.startswith("pilot_total_xds_rejects")})
        return said

    def retried(self) -> int:
        """How many requests Envoys have sent a second time."""
        return sum(
            value
            for each in self.proxies.values()
            for value in each.stats("upstream_rq_retry$").values()
            if isinstance(value, int)
        )


@contextmanager
def data_plane(
    folder: Path, binary: Callable[[str], Path], kubectl: Kubectl, istiod: Istiod, mesh: pm.Mesh
) -> Iterator[DataPlane]:
    """Deploy a workload for each version that ``mesh`` declares, and run all its proxies until the end of the block.

    Who applies the mesh, and when, is another matter; only its namespaces have to be there. What is deployed here is
    taken away in the end. istiod: as ``proxies`` needs it, which is also where the logs are.
    """
    with ExitStack() as stack:
        network = stack.enter_context(loopback_network())
        ports = stack.enter_context(free_ports(sum(len(each.listeners) for each in mesh.known_gateways)))
        # Not below `folder`: paths of sockets have to be short.
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mesh-")))
        placed = deployment(mesh, network, sockets, ports)
        background = Background()
        stack.enter_context(background.running())
        objects = list(placed.objects())
        stack.callback(_delete, kubectl, objects)
        kubectl.apply(*objects)
        serving = stack.enter_context(stubs(placed, background))
        started = stack.enter_context(proxies(folder, binary, kubectl, istiod, placed.proxies))
        plane = DataPlane(istiod, placed, {each.proxy.name: each for each in started.values()}, serving, background)
        # A proxy is ready with whatever istiod knew when it asked; what was applied last may have come later.
        until(lambda: all(_listens(*plane.inbound(name)) for name in placed.apps), "each workload can be reached")
        yield plane


def _delete(kubectl: Kubectl, objects: list[dict[str, Any]]) -> None:
    kubectl("delete", "--ignore-not-found", "--filename=-", given=yaml.safe_dump_all(objects))


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until ``holds()``; raises NotReadyError with ``what`` after 30 s."""
    deadline = time.monotonic() + _WITHIN
    while not holds():
        if time.monotonic() > deadline:
            raise NotReadyError(f"not after {_WITHIN:.0f} s: {what}")
        time.sleep(0.05)


def shares(view: ProxyView, route: str) -> dict[str, int]:
    """Where a proxy sends requests of the named route: subset to weight, those with none left out."""
    (found,) = [each for each in _routes(view) if each.name == route]
    assert isinstance(found.action, Forward)
    parts = {each.cluster: each.weight for each in found.action.weighted} or {found.action.cluster: 100}
    return {name.split("|")[2]: weight for name, weight in parts.items() if weight}


def subsets(view: ProxyView, host: str) -> set[str]:
    """The subsets of a host for which a proxy has clusters."""
    parts = [each.name.split("|") for each in view.clusters if each.name.startswith("outbound|")]
    return {subset for _, _, subset, name in parts if name == host and subset}


def ask_over_tls(address: tuple[str, int], root: str) -> tuple[Mapping[str, object], bytes]:
    """The certificate that a server shows to a client without one, and what it answers to that client's request.

    The certificate has come from the authority ``root`` (PEM), or ssl.SSLError is raised.
    """
    context = ssl.create_default_context(cadata=root)
    context.check_hostname = False  # a workload's name is a URI, which is looked at by the caller
    with socket.create_connection(address, timeout=10) as plain, context.wrap_socket(plain) as secured:
        certificate: Mapping[str, object] = secured.getpeercert() or {}
        # In TLS 1.3 a server that misses the client's certificate says so after the client's handshake is done.
        with suppress(ssl.SSLError, ConnectionResetError):
            secured.sendall(b"GET / HTTP/1.1\r\nhost: anyone\r\n\r\n")
            return certificate, secured.recv(1000)
    return certificate, b""


def _listens(address: str, port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((address, port)) == 0


async def _measure(target: Target, count: int) -> Tally:
    async with Load(target, connections=4) as load:
        return await load.measure(count)


async def _ask(target: Target) -> Answer:
    try:
        async with (
            open_session(timeout=20) as session,
            session.request(
                target.method,
                target.url,
                headers={**target.headers, "host": target.host},
                allow_redirects=False,
                ssl=target.tls if target.tls is not None else True,
                server_hostname=target.host if target.tls is not None else None,
            ) as response,
        ):
            told = await response.json() if response.content_type == "application/json" else None
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, tuple(answerers(told)) if told is not None else ())
    except aiohttp.ClientError:
        return Answer(None, {})


def _routes(view: ProxyView) -> Iterator[Route]:
    return (route for config in view.routes for host in config.virtual_hosts for route in host.routes)


def _answered(istiod: Istiod) -> set[str]:
    """The proxies that have acknowledged or refused the last that they were sent, of each kind."""
    return {
        each["proxy"]
        for each in _proxies(istiod)
        if all(kind.get("sent") == kind.get("acked") or kind.get("lastError") for kind in each["resources"].values())
    }


def _errors(istiod: Istiod) -> dict[str, str]:
    """What istiod was last told by proxies that refuse something now."""
    return {
        f"{each['proxy']} {name}": kind["lastError"]
        for each in _proxies(istiod)
        for name, kind in each["resources"].items()
        if kind.get("lastError")
    }


def _proxies(istiod: Istiod) -> list[dict[str, Any]]:
    """Of each connected proxy, what it was sent, and what it made of it."""
    found: list[dict[str, Any]] = json.loads(istiod.get("/debug/syncz"))
    return found
