"""A small mesh of one namespace that is there already: a gateway, two destinations, two routes."""

from __future__ import annotations

from typing import Any

import pulumi_mesh as pm
from tests.cluster.tools.kubectl import Kubectl

KINDS = ["gateways.networking.istio.io", "destinationrules.networking.istio.io", "virtualservices.networking.istio.io"]


def shop(namespace: str, *, timeout: str = "5s", host: str = "cart.example.com", **more: Any) -> pm.Mesh:
    """The mesh. timeout and host: of the route to the cart. more: of the Mesh."""
    cart, stock = (
        pm.Service(name, namespace=namespace, port=8080, versions=["v1", "v2"]) for name in ("cart", "stock")
    )
    public = pm.Gateway("public", namespace=namespace, listeners=[pm.Listener("http", port=80)])
    return pm.Mesh(
        "shop",
        services=[cart, stock],
        gateways=[public],
        routes=[
            pm.HTTPRoute(
                "cart",
                gateways=[public],
                hostnames=[host],
                rules=[
                    pm.Rule(
                        backends=[pm.Backend(cart["v1"], weight=90), pm.Backend(cart["v2"], weight=10)], timeout=timeout
                    )
                ],
            ),
            pm.HTTPRoute(
                "stock", gateways=[public], hostnames=["stock.example.com"], rules=[pm.Rule(backends=[stock])]
            ),
        ],
        **more,
    )


def keys(namespace: str) -> list[str]:
    """``KIND/NAMESPACE/NAME`` of its objects, in the order in which they are applied."""
    return [
        f"Gateway/{namespace}/public",
        f"DestinationRule/{namespace}/cart",
        f"DestinationRule/{namespace}/stock",
        f"VirtualService/{namespace}/cart",
        f"VirtualService/{namespace}/stock",
    ]


def stored(kubectl: Kubectl, namespace: str) -> dict[str, str]:
    """What the server holds of a namespace: ``KIND/NAMESPACE/NAME`` to the object's uid, in the
    order of ``keys``."""
    found = kubectl.get(f"--namespace={namespace}", ",".join(KINDS))["items"]
    uids = {f"{each['kind']}/{namespace}/{each['metadata']['name']}": each["metadata"]["uid"] for each in found}
    return {key: uids.pop(key) for key in keys(namespace) if key in uids} | uids
