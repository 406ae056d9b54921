"""What diff says of one change after the other: each class, exactly."""

from __future__ import annotations

import pytest

from pulumi_mesh.proxy.diff import diff
from pulumi_mesh.proxy.diff.report import sample

from .cases import HTTP, SPARE, TLS, TO_WEB, gateway, gateway_api, of, snapshot, virtual_service

Told = tuple[str, str, tuple[str, ...], str, str]
"""Severity, requests, what changes, a sample, and the object that decides from now on."""

WEB = "selector: {matchLabels: {app: web}}"
EDGE = "selector: {matchLabels: {istio: ingress}}"
RULE = 'jwtRules: [{issuer: me, jwksUri: "https://me.test/keys"}]'
TOKENS = of("security", "RequestAuthentication", "tokens", f"{WEB}, {RULE}")
EDGE_TOKENS = of("security", "RequestAuthentication", "tokens", f"{EDGE}, {RULE}")
EXTERNAL = of(
    "networking",
    "ServiceEntry",
    "ext",
    "hosts: [api.example.org], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS, "
    "location: MESH_EXTERNAL",
)
PASSTHROUGH = of(
    "networking",
    "Gateway",
    "public",
    "selector: {istio: ingress}, servers: [{port: {number: 443, name: tls, protocol: TLS}, "
    'hosts: ["*.example.com"], tls: {mode: PASSTHROUGH}}]',
)
SIMPLE = TLS % "mode: SIMPLE, credentialName: cert"
MUTUAL = TLS % "mode: MUTUAL, credentialName: cert"
REACHED = "reaches a destination"
RETRIES = "retries: 2 on connect-failure, refused-stream, unavailable, cancelled, retriable-status-codes → none"
WEB_HOST = "web.shop.svc.cluster.local"
GET_WEB = f"GET http://{WEB_HOST}/"


def authorized(spec: str, selector: str = WEB) -> str:
    return of("security", "AuthorizationPolicy", "policy", f"{selector}, {spec}")


def rule(spec: str) -> str:
    return of("networking", "DestinationRule", "rule", spec)


def scope(spec: str) -> str:
    return of("networking", "Sidecar", "default", spec)


STRICT = of("security", "PeerAuthentication", "default", "mtls: {mode: STRICT}")


def sni(host: str, port: int) -> str:
    to = f"[{{destination: {{host: {host}, port: {{number: {port}}}}}}}]"
    tls = f"tls: [{{match: [{{sniHosts: [a.example.com]}}], route: {to}}}]"
    return PASSTHROUGH + virtual_service("a.example.com", "", f"gateways: [public], {tls}")


def shared(*weights: tuple[str, int, int]) -> str:
    routes = ", ".join(
        f"{{destination: {{host: {host}, port: {{number: {port}}}}}, weight: {weight}}}"
        for host, port, weight in weights
    )
    return virtual_service("web", f"[{{route: [{routes}]}}]")


def tcp(routes: str) -> str:
    return virtual_service("db", "", f"tcp: [{{route: [{routes}]}}]")


def answers(*matches: tuple[str, int]) -> str:
    made = [f"{{match: [{match}], directResponse: {{status: {status}}}}}" for match, status in matches]
    return virtual_service("web", f"[{', '.join(made)}, {{route: [{{destination: {{host: web}}}}]}}]")


