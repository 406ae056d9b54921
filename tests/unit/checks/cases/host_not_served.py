"""Cases of host-not-served."""

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import TOKEN, Expected, gateway, known, route, say, server, to

NAME = "VirtualService shop/reviews spec.gateways[0]"
BOTH = ["edge/public", "edge/other"]
PUBLIC = gateway(server("a.example.com"))
OTHER = gateway(server("b.example.com"), name="other")

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "another host": (
        known(PUBLIC, route(to(), hosts=["b.example.com"], gateways=["edge/public"])),
        [say(NAME, "takes none of the hosts b.example.com", "a.example.com")],
    ),
    "one gateway of two": (
        known(PUBLIC, OTHER, route(to(), hosts=["b.example.com"], gateways=BOTH)),
        [say(NAME, "Gateway edge/public")],
    ),
    "for sidecars too": (
        known(PUBLIC, route(to(), hosts=["b.example.com"], gateways=["edge/public", "mesh"])),
        [say(NAME)],
    ),
    "a server for another namespace": (
        known(gateway(server("other/*.example.com")), route(to(), hosts=["a.example.com"], gateways=["edge/public"])),
        [say(NAME)],
    ),
    "a server for the gateway's own namespace": (
        known(gateway(server("./*")), route(to(), hosts=["a.example.com"], gateways=["edge/public"])),
        [say(NAME)],
    ),
    "one host of two": (
        known(PUBLIC, route(to(), hosts=["a.example.com", "c.example.com"], gateways=["edge/public"])),
        [say("VirtualService shop/reviews spec.hosts[1]", "none of the gateways takes the host c.example.com")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "its host": known(PUBLIC, route(to(), hosts=["a.example.com"], gateways=["edge/public"])),
    "a wildcard server": known(
        gateway(server("shop/*.example.com")), route(to(), hosts=["a.example.com"], gateways=["edge/public"])
    ),
    "a wildcard route": known(PUBLIC, route(to(), hosts=["*.example.com"], gateways=["edge/public"])),
    "one host each": known(PUBLIC, OTHER, route(to(), hosts=["a.example.com", "b.example.com"], gateways=BOTH)),
    "a host for sidecars alone": known(
        PUBLIC, route(to(), hosts=["a.example.com", "reviews"], gateways=["edge/public", "mesh"])
    ),
    "a gateway that is not there may serve it": known(
        PUBLIC, route(to(), hosts=["a.example.com", "c.example.com"], gateways=["edge/public", "edge/x"])
    ),
    "the host waits": known(PUBLIC, route(to(), hosts=[TOKEN], gateways=["edge/public"])),
    "the server's host waits": known(
        gateway(server(TOKEN)), route(to(), hosts=["a.example.com"], gateways=["edge/public"])
    ),
    "sidecars": known(PUBLIC, route(to())),
    "a delegate": known(PUBLIC, route(to(), hosts=None, gateways=None)),
}
