"""One world after the other in a cluster, and the moment when istiod has taken a world in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.manifests.snapshot import target_port
from tests.cluster.compare.ads import Discovery
from tests.cluster.compare.api import Api
from tests.cluster.compare.mesh import as_mesh_config
from tests.cluster.compare.world import World, pod_labels
from tests.cluster.tools.api_server import api_server
from tests.cluster.tools.finding import module_folder
from tests.cluster.tools.istiod import istiod
from tests.cluster.tools.kubectl import Kubectl, key_of
from tests.cluster.tools.pilot_agent import FOR_STOCK_ENVOY, MESH_FOR_STOCK_ENVOY
from tests.cluster.tools.verdicts import gateway_api

_MARKERS = "compare-markers"
_WITHIN = 60.0
_FIRST = ("Namespace", "Node", "Pod")
_NO_ADDRESS = "0.0.0.0"  # noqa: S104 - compared, not bound
_VARIABLES = {**FOR_STOCK_ENVOY, "PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER": "false"}
"""Nothing but a world makes Services: istiod would for Gateways."""
_MADE = "internal.istio.io/parents"
"""The annotation of what istiod made of objects of the Gateway API."""
_TOPOLOGY = ("topology.istio.io/", "topology.kubernetes.io/", "kubernetes.io/hostname")
"""Labels that istiod adds to those of endpoints."""


class NotTakenError(Exception):
    """istiod did not take a world in; the message says what is missing."""


class Cluster:
    """A cluster that holds one world at a time, and an istiod with the world's mesh config."""

    def __init__(self, kubectl: Kubectl, folder: Path, binary: Callable[[str], Path]) -> None:
        self.kubectl = kubectl
        self._folder = folder
        self._pilot = binary("pilot-discovery")
        self._api = Api(kubectl.kubeconfig)
        self._held: dict[Any, dict[str, Any]] = {}
        self._count = 0
        self._running = ExitStack()
        self._run(MeshConfig())

    def close(self) -> None:
        """Stop istiod and give up connections."""
        self._running.close()
        self._api.close()

    def _run(self, mesh: MeshConfig) -> None:
        """Run istiod with this config, in place of the one before."""
        self._running.close()
        self._mesh = mesh
        config = {**MESH_FOR_STOCK_ENVOY, **as_mesh_config(mesh)}
        self.istiod = self._running.enter_context(
            istiod(self._folder, self._pilot, self.kubectl, config, variables=_VARIABLES)
        )
        self.discovery = Discovery(self.istiod.xds, self.istiod.http)
        self._running.callback(self.discovery.close)
        self._api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _MARKERS}})

    def hold(self, world: World) -> None:
        """Put this world in place of the one before, and wait until istiod works with it.

        Raises ApiError where the API server, or istiod for it, refuses an object, and NotTakenError.
        """
        self._api.each(self._api.delete, self._held.values())
        if world.snapshot.mesh != self._mesh:
            self._run(world.snapshot.mesh)
        self._held = {key_of(each): each for each in world.manifests if each["kind"] != "Namespace"}
        for kind in _FIRST:
            self._api.each(self._api.apply, [each for each in world.manifests if each["kind"] == kind])
        # Older objects come first in Istio, to the second: so they are made in the order of their names, which is the
        # one of a snapshot that knows no times.
        rest = [each for each in self._held.values() if each["kind"] not in _FIRST]
        stored = [self._api.apply(each) for each in sorted(rest, key=_by_name)]
        self._wait(lambda: self._missing(world, stored))
        self.settle()

    def _missing(self, world: World, stored: list[Any]) -> str:
        # istiod itself may write the status of an object, which gives it another version: a later one.
        wanted = {
            key_of(each): int(each["metadata"]["resourceVersion"])
            for each in stored
            if "istio.io" in each["apiVersion"]
        }
        known = {
            key_of(each): int(each["metadata"]["resourceVersion"])
            for each in self.discovery.page("/debug/configz")
            if each["metadata"].get("namespace") != _MARKERS
            and "istio.io" in each["apiVersion"]
            and "resourceVersion" in each["metadata"]  # what istiod made of an Ingress was never stored
            and _MADE not in (each["metadata"].get("annotations") or {})
        }
        if known.keys() != wanted.keys() or any(known[key] < version for key, version in wanted.items()):
            return f"objects {sorted(known.items() ^ wanted.items())}"
        services = {
            (each["hostname"], each["defaultAddress"])
            for each in self.discovery.page("/debug/registryz")
            if each["Attributes"]["Namespace"] != _MARKERS
        }
        hosts = {(each.hostname, one) for each in world.snapshot.services for one in each.addresses or (_NO_ADDRESS,)}
        if services != hosts:
            return f"services {sorted(services ^ hosts)}"
        endpoints = _endpoints(self.discovery.page("/debug/endpointShardz"))
        expected = {
            (
                service.hostname,
                port.name,
                each.address.removeprefix("unix://"),
                each.service_account,
                each.name,
                frozenset(_own(pod_labels(each) if each.kind == "Pod" else each.labels)),
            )
            for service in world.snapshot.services
            if service.registry != "Kubernetes"
            or "~" not in service.export_to  # which nobody may see, and istiod skips
            for each in world.snapshot.workloads_of(service)
            for port in service.ports
            if target_port(service, port, each) is not None
        }
        if endpoints != expected:
            return f"endpoints {sorted(map(str, endpoints ^ expected))}"
        return ""

    def settle(self) -> None:
        """Wait until what istiod pushes was computed after all that it knows by now.

        It gathers changes until none came for a tenth of a second. An object made now is pushed with or after them. A
        Service that nobody may see is no change to istiod: it is counted in with the next service that is one.
        """
        self._count += 1
        name = f"marker-{self._count}"
        ports = [{"name": "http", "number": 80, "protocol": "HTTP"}]
        service = {
            "apiVersion": "networking.istio.io/v1",
            "kind": "ServiceEntry",
            "metadata": {"name": "marker", "namespace": _MARKERS},
            "spec": {"hosts": [f"{name}.example"], "ports": ports, "resolution": "NONE", "exportTo": ["."]},
        }
        self._api.apply(service)
        marker = {
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": "marker", "namespace": _MARKERS},
            "spec": {"selector": {"matchLabels": {"nobody": name}}},
        }
        self._api.apply(marker)

        def missing() -> str:
            policies = self.discovery.page("/debug/authorizationz")["authorization_policies"]["namespace_to_policies"]
            found = [each["spec"]["selector"]["matchLabels"]["nobody"] for each in policies.get(_MARKERS, [])]
            return "" if found == [name] else f"{name}; it pushed {found}"

        self._wait(missing)

    def _wait(self, missing: Callable[[], str]) -> None:
        until = time.monotonic() + _WITHIN
        while what := missing():
            if time.monotonic() > until:
                raise NotTakenError(f"istiod does not know: {what}")
            time.sleep(0.01)


