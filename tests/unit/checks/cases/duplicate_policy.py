"""Cases of duplicate-policy."""

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import TOKEN, Expected, known, peer, say

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "two of a namespace": (
        known(peer("STRICT", "a"), peer("DISABLE", "b")),
        [say("PeerAuthentication shop/a spec", "a, b are all for all workloads of namespace shop")],
    ),
    "two of one workload": (
        known(peer("STRICT", "a", app="reviews"), peer("STRICT", "b", app="reviews"), peer("STRICT")),
        [say("PeerAuthentication shop/a spec.selector", "app=reviews")],
    ),
    "an empty selector is none": (
        known(peer("STRICT", "a", selector={"matchLabels": {}}), peer("STRICT", "b")),
        [say("PeerAuthentication shop/a spec")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "one a namespace": known(peer("STRICT"), peer("STRICT", namespace="x"), peer("STRICT", namespace="istio-system")),
    "one a selector": known(peer("STRICT", "a", app="reviews"), peer("STRICT", "b", app="ratings"), peer("STRICT")),
    "the selector waits": known(peer("STRICT", "a", app=TOKEN), peer("STRICT", "b", app=TOKEN)),
}
