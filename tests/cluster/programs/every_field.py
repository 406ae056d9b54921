"""A mesh that gives every field of the model a value, so that each reaches the API server and istiod."""

import pulumi_mesh as pm
from pulumi_mesh import istio

shop = pm.Namespace("shop", injection=True, labels={"team": "shop"})

policy = pm.TrafficPolicy(
    load_balancer=pm.ConsistentHash("x-user", minimum_ring_size=2048),
    connection_pool=pm.ConnectionPool(
        max_connections=100,
        connect_timeout="500ms",
        max_pending_requests=10,
        max_requests=200,
        max_requests_per_connection=1,
        max_retries=3,
        idle_timeout="1h",
    ),
    outlier_detection=pm.OutlierDetection(
        consecutive_5xx_errors=3,
        consecutive_gateway_errors=2,
        interval="1s",
        base_ejection_time="1500ms",
        max_ejection_percent=100,
    ),
)
stock = pm.Service("stock", namespace=shop, port=8080, traffic_policy=pm.TrafficPolicy(load_balancer="RANDOM"))
cart = pm.Service(
    "cart",
    namespace=shop,
    ports=[pm.Port(8080, name="http-web"), pm.Port(9090, name="http-admin")],
    labels={"app": "cart", "tier": "web"},
    versions=[
        pm.Version("v1"),
        pm.Version("v2", labels={"release": "second"}, traffic_policy=policy),
        pm.Version("v0", retired=True),
    ],
    service_account="cart",
    calls=[stock],
    traffic_policy=policy,
)
v1 = pm.Destination(cart, version="v1", port=8080)
v2 = pm.Destination(cart, version="v2", port=8080)
public = pm.Gateway(
    "public",
    selector={"istio": "ingressgateway", "zone": "a"},
    listeners=[
        pm.Listener("http", port=80, hostnames=["shop.example.com"], https_redirect=True),
        pm.Listener("https", port=443, protocol="HTTPS", hostnames=["*.example.com"], certificate="shop-tls"),
        pm.Listener("any", port=8080),
    ],
)
everything = pm.Rule(
    name="everything",
    matches=[
        pm.Match(
            port=8080,
            path=pm.Path("/cart/[0-9]+", kind="regex"),
            method="POST",
            headers={
                "x-exact": "1",
                "x-prefix": pm.TextMatch("a", kind="prefix"),
                "x-regex": pm.TextMatch("[a-z]*", kind="regex"),
                "x-present": pm.TextMatch(kind="present"),
            },
            query_parameters={
                "exact": "1",
                "prefix": pm.TextMatch("a", kind="prefix"),
                "regex": pm.TextMatch("[a-z]*", kind="regex"),
                "present": pm.TextMatch(kind="present"),
            },
        ),
        pm.Match(port=8080, path=pm.Path("/exact", kind="exact")),
        pm.Match(port=8080, path=pm.Path("/prefix")),
    ],
    backends=[pm.Backend(v1, weight=99), pm.Backend(v2, weight=1), pm.Backend(stock, weight=0)],
    rewrite=pm.Rewrite(hostname="inside.example.com", path="/inside"),
    request_headers=pm.HeaderChanges(set={"x-set": "%START_TIME%"}, add={"x-add": "100%%"}, remove=["x-remove"]),
    response_headers=pm.HeaderChanges(set={"x-set": "1"}, add={"x-add": "1"}, remove=["x-remove"]),
    mirror=pm.Mirror(stock, percent=0.5),
    fault=pm.Fault(delay=pm.Delay("100ms", percent=12.5), abort=pm.Abort(503, percent=0.1)),
    timeout="1.5s",
    retries=pm.Retries(
        3, per_try_timeout="250ms", conditions=["5xx", "reset", "retriable-status-codes"], status_codes=[409]
    ),
)
redirect = pm.Rule(
    name="redirect",
    matches=[pm.Path("/old")],
    redirect=pm.Redirect(scheme="https", hostname="new.example.com", port=8443, path="/new", status_code=308),
    response_headers=pm.HeaderChanges(set={"x-redirected": "1"}),
)

mesh = pm.Mesh(
    "shop",
    namespaces=[shop],
    services=[cart, stock],
    gateways=[public],
    routes=[
        pm.HTTPRoute("outside", gateways=[public], hostnames=["shop.example.com"], rules=[everything, redirect]),
        pm.HTTPRoute(
            "inside",
            services=[cart],
            rules=[everything, pm.Rule(matches=[pm.Match(port=8080), pm.Match(port=9090)], backends=[v1])],
        ),
    ],
    mutual_tls=[
        pm.MutualTLS("STRICT"),
        pm.MutualTLS("PERMISSIVE", namespace="shop"),
        pm.MutualTLS("DISABLE", service=stock),
        pm.MutualTLS("STRICT", service=cart["v2"]),
    ],
    authorization=[
        pm.AuthorizationPolicy("nobody", namespace="shop"),
        pm.AuthorizationPolicy(
            "cart",
            target=cart,
            rules=[
                pm.AuthorizationRule(
                    principals=[public, "cluster.local/ns/other/*"],
                    namespaces=["istio-system"],
                    methods=["GET", "POST"],
                    paths=["/cart/*", "*/health"],
                    ports=[8080],
                )
            ],
        ),
        pm.AuthorizationPolicy("never", target=public, action="DENY", rules=[pm.AuthorizationRule(methods=["TRACE"])]),
    ],
    objects=[
        istio.EnvoyFilter(
            "patch",
            namespace="shop",
            spec={
                "configPatches": [
                    {
                        "applyTo": "HTTP_FILTER",
                        "match": {"context": "SIDECAR_INBOUND"},
                        "patch": {"operation": "REMOVE"},
                    }
                ]
            },
        ),
        istio.Telemetry("logs", namespace="shop", spec={"accessLogging": [{"providers": [{"name": "envoy"}]}]}),
    ],
)