REGISTERED = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"
ANONYMOUS = 'action: DENY, rules: [{from: [{source: {notRequestPrincipals: ["*"]}}]}]'
GUESTS = 'action: DENY, rules: [{when: [{key: "request.auth.claims[role]", values: [guest]}]}]'
ADMINS = (
    'action: ALLOW, rules: [{when: [{key: "request.auth.claims[role]", values: [admin]}, '
    '{key: "request.auth.claims[team]", values: [a]}]}]'
)
INNER = "action: DENY, rules: [{from: [{source: {ipBlocks: [10.0.0.0/8], notIpBlocks: [10.0.0.0/16]}}]}]"
OUTER = "action: DENY, rules: [{from: [{source: {remoteIpBlocks: [198.51.100.0/24]}}]}]"
BETA = (
    '[{match: [{headers: {"@request.auth.claims.group": {exact: beta}}}], '
    "route: [{destination: {host: reviews, port: {number: 9080}}}]}, {route: [{destination: {host: web}}]}]"
)
NUMBERS, ZZZ = "{uri: {regex: '/a[0-9]+.*'}}", "{uri: {regex: '.*z{3}'}}"
BY_WEB = "{backendRefs: [{name: web, port: 80}]}"
BY_REVIEWS = "{matches: [{path: {type: PathPrefix, value: /api}}], backendRefs: [{name: reviews, port: 9080}]}"
PUBLIC, GET_PUBLIC = "shop.example.com:80 /*", "GET http://shop.example.com/"
ROUTE = "VirtualService shop/route spec.http[0]"
POLICY = "AuthorizationPolicy shop/policy spec.rules[0]"
REFUSED = f"{REACHED} → refused with 403"
BY_RULE = f"{REFUSED} by ns[shop]-policy[policy]-rule[0]"
ALL_WEB, GET = "every request to port 80", "GET http://service/"

