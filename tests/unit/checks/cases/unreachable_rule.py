"""Cases of unreachable-rule."""

from typing import Any

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import Expected, known, route, say, to

AT = "VirtualService shop/reviews spec."


def path(kind: str, value: str, **rest: Any) -> dict[str, Any]:
    """A match on the path."""
    return {"uri": {kind: value}, **rest}


A, B, ALL = path("prefix", "/a"), path("prefix", "/b"), path("prefix", "/")
SNI = {"sniHosts": ["a.example.com"]}

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "after a rule without matches": (
        known(route(to(name="all"), to(match=[A]), to())),
        [say(f"{AT}http[1]", "http rule 1", "'all'", "last"), say(f"{AT}http[2]")],
    ),
    "after an empty match": (known(route(to(match=[{}]), to())), [say(f"{AT}http[1]")]),
    "after every path": (known(route(to(match=[A, ALL]), to(match=[B]))), [say(f"{AT}http[1]")]),
    "after any path by regex": (known(route(to(match=[path("regex", ".*")]), to())), [say(f"{AT}http[1]")]),
    "the same match": (known(route(to(match=[A]), to(match=[A]))), [say(f"{AT}http[1]", "same matches")]),
    "the same match by another name": (
        known(route(to(match=[A]), to(match=[path("prefix", "/a", name="x", statPrefix="y")]))),
        [say(f"{AT}http[1]")],
    ),
    "all matches, of several rules": (
        known(route(to(match=[A]), to(match=[B]), to(match=[B, A]))),
        [say(f"{AT}http[2]", "http rule 0 and http rule 1")],
    ),
    "headers in another order": (
        known(
            route(
                to(match=[{"headers": {"x": {"exact": "1"}, "y": {"exact": "2"}}}]),
                to(match=[{"headers": {"y": {"exact": "2"}, "x": {"exact": "1"}}}]),
            )
        ),
        [say(f"{AT}http[1]")],
    ),
    "TLS and TCP": (
        known(route(tls=[{"match": [SNI]}, {"match": [SNI]}], tcp=[{}, {"match": [{"port": 80}]}])),
        [say(f"{AT}tcp[1]", "tcp rule 1"), say(f"{AT}tls[1]", "tls rule 1")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "all at the end": known(route(to(match=[A]), to(match=[B]), to())),
    "some match of its own": known(route(to(match=[A]), to(match=[A, B]))),
    "every path with a method": known(route(to(match=[path("prefix", "/", method={"exact": "GET"})]), to())),
    "every path of one gateway": known(
        route(to(match=[path("prefix", "/", gateways=["mesh"])]), to(), gateways=["mesh", "edge/public"])
    ),
    "the same path, another case": known(route(to(match=[A]), to(match=[path("prefix", "/a", ignoreUriCase=True)]))),
    "after a delegate": known(route({"delegate": {"name": "x"}}, to(), hosts=["a.example.com"], gateways=["edge/g"])),
    "after a delegate with the match": known(
        route({"match": [A], "delegate": {"name": "x"}}, to(match=[A]), hosts=["a.example.com"], gateways=["edge/g"])
    ),
    "other SNI": known(route(tls=[{"match": [SNI]}, {"match": [{"sniHosts": ["*"]}]}])),
}