@contextmanager
def running(folder: Path, binary: Callable[[str], Path]) -> Iterator[Cluster]:
    """A cluster of its own with istiod, their files and logs in ``folder``. binary: gives the place of a binary."""
    with api_server(folder, binary) as kubectl, gateway_api(kubectl, "experimental", stays=True):
        crds = module_folder("istio", "istio.io/api") / "kubernetes" / "customresourcedefinitions.gen.yaml"
        kubectl("apply", "--server-side", f"--filename={crds}")
        kubectl.await_definitions()
        cluster = Cluster(kubectl, folder, binary)
        try:
            yield cluster
        finally:
            cluster.close()


def _by_name(manifest: dict[str, Any]) -> tuple[bool, str, str]:
    """A ServiceEntry's services are named by their hosts. Routes of the Gateway API go by namespace first."""
    metadata = manifest["metadata"]
    if manifest["kind"] in ("HTTPRoute", "GRPCRoute"):
        return True, metadata["namespace"], metadata["name"]
    name = manifest["spec"]["hosts"][0] if manifest["kind"] == "ServiceEntry" else metadata["name"]
    return False, name, metadata["namespace"]


def _endpoints(shards: Any) -> set[tuple[object, ...]]:
    """Service, port, address, account, workload and labels of every endpoint that istiod knows."""
    return {
        (
            host,
            each["ServicePortName"],
            address,
            each["ServiceAccount"].rpartition("/")[2],
            each["WorkloadName"],
            frozenset(_own(each["Labels"] or {})),
        )
        for host, spaces in shards.items()
        for space in spaces.values()
        for shard in space["Shards"].values()
        for each in shard or ()
        for address in each["Addresses"]
    }


def _own(labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Without those of a place."""
    return (item for item in labels.items() if not item[0].startswith(_TOPOLOGY))
