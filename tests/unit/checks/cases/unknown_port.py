"""Cases of unknown-port."""

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import TOKEN, Expected, entry, known, route, say, service, to

PORT = "VirtualService shop/reviews spec.http[0].route[0].destination.port.number"

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "another port": (known(service("reviews", 80, 90), route(to(port=9080))), [say(PORT, "9080", "80, 90")]),
    "of an entry": (known(entry("a.example.com", 443), route(to("a.example.com", port=80))), [say(PORT, "443")]),
    "of a wildcard entry": (known(entry("*.example.com", 443), route(to("a.example.com", port=80))), [say(PORT)]),
    "the host itself before a wildcard": (
        known(service(), entry("*.svc.cluster.local", 80), route(to(port=80))),
        [say(PORT, "9080")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "its port": known(service("reviews", 80, 90), route(to(port=90))),
    "no port": known(service("reviews", 80), route(to())),
    "a host that is not known": known(service(), route(to("ratings", port=1))),
    "the host waits": known(service(), route(to(TOKEN, port=1))),
    "a service's name waits": known(
        service(), service("reviews", 80, namespace=TOKEN), route(to("reviews.shop.svc.cluster.local", port=80))
    ),
}
