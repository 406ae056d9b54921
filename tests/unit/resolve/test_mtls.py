"""Precedence of PeerAuthentication."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_mesh.istio import PeerAuthentication
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.proxy.resolve.mtls import modes_of
from pulumi_mesh.refs import Ref

SELECTED = {"matchLabels": {"app": "reviews"}}
OTHER = {"matchLabels": {"app": "ratings"}}


def peer(namespace: str, name: str = "default", **spec: Any) -> PeerAuthentication:
    return PeerAuthentication(name, namespace=namespace, spec=spec)


def made_on(day: int, policy: PeerAuthentication) -> PeerAuthentication:
    return replace(policy, metadata={"creationTimestamp": f"2026-01-{day:02}T00:00:00Z"})


def mtls(mode: str) -> dict[str, str]:
    return {"mode": mode}


MESH = peer("istio-system", mtls=mtls("STRICT"))
NAMESPACE = peer("shop", mtls=mtls("DISABLE"))
WORKLOAD = peer("shop", "reviews", selector=SELECTED, mtls=mtls("PERMISSIVE"))
PORTS = peer(
    "shop",
    "ports",
    selector=SELECTED,
    mtls=mtls("STRICT"),
    portLevelMtls={"9080": mtls("DISABLE"), "9090": mtls("UNSET"), "9100": {}},
)


@pytest.mark.parametrize(
    ("policies", "port", "mode"),
    [
        ((), 9080, "PERMISSIVE"),
        ((MESH,), 9080, "STRICT"),
        ((MESH, NAMESPACE), 9080, "DISABLE"),
        ((MESH, NAMESPACE, WORKLOAD), 9080, "PERMISSIVE"),
        ((MESH, peer("shop")), 9080, "STRICT"),
        ((MESH, peer("shop", mtls=mtls("UNSET"))), 9080, "STRICT"),
        ((peer("istio-system", mtls=mtls("UNSET")),), 9080, "PERMISSIVE"),
        ((NAMESPACE, peer("shop", "r", selector=SELECTED)), 9080, "DISABLE"),
        ((NAMESPACE, peer("shop", "r", selector=OTHER, mtls=mtls("STRICT"))), 9080, "DISABLE"),
        ((peer("other", mtls=mtls("STRICT")),), 9080, "PERMISSIVE"),
        # A selector in the root namespace selects nothing; an empty selector is none.
        ((peer("istio-system", selector=SELECTED, mtls=mtls("STRICT")),), 9080, "PERMISSIVE"),
        ((peer("istio-system", selector={"matchLabels": {}}, mtls=mtls("STRICT")),), 9080, "STRICT"),
        # The oldest; else the first by name.
        (
            (
                made_on(1, peer("shop", "b", mtls=mtls("STRICT"))),
                made_on(2, peer("shop", "a", mtls=mtls("DISABLE"))),
            ),
            9080,
            "STRICT",
        ),
        ((peer("shop", "b", mtls=mtls("STRICT")), peer("shop", "a", mtls=mtls("DISABLE"))), 9080, "DISABLE"),
        ((PORTS,), 9080, "DISABLE"),
        ((PORTS,), 9090, "STRICT"),
        ((PORTS,), 9100, "STRICT"),
        ((PORTS,), 1, "STRICT"),
        ((PORTS,), None, "STRICT"),
        # Port levels need a selector.
        ((peer("shop", portLevelMtls={"9080": mtls("STRICT")}),), 9080, "PERMISSIVE"),
        # Ports without a mode inherit past the policy that lists them.
        ((MESH, peer("shop", "r", selector=SELECTED, portLevelMtls={"9080": {}})), 9080, "STRICT"),
    ],
)
def test_mode(policies: tuple[PeerAuthentication, ...], port: int | None, mode: str) -> None:
    known = snapshot(policies)
    assert modes_of(known, "shop", {"app": "reviews", "version": "v1"}).of(port) == mode


def test_root_namespace_workload() -> None:
    known = snapshot([MESH, peer("istio-system", "x", selector=SELECTED, mtls=mtls("DISABLE"))])
    assert modes_of(known, "istio-system", {"app": "reviews"}).of(80) == "STRICT"


def test_what_decided() -> None:
    modes = modes_of(snapshot([MESH, PORTS]), "shop", {"app": "reviews"})
    assert modes.ref_of(1) == Ref("PeerAuthentication", "shop", "ports", "spec.mtls.mode")
    assert modes.ref_of(9080) == Ref("PeerAuthentication", "shop", "ports", "spec.portLevelMtls.9080")
    assert modes_of(snapshot(()), "shop", {}).ref_of(None) is None