TABLE: dict[str, tuple[str, str, list[Told]]] = {
    "a server is added": (
        "",
        gateway(HTTP % ""),
        [("reachable", PUBLIC, ("no listener matched → reaches a destination",), GET_PUBLIC, ROUTE)],
    ),
    "a server is removed": (
        gateway(HTTP % "", SIMPLE),
        gateway(SIMPLE),
        [("unreachable", PUBLIC, (f"{REACHED} → no listener matched",), GET_PUBLIC, "")],
    ),
    "HTTP becomes a redirect to HTTPS": (
        gateway(HTTP % "", SIMPLE),
        gateway(HTTP % ", tls: {httpsRedirect: true}", SIMPLE),
        [
            (
                "changed",
                PUBLIC,
                (f"{REACHED} → 301 to https://shop.example.com/",),
                GET_PUBLIC,
                "VirtualService shop/route",
            )
        ],
    ),
    "SIMPLE becomes MUTUAL": (
        gateway(SIMPLE),
        gateway(MUTUAL),
        [
            (
                "unreachable",
                "shop.example.com:443 /*",
                (f"{REACHED} → invalid mTLS",),
                "GET https://shop.example.com/",
                "Gateway shop/public spec.servers[0]",
            )
        ],
    ),
    "passthrough by SNI": (
        sni("web", 80),
        sni("reviews", 9080),
        [
            (
                "changed",
                "connections to any address:443 for a.example.com",
                (
                    "reviews.shop: 0 % → 100 %",
                    "web.shop: 100 % → 0 %",
                ),
                "tls://a.example.com:443",
                "Gateway shop/public spec.servers[0]",
            )
        ],
    ),
    "tokens are looked at": (
        "",
        TOKENS,
        [
            (
                "denied",
                f"{ALL_WEB} with a token of another.issuer.example.com",
                (f"{REACHED} → refused with 401",),
                GET,
                "RequestAuthentication shop/tokens spec.jwtRules[0]",
            )
        ],
    ),
    "tokens are required": (
        TOKENS,
        TOKENS + authorized(ANONYMOUS),
        [("denied", f"{ALL_WEB} without a token", (BY_RULE,), GET, POLICY)],
    ),
    "a claim is refused": (
        TOKENS,
        TOKENS + authorized(GUESTS),
        [("denied", f"{ALL_WEB} with a token of me that says role guest", (BY_RULE,), GET, POLICY)],
    ),
    "two claims are required": (
        TOKENS,
        TOKENS + authorized(ADMINS),
        [
            ("denied", f"{ALL_WEB} with a token of me", (REFUSED,), GET, POLICY),
            ("denied", f"{ALL_WEB} without a token", (REFUSED,), GET, POLICY),
        ],
    ),
    "claims decide the route": (
        gateway(HTTP % "") + EDGE_TOKENS,
        gateway(HTTP % "", http=BETA) + EDGE_TOKENS,
        [
            (
                "changed",
                "shop.example.com:80 /* and /* with a token of me that says group beta",
                (
                    "reviews.shop: 0 % → 100 %",
                    "web.shop: 100 % → 0 %",
                ),
                GET_PUBLIC,
                "VirtualService shop/route spec.http[0].match[0]",
            )
        ],
    ),
    "ipBlocks in one another": (
        "",
        authorized(INNER),
        [("denied", f"{ALL_WEB}, from addresses such as 10.255.255.255", (BY_RULE,), GET, POLICY)],
    ),
    "remoteIpBlocks at a gateway": (
        gateway(HTTP % ""),
        gateway(HTTP % "") + authorized(OUTER, EDGE),
        [
            ("denied", "shop.example.com:80 /*, from addresses such as 198.51.100.0", (BY_RULE,), GET_PUBLIC, POLICY),
            (
                "changed",
                "other.example.com:8443 /, from addresses such as 198.51.100.0",
                ("404 (no route matched) → refused with 403 by ns[shop]-policy[policy]-rule[0]",),
                "GET http://other.example.com:8443/",
                POLICY,
            ),
        ],
    ),
    "a service goes": (
        SPARE,
        "",
        [
            (
                "plaintext",
                "spare.shop.svc.cluster.local:80 /*",
                (
                    "PassthroughCluster: 0 % → 100 %",
                    "spare.shop: 100 % → 0 %",
                    "sent by mtls → plaintext",
                    RETRIES,
                ),
                "GET http://spare.shop.svc.cluster.local/",
                "",
            )
        ],
    ),
    "a service entry goes": (
        EXTERNAL,
        "",
        [
            (
                "changed",
                "api.example.org:80 /*",
                (
                    "PassthroughCluster: 0 % → 100 %",
                    "api.example.org: 100 % → 0 %",
                    RETRIES,
                ),
                "GET http://api.example.org/",
                "",
            )
        ],
    ),
    "a service entry goes, and only what is registered may be reached": (
        EXTERNAL + scope('outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: ["*/*"]}]'),
        scope('outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: ["*/*"]}]'),
        [("unreachable", "api.example.org:80 /*", (f"{REACHED} → 502",), "GET http://api.example.org/", "")],
    ),
    "a route is not exported any more": (
        virtual_service("cron.bare.svc.cluster.local", "[{directResponse: {status: 200}}]"),
        virtual_service("cron.bare.svc.cluster.local", "[{directResponse: {status: 200}}]", "exportTo: ['~']"),
        [
            (
                "changed",
                "cron.bare.svc.cluster.local:80 /*",
                ("200 → reaches a destination",),
                "GET http://cron.bare.svc.cluster.local/",
                "Service bare/cron",
            )
        ],
    ),
    "egress is narrowed": (
        scope(f"{REGISTERED}, egress: [{{hosts: [./{WEB_HOST}, ./reviews.shop.svc.cluster.local]}}]"),
        scope(f"{REGISTERED}, egress: [{{hosts: [./{WEB_HOST}]}}]"),
        [
            (
                "unreachable",
                "reviews.shop.svc.cluster.local:9080 /*",
                (f"{REACHED} → no healthy upstream",),
                "GET http://reviews.shop.svc.cluster.local:9080/",
                "",
            ),
            (
                "changed",
                "other.example.com:9080 /*",
                ("502 → no healthy upstream",),
                "GET http://other.example.com:9080/",
                "",
            ),
        ],
    ),
    "only what is registered may be reached": (
        scope('egress: [{hosts: ["./web.shop.svc.cluster.local"]}]'),
        scope('outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: ["./web.shop.svc.cluster.local"]}]'),
        [
            (
                "unreachable",
                "connections to addresses that no service has",
                (f"{REACHED} → no healthy upstream",),
                "tcp://ANY:64999",
                "",
            ),
            ("unreachable", "connections to any address:80", (f"{REACHED} → no healthy upstream",), "tcp://ANY:80", ""),
            ("unreachable", "other.example.com:80 /*", (f"{REACHED} → 502",), "GET http://other.example.com/", ""),
        ],
    ),
    "mutual TLS is switched off": (
        "",
        rule("host: web, trafficPolicy: {tls: {mode: DISABLE}}"),
        [("plaintext", f"{WEB_HOST}:80 /*", ("sent by mtls → plaintext",), GET_WEB, "Service shop/web")],
    ),
    "mutual TLS is switched off, which the server insists on": (
        STRICT,
        STRICT + rule("host: web, trafficPolicy: {tls: {mode: DISABLE}}"),
        [
            (
                "unreachable",
                f"{WEB_HOST}:80 /*",
                ("sent by mtls → plaintext", "refused by web-1.shop (no filter chains matched): 100 %"),
                GET_WEB,
                "Service shop/web",
            )
        ],
    ),
    "mutual TLS again, which the server insists on": (
        STRICT + rule("host: web, trafficPolicy: {tls: {mode: DISABLE}}"),
        STRICT,
        [
            (
                "reachable",
                f"{WEB_HOST}:80 /*",
                ("sent by plaintext → mtls", "refused by web-1.shop (no filter chains matched): no longer"),
                GET_WEB,
                "Service shop/web",
            )
        ],
    ),
    "mutual TLS to who has no sidecar": (
        "",
        rule("host: cron.bare.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"),
        [
            (
                "unreachable",
                "cron.bare.svc.cluster.local:80 /*",
                ("sent by plaintext → mtls", "refused by cron-1.bare (invalid mTLS): 100 %"),
                "GET http://cron.bare.svc.cluster.local/",
                "Service bare/cron",
            )
        ],
    ),
    "mutual TLS is switched on": (
        rule("host: web, trafficPolicy: {tls: {mode: DISABLE}}"),
        rule("host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"),
        [("changed", f"{WEB_HOST}:80 /*", ("sent by plaintext → mtls",), GET_WEB, "Service shop/web")],
    ),
    "telemetry": (
        "",
        of("telemetry", "Telemetry", "logs", "accessLogging: [{providers: [{name: envoy}]}]"),
        [],
    ),
    "a TCP route": (
        tcp("{destination: {host: db}}"),
        tcp("{destination: {host: gone}}"),
        [
            (
                "unreachable",
                "connections to 10.1.0.5:5432",
                (f"{REACHED} → unknown cluster",),
                "tcp://10.1.0.5:5432",
                "VirtualService shop/route spec.tcp",
            )
        ],
    ),
    "a share of a TCP route": (
        tcp("{destination: {host: db}}"),
        tcp("{destination: {host: db}, weight: 3}, {destination: {host: gone}, weight: 1}"),
        [
            (
                "unreachable",
                "connections to 10.1.0.5:5432",
                (
                    "unreachable: 0 % → 25 %",
                    "db.shop: 100 % → 75 %",
                    "gone.shop (fails): unknown cluster: 0 % → 25 %",
                ),
                "tcp://10.1.0.5:5432",
                "VirtualService shop/route spec.tcp",
            )
        ],
    ),
    "some fail, then all": (
        shared(("web", 80, 90), ("gone", 80, 10)),
        shared(("gone", 80, 1)),
        [
            (
                "unreachable",
                f"{WEB_HOST}:80 /*",
                (
                    f"{REACHED} → 503 (unknown cluster)",
                    "unreachable: 10 % → 100 %",
                ),
                GET_WEB,
                ROUTE,
            )
        ],
    ),
    "fewer fail": (
        shared(("web", 80, 90), ("gone", 80, 10)),
        shared(("web", 80, 95), ("gone", 80, 5)),
        [
            (
                "reachable",
                f"{WEB_HOST}:80 /*",
                (
                    "unreachable: 10 % → 5 %",
                    "gone.shop (fails): unknown cluster: 10 % → 5 %",
                    "web.shop: 90 % → 95 %",
                ),
                GET_WEB,
                ROUTE,
            )
        ],
    ),
    "some fail on purpose": (
        virtual_service("web", TO_WEB),
        virtual_service(
            "web", "[{route: [{destination: {host: web}}], fault: {abort: {httpStatus: 503, percentage: {value: 10}}}}]"
        ),
        [
            (
                "unreachable",
                f"{WEB_HOST}:80 /*",
                (
                    "unreachable: 0 % → 10 %",
                    "fault: none → 503 for 10 %",
                ),
                GET_WEB,
                ROUTE,
            )
        ],
    ),
    "the same shares of another sum": (
        shared(("web", 80, 1), ("reviews", 9080, 2)),
        shared(("web", 80, 30), ("reviews", 9080, 60)),
        [],
    ),
    "shares of an odd sum": (
        shared(("web", 80, 1), ("reviews", 9080, 2)),
        shared(("web", 80, 2), ("reviews", 9080, 5)),
        [
            (
                "changed",
                f"{WEB_HOST}:80 /*",
                (
                    "reviews.shop: 66.67 % → 71.43 %",
                    "web.shop: 33.33 % → 28.57 %",
                ),
                GET_WEB,
                ROUTE,
            )
        ],
    ),
    "patterns change places": (
        answers((NUMBERS, 200), (ZZZ, 201)),
        answers((ZZZ, 201), (NUMBERS, 200)),
        [
            (
                "changed",
                f"{WEB_HOST}:80 regex /a[0-9]+.* and regex .*z{{3}}",
                ("200 → 201",),
                f"{GET_WEB}a0zzz",
                "VirtualService shop/route spec.http[0].match[0]",
            )
        ],
    ),
    "pages of another origin": (
        virtual_service("web", TO_WEB),
        virtual_service(
            "web", "[{route: [{destination: {host: web}}], corsPolicy: {allowOrigins: [{exact: 'https://a.test'}]}}]"
        ),
        [
            (
                "changed",
                f"{WEB_HOST}:80 /*",
                ("answer's headers set: none → access-control-allow-origin: https://a.test",),
                f"{GET_WEB} -H 'origin: https://a.test'",
                ROUTE,
            ),
            (
                "changed",
                f"{WEB_HOST}:80 /*",
                (
                    f"{REACHED} → 200",
                    "answer's headers set: none → access-control-allow-origin: https://a.test",
                ),
                f"OPTIONS http://{WEB_HOST}/ -H 'access-control-request-method: GET' -H 'origin: https://a.test'",
                ROUTE,
            ),
        ],
    ),
    "a rule of an HTTPRoute": (
        gateway_api(BY_WEB),
        gateway_api(BY_REVIEWS, BY_WEB),
        [
            (
                "changed",
                "edge.example.com:80 /* and PathPrefix:/api",
                (
                    "reviews.shop: 0 % → 100 %",
                    "web.shop: 100 % → 0 %",
                ),
                "GET http://edge.example.com/api",
                "HTTPRoute shop/edge spec.rules[0].matches[0]",
            )
        ],
    ),
    "a listener of the Gateway API": (
        gateway_api(BY_WEB),
        gateway_api(BY_WEB).replace("*.example.com", "*.example.net"),
        [
            (
                "unreachable",
                "edge.example.com:80 /*",
                (f"{REACHED} → 404 (no route matched)",),
                "GET http://edge.example.com/",
                "Gateway shop/edge spec.listeners[0]",
            )
        ],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_is_told(name: str) -> None:
    before, after, expected = TABLE[name]
    found = diff(snapshot(before), snapshot(after))
    assert [
        (each.severity, each.requests, each.what, sample(each.sample), str(each.refs[0]) if each.refs else "")
        for each in found.changes
    ] == expected
    assert found.untried == ()
