"""Cases of conflicting-hosts."""

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import REVIEWS, TOKEN, Expected, known, route, say, to

OTHER = route(to(), name="other", namespace="x", hosts=[REVIEWS])
HOST = "VirtualService shop/reviews spec.hosts[0]"

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "short name and full name": (known(route(to()), OTHER), [say(HOST, f"route {REVIEWS}", "shop/reviews, x/other")]),
    "named mesh": (known(route(to(), gateways=["mesh", "edge/public"]), OTHER), [say(HOST)]),
    "exported to the other's namespace": (
        known(
            route(to(), exportTo=[".", "x"]), route(to(), name="other", namespace="x", hosts=[REVIEWS], exportTo=["."])
        ),
        [say(HOST)],
    ),
    "the second host": (
        known(route(to(), hosts=["a", "b"]), route(to(), name="later", hosts=["c", "b"])),
        [say("VirtualService shop/later spec.hosts[1]", "b.shop")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "one": known(route(to())),
    "other hosts": known(route(to()), route(to(), name="other", namespace="x")),
    "gateways alone": known(route(to(), gateways=["edge/public"]), OTHER),
    "kept apart": known(
        route(to(), exportTo=["."]), route(to(), name="other", namespace="x", hosts=[REVIEWS], exportTo=["."])
    ),
    "one host twice": known(route(to(), hosts=["reviews", REVIEWS])),
    "the host waits": known(route(to(), hosts=[TOKEN]), route(to(), name="other", hosts=[TOKEN])),
    "delegates": known(route(to(), hosts=None), route(to(), name="other", hosts=None)),
}
