"""Cases of identity-without-mtls."""

from typing import Any

from pulumi_mesh.manifests.snapshot import Snapshot
from tests.unit.checks.known import TOKEN, Expected, authorization, known, peer, router, rule, say, service, workload

WHO = {"principals": ["cluster.local/ns/shop/sa/web"]}
PLAIN = rule(trafficPolicy={"tls": {"mode": "DISABLE"}})
SOURCE = "AuthorizationPolicy shop/policy spec.rules[0].from[0].source"
ON_9090 = [{"operation": {"ports": ["9090"]}}]
METRICS: dict[str, Any] = {"portLevelMtls": {"9090": {"mode": "DISABLE"}}}

FOUND: dict[str, tuple[Snapshot, list[Expected]]] = {
    "plain text by default": (
        known(workload(), authorization(WHO)),
        [say(SOURCE, "it refuses them", "shop/reviews", "STRICT", severity="warning")],
    ),
    "a DENY": (known(workload(), authorization(WHO, "DENY")), [say(SOURCE, "it does not stop them")]),
    "an ALLOW of all but some": (
        known(workload(), authorization({"notNamespaces": ["x"]})),
        [say(SOURCE, "it lets them in")],
    ),
    "a DENY of all but some": (
        known(workload(), authorization({"notPrincipals": ["x"]}, "DENY")),
        [say(SOURCE, "it refuses them")],
    ),
    "no mutual TLS": (
        known(workload(), peer("DISABLE"), authorization({"namespaces": ["x"]}, app="reviews")),
        [say(SOURCE, "no caller has", severity="error")],
    ),
    "a condition": (
        known(workload(), authorization(when=[{"key": "source.principal", "values": ["x"]}])),
        [say("AuthorizationPolicy shop/policy spec.rules[0].when[0]")],
    ),
    "no workload is known": (
        known(peer("STRICT"), peer("PERMISSIVE", "one", app="reviews"), authorization(WHO, app="reviews")),
        [say(SOURCE, "app=reviews", severity="warning")],
    ),
    "some workloads": (
        known(workload(), workload("ratings"), peer("STRICT", app="ratings"), authorization(WHO)),
        [say(SOURCE, "plain text reaches shop/reviews")],
    ),
    "one port": (
        known(
            workload(),
            service("reviews", 9080, 9090),
            peer("STRICT", "p", app="reviews", **METRICS),
            authorization(WHO),
        ),
        [say(SOURCE, severity="warning")],
    ),
    "the port that the rule names": (
        known(workload(), peer("STRICT", "p", app="reviews", **METRICS), authorization(WHO, to=ON_9090)),
        [say(SOURCE, severity="error")],
    ),
    "clients are told to send plain text": (
        known(workload(), service(), PLAIN, authorization(WHO)),
        [say(SOURCE, "no caller has", severity="error")],
    ),
    "told so for the whole namespace": (
        known(
            rule(host="*.shop.svc.cluster.local", trafficPolicy={"tls": {"mode": "DISABLE"}}),
            authorization(WHO, app="reviews"),
        ),
        [say(SOURCE, severity="error")],
    ),
    "told so of another service": (
        known(workload(), service(), rule(host="ratings", trafficPolicy=PLAIN.spec.traffic_policy), authorization(WHO)),
        [say(SOURCE, severity="warning")],
    ),
    "of the whole mesh": (
        known(workload(), authorization(WHO, namespace="istio-system")),
        [say("AuthorizationPolicy istio-system/policy spec.rules[0].from[0].source", "shop/reviews")],
    ),
}

CLEAN: dict[str, Snapshot] = {
    "strict": known(workload(), peer("STRICT"), authorization(WHO)),
    "strict on the service's port": known(
        workload(),
        service(),
        peer("PERMISSIVE", "p", app="reviews", portLevelMtls={"9080": {"mode": "STRICT"}}),
        authorization(WHO),
    ),
    "a port that the rule leaves out": known(
        workload(),
        peer("STRICT", "p", app="reviews", **METRICS),
        authorization(WHO, to=[{"operation": {"ports": ["80"]}}]),
    ),
    "no identity asked": known(workload(), authorization({"ipBlocks": ["10.0.0.0/8"]})),
    "an end user's identity": known(workload(), authorization({"requestPrincipals": ["*"]})),
    "an audit": known(workload(), authorization(WHO, "AUDIT")),
    "gateway proxies": known(router(app="edge"), authorization(WHO, app="edge", namespace="edge")),
    "no sidecar": known(workload(mesh=False), authorization(WHO)),
    "the selector waits": known(workload(), authorization(WHO, app=TOKEN)),
}
