"""``make benchmark-push``: one gateway's config, by resolve and by istiod, for the same objects in the same run.

istiod runs against an API server of its own, as in the cluster tests, and a client takes what it pushes, as Envoy
would.
What counts is what istiod itself says: the time that it took to work out each type of resources for the one proxy
(``pilot_xds_push_time``), and to index all objects before that (``pilot_pushcontext_init_seconds``). Its cache of
resources is emptied before each push: what is measured is working them out, as after a change that concerns all.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pulumi_mesh.cli import COLLECTOR
from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.wire import from_wire
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.view import ProxyView
from tests.cluster.compare.ads import CLUSTERS, ENDPOINTS, LISTENERS, ROUTES, Discovery
from tests.cluster.compare.api import Api
from tests.cluster.tools.api_server import api_server
from tests.cluster.tools.finding import find, module_folder
from tests.cluster.tools.istiod import Istiod, istiod
from tests.cluster.tools.pilot_agent import FOR_STOCK_ENVOY, MESH_FOR_STOCK_ENVOY
from tests.cluster.tools.process import NotReadyError

_TYPES = {"cds": CLUSTERS, "eds": ENDPOINTS, "lds": LISTENERS, "rds": ROUTES}
_NAMESPACES = 20
_API_SERVER = "outbound|443||kubernetes.default.svc.cluster.local"
"""The cluster of the Service that each API server makes of itself."""
_WITHIN = 300.0
_QUIET = 3.0
"""Seconds without a push after which istiod is taken to have worked off all that it was told."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, medians of the rounds.

    ours: processor time of resolve for the gateway. index, push: what istiod says of indexing all objects, and of the
    gateway's resources. istiod_processor: of istiod's process for one push, all its threads, without indexing.
    clusters, routes: how many the gateway has, in our view as in istiod's.
    """

    services: int
    ours: float
    index: float
    push: float
    istiod_processor: float
    clusters: int
    routes: int

    @property
    def ratio(self) -> float:
        """Ours to what istiod says. Its clock goes on while other work has the processors, which counts for us."""
        return self.ours / (self.index + self.push)

    @property
    def processor_ratio(self) -> float:
        """Ours to istiod's processor time, all its threads."""
        return self.ours / (self.index + self.istiod_processor)


def main(arguments: list[str]) -> int:
    """Print a table; returns 0, or 1 where a part is missing or does not run."""
    parser = argparse.ArgumentParser(
        prog="make benchmark-push", description="One gateway's config, by us and by istiod."
    )
    parser.add_argument("--services", type=int, nargs="+", default=[1000, 4000], help="how many, smallest first")
    parser.add_argument("--rounds", type=int, default=5, help="of each measure, of which the median counts")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    given = parser.parse_args(arguments)
    gc.set_threshold(*COLLECTOR)  # as the command line does
    try:
        found = list(measured(given.services, given.rounds))
    except (MeshError, NotReadyError) as error:
        _note(str(error))
        return 1
    sys.stdout.write(_json(found) if given.output == "json" else _table(found))
    return 0


def _json(found: list[Figures]) -> str:
    shown = [{**asdict(each), "ratio": each.ratio, "processor_ratio": each.processor_ratio} for each in found]
    return json.dumps(shown, indent=2) + "\n"


def _table(found: list[Figures]) -> str:
    heads = ("services", "clusters", "routes", "resolve s", "istiod: index s", "push s", "processor s", "ratio")
    lines = [" | ".join(("", *heads, "of processor time", "")).strip(), "|---" * (len(heads) + 1) + "|"]
    for each in found:
        seconds = " | ".join(f"{one:.3f}" for one in (each.ours, each.index, each.push, each.istiod_processor))
        ratios = f"{each.ratio:.1f} | {each.processor_ratio:.1f}"
        lines.append(f"| {each.services} | {each.clusters} | {each.routes} | {seconds} | {ratios} |")
    return "\n".join(lines) + "\n"


