"""Cases of http-route-to-tcp."""

from typing import Any

from pulumi_mesh.istio import VirtualService
from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import REVIEWS, TOKEN, Expected, entry, known, route, rule, say, service, to

HOST = "VirtualService shop/reviews spec.hosts[0]"
TO = "VirtualService shop/reviews spec.http[0].route[0].destination"
TCP = service(protocol="TCP")
MIXED = service("reviews", 80, 443, 9000, p443="HTTPS", p9000="TCP")


def edge(*http: dict[str, Any], **spec: Any) -> VirtualService:
    """A VirtualService of a gateway."""
    return route(*http, **{"hosts": ["shop.example.com"], "gateways": ["edge/public"], **spec})


def tls(mode: str) -> dict[str, Any]:
    """A traffic policy with client TLS."""
    return {"tls": {"mode": mode}}


FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "no HTTP port, for sidecars": (
        known(TCP, route(to())),
        [say(HOST, f"no port of {REVIEWS} is HTTP (9080 TCP)", "do not use")],
    ),
    "for sidecars and a gateway": (
        known(TCP, route(to(), hosts=["reviews"], gateways=["mesh", "edge/public"])),
        [say(HOST), say(f"{TO}.host", "port 9080 TCP")],
    ),
    "one of two hosts": (
        known(TCP, service("web"), route(to("web"), hosts=["reviews", "web"])),
        [say(HOST)],
    ),
    "a TCP port": (known(MIXED, edge(to(port=9000))), [say(f"{TO}.port.number", "9000 TCP", "take it as TCP")]),
    "the only port": (known(TCP, edge(to(REVIEWS))), [say(f"{TO}.host", "9080 TCP")]),
    "from the sidecars of another host": (known(TCP, route(to(), hosts=["a"])), [say(f"{TO}.host")]),
    "no port of several": (
        known(service("reviews", 1, 2, protocol="TCP"), edge(to())),
        [say(f"{TO}.host", "1 TCP, 2 TCP")],
    ),
    "a port of TLS": (known(MIXED, edge(to(port=443))), [say(f"{TO}.port.number", "443 HTTPS", "TLS is expected")]),
    "the mesh's TLS to a port of TLS": (
        known(MIXED, edge(to(port=443)), rule(trafficPolicy=tls("ISTIO_MUTUAL"))),
        [say(f"{TO}.port.number")],
    ),
    "client TLS of another port": (
        known(
            MIXED,
            edge(to(port=443)),
            rule(trafficPolicy={"portLevelSettings": [{"port": {"number": 80}, **tls("SIMPLE")}]}),
        ),
        [say(f"{TO}.port.number")],
    ),
    "client TLS to a TCP port": (
        known(MIXED, edge(to(port=9000)), rule(trafficPolicy=tls("SIMPLE"))),
        [say(f"{TO}.port.number")],
    ),
    "a mirror": (
        known(MIXED, edge(to(mirror={"host": "reviews", "port": {"number": 9000}}))),
        [say("VirtualService shop/reviews spec.http[0].mirror.port.number")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "HTTP": known(service(), route(to())),
    "HTTP2 and GRPC": known(service("reviews", 1, 2, p1="HTTP2", p2="GRPC"), edge(to(port=1), to(port=2))),
    "some HTTP port, no number": known(MIXED, route(to())),
    "TCP rules": known(TCP, route(tcp=[{"route": [{"destination": {"host": "reviews"}}]}])),
    "http rules of the gateway alone": known(
        TCP, service("web"), route(to("web", match=[{"gateways": ["edge/g"]}]), gateways=["mesh", "edge/g"])
    ),
    "client TLS": known(MIXED, edge(to(port=443)), rule(trafficPolicy=tls("SIMPLE"))),
    "client TLS of the port": known(
        MIXED,
        edge(to(port=443)),
        rule(trafficPolicy={"portLevelSettings": [{"port": {"number": 443}, **tls("MUTUAL")}]}),
    ),
    "client TLS of a subset": known(
        MIXED,
        edge(to(port=443, subset="v1")),
        rule(subsets=[{"name": "v1", "labels": {"version": "v1"}, "trafficPolicy": tls("SIMPLE")}]),
    ),
    "client TLS of many hosts": known(
        MIXED, edge(to(port=443)), rule(host="*.shop.svc.cluster.local", trafficPolicy=tls("SIMPLE"))
    ),
    "the rule's host waits": known(MIXED, edge(to(port=443)), rule(host=TOKEN)),
    "an entry": known(entry("a.example.com", 443), route(to("a.example.com", port=443), hosts=["a.example.com"])),
    "an entry of the same host": known(TCP, entry(REVIEWS, 80), route(to())),
    "unknown hosts": known(service("web"), route(to())),
    "a port that is not there": known(service("reviews", 1, protocol="TCP"), edge(to(port=2))),
    "a host that waits": known(TCP, route(to(TOKEN), hosts=[TOKEN])),
}
