"""Bookinfo: a public gateway, four services, mutual TLS everywhere, and a canary from reviews v1 to v2."""

import pulumi_mesh as pm

bookinfo = pm.Namespace("bookinfo", injection=True)


def service(name: str, versions: list[str], calls: list[pm.Service]) -> pm.Service:
    """Every service of bookinfo listens on 9080 and runs as an account of its own."""
    return pm.Service(
        name, namespace=bookinfo, port=9080, versions=versions, calls=calls, service_account=f"bookinfo-{name}"
    )


ratings = service("ratings", ["v1"], calls=[])
details = service("details", ["v1"], calls=[])
reviews = service("reviews", ["v1", "v2"], calls=[ratings])
productpage = service("productpage", ["v1"], calls=[reviews, details])

public = pm.Gateway("public", listeners=[pm.Listener("http", port=80, hostnames=["bookinfo.example.com"])])

mesh = pm.Mesh(
    "bookinfo",
    namespaces=[bookinfo],
    services=[productpage, reviews, details, ratings],
    gateways=[public],
    routes=[
        pm.HTTPRoute(
            "productpage",
            gateways=[public],
            hostnames=["bookinfo.example.com"],
            rules=[
                pm.Rule(
                    matches=[pm.Path("/productpage"), pm.Path("/static"), pm.Path("/api/v1/products")],
                    backends=[productpage],
                    timeout="10s",
                    retries=pm.Retries(0),
                )
            ],
        ),
        pm.HTTPRoute(
            "reviews",
            services=[reviews],
            rules=[
                pm.Rule(name="test-user", matches=[pm.Match(headers={"end-user": "jason"})], backends=[reviews["v2"]]),
                pm.Rule(name="everyone", backends=[reviews], retries=pm.Retries(0)),
            ],
        ),
    ],
    mutual_tls=[pm.MutualTLS("STRICT")],
    authorization=[
        pm.AuthorizationPolicy(
            "ratings-from-reviews",
            target=ratings,
            rules=[pm.AuthorizationRule(principals=[reviews], methods=["GET"])],
        )
    ],
    canaries=[
        pm.Canary(
            reviews,
            stable="v1",
            candidate="v2",
            stages=[
                pm.Stage(weight=5, duration="10m"),
                pm.Stage(weight=25, duration="30m"),
                pm.Stage(weight=50, duration="30m"),
                pm.Stage(weight=100),
            ],
        )
    ],
)
