"""ServiceEntry and WorkloadEntry: hosts outside, machines, and addresses that nobody resolves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.cluster.compare.generate.manifests.scene import Document, Scene, document

HOSTS = ("api.example.net", "db.example.net", "*.wild.example.net", "vm.example.net")
_PORTS: tuple[dict[str, Any], ...] = (
    {"number": 80, "name": "http", "protocol": "HTTP"},
    {"number": 8080, "name": "http-more", "protocol": "HTTP", "targetPort": 9080},
    {"number": 443, "name": "https", "protocol": "HTTPS"},
    {"number": 8443, "name": "tls", "protocol": "TLS"},
    {"number": 3306, "name": "tcp", "protocol": "TCP"},
    {"number": 27017, "name": "mongo", "protocol": "MONGO"},
    {"number": 7070, "name": "grpc", "protocol": "GRPC"},
    {"number": 7071, "name": "detected"},
)


def service_entries(seen: Scene) -> Iterator[Document]:
    """One to three, of different hosts, and a machine where one selects such."""
    for position, host in enumerate(seen.some(HOSTS, 1, 3)):
        yield _entry(seen, host, position)
    for position in range(seen.random.randint(0, 2)):
        spec: Document = {"address": f"10.60.0.{position + 1}", "labels": {"app": "vm", "version": f"v{position}"}}
        spec |= seen.parts(
            {"locality": seen.one(["eu/west/a", "us/north/a"]), "weight": 3, "serviceAccount": "vm"}, 0, 3
        )
        yield document("WorkloadEntry", seen.one(seen.spaces), f"vm-{position}", spec)


def _entry(seen: Scene, host: str, position: int) -> Document:
    ports = seen.some(_PORTS, 1, 3)
    spec: Document = {"hosts": [host], "ports": ports}
    spec["resolution"] = resolution = seen.one(
        ["NONE"] if host.startswith("*") else ["NONE", "STATIC", "STATIC", "DNS", "DNS", "DNS_ROUND_ROBIN"]
    )
    spec["location"] = seen.one(["MESH_EXTERNAL", "MESH_INTERNAL"])
    addresses = seen.one([[], [f"10.50.{position}.0/24"] if resolution == "NONE" else [f"10.50.{position}.1"]])
    if addresses:
        spec["addresses"] = addresses
    if host.startswith("vm.") and resolution == "STATIC":
        spec["workloadSelector"] = {"labels": {"app": "vm"}}
    elif resolution == "STATIC" or (resolution == "DNS" and seen.chance(0.4)):
        spec["endpoints"] = [_endpoint(seen, spec, number) for number in range(seen.random.randint(1, 3))]
    if seen.chance(0.3):
        spec["exportTo"] = seen.one([["."], ["*"], [".", seen.one(seen.spaces)], ["~"]])
    if seen.chance(0.2):
        spec["subjectAltNames"] = ["spiffe://cluster.local/ns/other/sa/api", "api.example.net"]
    return document("ServiceEntry", seen.one(seen.spaces), host.split(".")[1 if host[0] == "*" else 0], spec)


def _endpoint(seen: Scene, spec: Document, number: int) -> Document:
    named = spec["resolution"] == "DNS"
    address = f"e{number}.example.org" if named else f"10.61.{seen.random.randint(0, 200)}.{number + 1}"
    first = spec["ports"][0]
    parts: Document = {
        "locality": seen.one(["eu/west/a", "eu/east/a", "us/north/a"]),
        "weight": seen.random.randint(1, 9),
        "labels": {"version": seen.one(["v1", "v2"])},
        "ports": {first["name"]: 10000 + first["number"] % 1000},
        "serviceAccount": "out",
    }
    return {"address": address, **seen.parts(parts, 0, 4)}