def measured(sizes: list[int], rounds: int) -> Iterator[Figures]:
    """The figures for meshes of these sizes, in one cluster: each holds the one before, so smallest first.

    Raises MeshError for a binary that is missing, and NotReadyError for one that does not run.
    """

    def binary(name: str) -> Path:
        return find(name, say=_note)

    pilot = binary("pilot-discovery")
    with tempfile.TemporaryDirectory(prefix="benchmark-push-") as name, api_server(Path(name), binary) as kubectl:
        crds = module_folder("istio", "istio.io/api") / "kubernetes" / "customresourcedefinitions.gen.yaml"
        kubectl("apply", "--server-side", f"--filename={crds}")
        kubectl.await_definitions()
        config = dict(MESH_FOR_STOCK_ENVOY)
        with istiod(Path(name), pilot, kubectl, config, variables=FOR_STOCK_ENVOY) as running:
            api, discovery = Api(kubectl.kubeconfig), Discovery(running.xds, running.http)
            try:
                held = 0
                for services in sizes:
                    yield _measured(api, discovery, running, held, services, rounds)
                    held = services
            finally:
                discovery.close()
                api.close()


def _measured(api: Api, discovery: Discovery, running: Istiod, held: int, services: int, rounds: int) -> Figures:
    _note(f"{services} services: the API server takes them")
    if not held:
        api.each(api.apply, list(_shared()))
    api.each(api.apply, [each for number in range(held, services) for each in _service(number)])
    snapshot = snapshot_of([from_wire(each) for each in _documents(services)])
    gateway = next(each for each in snapshot.proxies if each.kind == "router")
    _note(f"{services} services: resolve")
    ours = []
    for _ in range(rounds):
        started = time.process_time()
        view = resolve(snapshot, gateway)
        ours.append(time.process_time() - started)
    _note(f"{services} services: istiod")
    told = _told(discovery, running, gateway, view, services, rounds, api)
    found = Figures(services, statistics.median(ours), *told, clusters=len(view.clusters), routes=_routes(view))
    _note(f"{services} services: {found}")
    return found


def _told(
    discovery: Discovery, running: Istiod, gateway: Proxy, view: ProxyView, services: int, rounds: int, api: Api
) -> tuple[float, float, float]:
    """What istiod says of indexing and of pushing, and its processor time for a push."""
    _wait(lambda: _known(discovery) >= services, "all services")
    _quiet(running)
    names = sorted(each.name for each in view.clusters if each.type == "EDS")
    tables = [each.name for each in view.routes]
    with discovery.watching(gateway, names, tables) as came:
        _wait(lambda: all(came[each] for each in _TYPES.values()), "the first answers")
        _check(discovery, gateway, view)
        pushes, processor, indexed = [], [], []
        for _ in range(rounds):
            _quiet(running)
            running.get("/debug/cachez?clear=true")
            before, used, counted = _seconds(running), _processor(running), Counter(came)
            running.get("/debug/adsz?push=true")
            _wait(lambda before=counted: all(came[each] > before[each] for each in _TYPES.values()), "a push")  # type: ignore[misc]
            processor.append(_processor(running) - used)
            pushes.append(sum((_seconds(running) - before).values()))
        for number in range(rounds):
            _quiet(running)
            start = _index(running)
            api.apply(_marker(number))
            _wait(lambda start=start: _index(running)[1] > start[1], "a new index")  # type: ignore[misc]
            _quiet(running)
            seconds, count = _index(running)
            indexed.append((seconds - start[0]) / (count - start[1]))
    return statistics.median(indexed), statistics.median(pushes), statistics.median(processor)


def _check(discovery: Discovery, gateway: Proxy, view: ProxyView) -> None:
    """Raises MeshError where istiod tells the gateway of other clusters than our view has, or of another number of
    routes: both have to do the same work."""
    told = discovery.told(gateway, endpoints=False)
    found = {each["cluster"]["name"] for dump in told["configs"] for each in dump.get("dynamicActiveClusters", [])}
    differ = sorted((found - {_API_SERVER}) ^ {each.name for each in view.clusters})
    if differ:
        raise MeshError(f"istiod and the view have other clusters, {len(differ)} of them: {', '.join(differ[:5])}")
    tables = [each["routeConfig"] for dump in told["configs"] for each in dump.get("dynamicRouteConfigs", [])]
    routes = sum(len(host.get("routes", ())) for table in tables for host in table["virtualHosts"])
    if routes != _routes(view):
        raise MeshError(f"istiod tells the gateway of {routes} routes, and the view has {_routes(view)}")


