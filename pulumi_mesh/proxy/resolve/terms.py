"""One language for all: what other kinds of objects say, said by Istio's own."""

from __future__ import annotations

from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve import gateway_api, ingress


def in_istio_terms(snapshot: Snapshot) -> Snapshot:
    """A snapshot in which Istio's objects say what Ingresses and objects of the Gateway API said, with the proxies that
    serve them. The same snapshot where there are none.

    Resolving does it; who wants to know of all proxies does it before.
    """
    return gateway_api.to_istio(ingress.to_istio(snapshot))
