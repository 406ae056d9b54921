"""``make benchmark-requests``: what a proxy is told, and what changes for requests, in meshes of thousands of services.

The diff after one changed route is held against resolving one gateway anew, in the same run.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from pulumi_mesh.cli import COLLECTOR
from pulumi_mesh.manifests.registry import snapshot_of
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.manifests.wire import from_wire
from pulumi_mesh.proxy.diff import diff
from pulumi_mesh.proxy.resolve import resolve

T = TypeVar("T")

_NAMESPACES = 20


def main(arguments: list[str]) -> int:
    """Print a table; returns 0."""
    parser = argparse.ArgumentParser(prog="make benchmark-requests", description="Views and diffs of large meshes.")
    parser.add_argument("--services", type=int, nargs="+", default=[1000, 4000], help="how many, smallest first")
    given = parser.parse_args(arguments)
    gc.set_threshold(*COLLECTOR)  # as the command line does
    _print("| services | snapshot s | one gateway s | diff of one route s | diff to gateway | peak MB |")
    _print("|---|---|---|---|---|---|")
    for services in given.services:
        old, snapshot = _timed(partial(_mesh, services, 50))
        new = _mesh(services, 25)
        gateway = next(each for each in old.proxies if each.kind == "router")
        _, resolved = _timed(partial(resolve, old, gateway))
        found, compared = _timed(partial(diff, old, new))
        if not found.changes:
            raise RuntimeError("one route differs, and the diff does not say so")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        seconds = " | ".join(f"{each:.2f}" for each in (snapshot, resolved, compared, compared / resolved))
        _print(f"| {services} | {seconds} | {peak:.0f} |")
    return 0


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """What work gives, and the seconds of processor time that it took: other work on the machine does not count."""
    started = time.process_time()
    done = work()
    return done, time.process_time() - started


def _mesh(services: int, weight: int) -> Snapshot:
    """A gateway, and for each service two subsets and a route by weight; weight: the first subset's share of one."""
    return snapshot_of([from_wire(each) for each in _manifests(services, weight)])


def _manifests(services: int, weight: int) -> Iterator[dict[str, Any]]:
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    yield _object(
        "networking.istio.io/v1",
        "Gateway",
        "istio-system",
        "public",
        {"selector": {"istio": "ingressgateway"}, "servers": [server]},
    )
    for number in range(_NAMESPACES):
        labels = {"istio-injection": "enabled"}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns{number}", "labels": labels}}
    for number in range(services):
        yield from _service(number, weight if number == services // 2 else 50)


def _service(number: int, weight: int) -> Iterator[dict[str, Any]]:
    name, namespace, labels = f"s{number}", f"ns{number % _NAMESPACES}", {"app": f"s{number}"}
    address = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
    port = {"name": "http", "port": 80, "targetPort": 8080}
    yield _object("v1", "Service", namespace, name, {"clusterIP": address, "selector": labels, "ports": [port]})
    for version in ("v1", "v2"):
        pod = {"metadata": {"labels": {**labels, "version": version}}, "spec": {"containers": [{"name": "app"}]}}
        yield _object("apps/v1", "Deployment", namespace, f"{name}-{version}", {"template": pod})
    subsets = [{"name": version, "labels": {"version": version}} for version in ("v1", "v2")]
    yield _object("networking.istio.io/v1", "DestinationRule", namespace, name, {"host": name, "subsets": subsets})
    split = [
        {"destination": {"host": name, "subset": "v1"}, "weight": weight},
        {"destination": {"host": name, "subset": "v2"}, "weight": 100 - weight},
    ]
    http = [{"match": [{"uri": {"prefix": "/api"}}], "route": split}, {"route": [{"destination": {"host": name}}]}]
    hosts, gateways = [name, f"{name}.example.com"], ["istio-system/public", "mesh"]
    yield _object(
        "networking.istio.io/v1",
        "VirtualService",
        namespace,
        name,
        {"hosts": hosts, "gateways": gateways, "http": http},
    )


def _object(api_version: str, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
