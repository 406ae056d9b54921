"""Cases of unknown-host."""

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import REVIEWS, TOKEN, Expected, entry, known, route, say, service, to

HOST = "VirtualService shop/reviews spec.http[0].route[0].destination.host"

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "no such service": (known(service(), route(to("revews"))), [say(HOST, "revews", f"did you mean {REVIEWS}?")]),
    "nothing close": (known(service(), route(to("zzz.example.com"))), [say(HOST, "zzz.example.com", "ServiceEntry")]),
    "a short name of another namespace": (
        known(service(namespace="other"), route(to())),
        [say(HOST, "did you mean reviews.other.svc.cluster.local?")],
    ),
    "half a name": (known(service(), route(to("reviews.shop"))), [say(HOST, f"full name: {REVIEWS}")]),
    "outside of the wildcard": (known(entry("*.example.com"), route(to("example.com"))), [say(HOST)]),
    "an entry not exported here": (
        known(entry("a.example.com", namespace="other", exportTo=["."]), route(to("a.example.com"))),
        [say(HOST)],
    ),
    "mirrored to": (
        known(service(), route(to(mirror={"host": "copy"}))),
        [say("VirtualService shop/reviews spec.http[0].mirror.host", "copy.shop.svc.cluster.local")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "its own namespace": known(service(), route(to())),
    "full name": known(service(namespace="other"), route(to("reviews.other.svc.cluster.local"))),
    "an entry's host": known(entry("a.example.com"), route(to("a.example.com"))),
    "a wildcard entry": known(entry("*.example.com"), route(to("a.b.example.com"))),
    "an address of an entry": known(entry("10.1.2.3"), route(to("10.1.2.3"))),
    "the host waits": known(route(to(TOKEN))),
    "the service's namespace waits": known(service(namespace=TOKEN), route(to("reviews.other.svc.cluster.local"))),
    "no destination": known(route({"redirect": {"uri": "/"}})),
}
