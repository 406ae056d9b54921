"""Cases of selector-without-proxies."""

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import (
    TOKEN,
    Expected,
    authorization,
    gateway,
    known,
    peer,
    router,
    say,
    server,
    workload,
)

POLICY = "AuthorizationPolicy shop/policy spec.selector.matchLabels"

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "a label that nobody has": (
        known(workload(), authorization(app="revews")),
        [say(POLICY, "app=revews", "namespace shop", "app=reviews")],
    ),
    "another namespace": (known(workload(), workload("ratings", "x"), authorization(app="ratings")), [say(POLICY)]),
    "nowhere in the mesh": (
        known(workload(), authorization(app="ratings", namespace="istio-system")),
        [say("AuthorizationPolicy istio-system/policy spec.selector.matchLabels", "the mesh")],
    ),
    "mutual TLS": (
        known(workload(), peer("STRICT", app="ratings")),
        [say("PeerAuthentication shop/default spec.selector.matchLabels")],
    ),
    "mutual TLS of the root namespace": (
        known(peer("STRICT", namespace="istio-system", app="reviews"), workload()),
        [say("PeerAuthentication istio-system/default spec.selector.matchLabels", "root namespace")],
    ),
    "a gateway": (
        known(router(), gateway(server(), istio="egress")),
        [say("Gateway edge/public spec.selector", "istio=egress", "istio=ingress")],
    ),
    "a gateway among workloads": (
        known(workload(namespace="edge"), gateway(server())),
        [say("Gateway edge/public spec.selector", "app=reviews")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "its label": known(workload(), authorization(app="reviews"), peer("STRICT", app="reviews")),
    "no selector": known(workload(), authorization(), peer("STRICT")),
    "no workload of the namespace is known": known(workload(namespace="x"), authorization(app="reviews")),
    "the root namespace selects everywhere": known(workload(), authorization(app="reviews", namespace="istio-system")),
    "a gateway's proxies": known(router(namespace="x"), gateway(server())),
    "no gateway proxy is known": known(workload(), gateway(server())),
    "a policy of gateway proxies": known(router(app="edge"), authorization(app="edge", namespace="edge")),
    "the label waits": known(workload(), router(), authorization(app=TOKEN), gateway(server(), istio=TOKEN)),
}