def _routes(view: ProxyView) -> int:
    return sum(len(host.routes) for table in view.routes for host in table.virtual_hosts)


def _known(discovery: Discovery) -> int:
    """How many VirtualServices istiod works with: they are made last."""
    return sum(each["kind"] == "VirtualService" for each in discovery.page("/debug/configz"))


def _seconds(running: Istiod) -> Counter[str]:
    """Seconds that pushes took so far, by type."""
    found = re.findall(r'^pilot_xds_push_time_sum\{type="(\w+)"\} (\S+)', running.metrics(), re.MULTILINE)
    return Counter({kind: float(value) for kind, value in found if kind in _TYPES})


def _index(running: Istiod) -> tuple[float, int]:
    """Seconds that indexing took so far, and how often it was done."""
    text = running.metrics()
    total, count = (
        re.search(rf"^pilot_pushcontext_init_seconds_{each} (\S+)", text, re.MULTILINE) for each in ("sum", "count")
    )
    return (float(total[1]), int(float(count[1]))) if total and count else (0.0, 0)


def _processor(running: Istiod) -> float:
    """Processor seconds of istiod so far: fields utime and stime of Linux's ``/proc/PID/stat``."""
    fields = Path(f"/proc/{running.running.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _quiet(running: Istiod) -> None:
    """Wait until istiod indexed nothing for a while."""
    last, since = _index(running), time.monotonic()
    started = since
    while time.monotonic() - since < _QUIET:
        time.sleep(0.2)
        now = _index(running)
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - started > _WITHIN:
            raise MeshError("istiod goes on working on objects that were there before")


def _wait(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + _WITHIN
    while not done():
        if time.monotonic() > until:
            raise MeshError(f"istiod did not come to {what} within {_WITHIN:g} seconds")
        time.sleep(0.05)


def _documents(services: int) -> Iterator[dict[str, Any]]:
    """A gateway, and of each service a ServiceEntry with two endpoints, two subsets and a route by weight.

    ServiceEntries stand in for Services: nobody here makes the pods and endpoints of those.
    """
    yield from _shared()
    for number in range(services):
        yield from _service(number)


def _shared() -> Iterator[dict[str, Any]]:
    for name in ("istio-system", *(f"ns{number}" for number in range(_NAMESPACES))):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    spec = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    yield _object("networking.istio.io/v1", "Gateway", "istio-system", "public", spec)


def _service(number: int) -> Iterator[dict[str, Any]]:
    name, namespace = f"s{number}", f"ns{number % _NAMESPACES}"
    host = f"{name}.{namespace}.example"
    endpoints = [
        {"address": f"10.{number // 250 % 250}.{number % 250}.{index}", "labels": {"version": f"v{index}"}}
        for index in (1, 2)
    ]
    ports = [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}]
    entry = {
        "hosts": [host],
        "ports": ports,
        "resolution": "STATIC",
        "location": "MESH_INTERNAL",
        "endpoints": endpoints,
    }
    yield _object("networking.istio.io/v1", "ServiceEntry", namespace, name, entry)
    subsets = [{"name": version, "labels": {"version": version}} for version in ("v1", "v2")]
    yield _object("networking.istio.io/v1", "DestinationRule", namespace, name, {"host": host, "subsets": subsets})
    split = [{"destination": {"host": host, "subset": version}, "weight": 50} for version in ("v1", "v2")]
    http = [{"match": [{"uri": {"prefix": "/api"}}], "route": split}, {"route": [{"destination": {"host": host}}]}]
    spec = {"hosts": [host], "gateways": ["istio-system/public", "mesh"], "http": http}
    yield _object("networking.istio.io/v1", "VirtualService", namespace, name, spec)


def _marker(number: int) -> dict[str, Any]:
    """A change that makes istiod index anew, and concerns no cluster or route of the gateway."""
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    spec = {"hosts": ["marker.example"], "ports": [port], "resolution": "NONE", "addresses": [f"192.0.2.{number + 1}"]}
    return _object("networking.istio.io/v1", "ServiceEntry", "ns0", "marker", {**spec, "exportTo": ["."]})


def _object(api_version: str, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _note(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
