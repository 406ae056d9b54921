"""Cases of conflicting-routes."""

from typing import Any

from pulumi_mesh.istio import VirtualService
from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import TOKEN, Expected, gateway, known, route, say, server, to

HOST = "shop.example.com"
A, B = {"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/b"}}
ALL, ANY_PATH = {"uri": {"prefix": "/"}}, {"uri": {"regex": ".*"}}
PUBLIC = gateway(server(HOST))


def at(*http: dict[str, Any], name: str = "one", namespace: str = "shop", **spec: Any) -> VirtualService:
    """A VirtualService of the gateway ``edge/public``."""
    return route(*http, name=name, namespace=namespace, **{"hosts": [HOST], "gateways": ["edge/public"], **spec})


def other(*http: dict[str, Any], **spec: Any) -> VirtualService:
    """Another one."""
    return at(*http, name="other", **spec)


RULE = "VirtualService shop/one spec.http"

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "both take everything": (
        known(PUBLIC, at(to(match=[A]), to(name="rest")), other(to(match=[B]), to())),
        [say(f"{RULE}[1]", "shop/one and shop/other", HOST, "edge/public", "'rest' of shop/one", "http rule 1 of")],
    ),
    "everything, said in other ways": (
        known(PUBLIC, at(to(match=[ALL])), other(to(match=[{**ANY_PATH, "name": "x"}]))),
        [say(f"{RULE}[0]")],
    ),
    "the same matches": (
        known(PUBLIC, at(to(match=[A]), to(match=[B])), other(to(match=[B, A]))),
        [say(f"{RULE}[0]", "http rule 0 of shop/one", "http rule 1 of shop/one")],
    ),
    "a gateway that is not known": (known(at(to()), other(to())), [say(f"{RULE}[0]")]),
    "gateways named in other ways": (
        known(PUBLIC, at(to()), at(to(), namespace="edge", gateways=["public"])),
        [say("VirtualService edge/one spec.http[0]", "edge/one and shop/one")],
    ),
    "a match of this gateway": (
        known(
            PUBLIC, at(to(match=[{"gateways": ["edge/public"]}]), gateways=["edge/public", "edge/more"]), other(to())
        ),
        [say(f"{RULE}[0]")],
    ),
    "three of them": (
        known(at(to()), other(to()), at(to(), name="x")),
        [say(f"{RULE}[0]")] * 2 + [say("VirtualService shop/other spec.http[0]", "shop/x")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "one": known(PUBLIC, at(to())),
    "one takes everything, which istiod puts last": known(PUBLIC, at(to()), other(to(match=[A]))),
    "other hosts": known(at(to()), other(to(), hosts=["other.example.com"])),
    "a wildcard beside a host": known(at(to()), other(to(), hosts=["*.example.com"])),
    "other gateways": known(at(to()), other(to(), gateways=["edge/other"])),
    "rules of other gateways": known(
        at(to(match=[{"gateways": ["edge/more"]}]), gateways=["edge/public", "edge/more"]), other(to())
    ),
    "after everything": known(at(to(), to(match=[A])), other(to(match=[A]))),
    "for sidecars": known(at(to(), gateways=["mesh"]), other(to(), gateways=None)),
    "kept apart": known(at(to(), exportTo=["a"]), other(to(), exportTo=["b"])),
    "served for one of the namespaces": known(gateway(server(f"shop/{HOST}")), at(to()), other(to(), namespace="x")),
    "no HTTP server": known(gateway(server(HOST, port=443, protocol="TLS")), at(to()), other(to())),
    "delegates": known(at({"delegate": {"name": "x"}}), other({"delegate": {"name": "y"}})),
    "the host waits": known(at(to(), hosts=[TOKEN]), other(to(), hosts=[TOKEN])),
    "the gateway waits": known(at(to(), gateways=[TOKEN]), other(to(), gateways=[TOKEN])),
}
