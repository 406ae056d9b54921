"""Cases of unknown-subset."""

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import REVIEWS, TOKEN, Expected, known, route, rule, say, to

SUBSET = "VirtualService shop/reviews spec.http[0].route[0].destination.subset"

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "another subset": (known(rule("v1", "v2"), route(to(subset="v22"))), [say(SUBSET, "v1, v2", "did you mean v2?")]),
    "no rule": (known(route(to(subset="v1"))), [say(SUBSET, "has no DestinationRule")]),
    "a rule of another service": (known(rule("v1", host="ratings"), route(to(subset="v1"))), [say(SUBSET)]),
    "a short host means the rule's own namespace": (
        known(rule("v1", namespace="other"), route(to(subset="v1"))),
        [say(SUBSET)],
    ),
    "a rule not exported here": (
        known(rule("v1", host=REVIEWS, namespace="other", exportTo=["."]), route(to(subset="v1"))),
        [say(SUBSET)],
    ),
    "mirrors, TLS and TCP routes": (
        known(
            rule("v1"),
            route(
                to(mirror={"host": "reviews", "subset": "a"}),
                to(mirrors=[{"destination": {"host": "reviews", "subset": "b"}}]),
                tls=[{"match": [{"sniHosts": ["a"]}], "route": [{"destination": {"host": "reviews", "subset": "c"}}]}],
                tcp=[{"route": [{"destination": {"host": "reviews", "subset": "d"}}]}],
            ),
        ),
        [
            say("VirtualService shop/reviews spec.http[0].mirror.subset", "subset a"),
            say("VirtualService shop/reviews spec.http[1].mirrors[0].destination.subset", "subset b"),
            say("VirtualService shop/reviews spec.tcp[0].route[0].destination.subset", "subset d"),
            say("VirtualService shop/reviews spec.tls[0].route[0].destination.subset", "subset c"),
        ],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "its subset": known(rule("v1"), route(to(subset="v1"))),
    "no subset": known(route(to())),
    "full name in one, short in the other": known(rule("v1", host=REVIEWS, namespace="x"), route(to(subset="v1"))),
    "name and namespace": known(rule("v1"), route(to("reviews.shop", subset="v1"))),
    "a rule for a wildcard": known(rule("v1", host="*.shop.svc.cluster.local"), route(to(subset="v1"))),
    "exported to this namespace": known(
        rule("v1", host=REVIEWS, namespace="other", exportTo=["shop"]), route(to(subset="v1"))
    ),
    "the subset waits": known(rule("v1"), route(to(subset=TOKEN))),
    "the host waits": known(rule("v1"), route(to(f"{TOKEN}.example.com", subset="v1"))),
    "the rule's host waits": known(rule("v1", host=f"reviews.{TOKEN}.svc.cluster.local"), route(to(subset="v1"))),
    "the rule's subset waits": known(rule(TOKEN), route(to(subset="v1"))),
}
