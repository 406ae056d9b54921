"""A shop with something of everything that decides what becomes of a request."""

import pulumi_mesh as pm

shop = pm.Namespace("counter", injection=True)


def service(name: str, versions: list[str], calls: list[pm.Service]) -> pm.Service:
    """Every service speaks HTTP on 8080 and runs as an account of its own."""
    return pm.Service(name, namespace=shop, port=8080, versions=versions, calls=calls, service_account=name)


stock = service("stock", [], calls=[])
cart = service("cart", ["v1", "v2"], calls=[])
web = service("web", [], calls=[cart, stock])

public = pm.Gateway(
    "public",
    listeners=[
        pm.Listener("http", port=80, hostnames=["shop.example.com"], https_redirect=True),
        pm.Listener("https", port=443, protocol="HTTPS", hostnames=["*.example.com"], certificate="shop-tls"),
    ],
)

outside = [
    pm.Rule(
        matches=[pm.Path("/old", kind="exact")],
        redirect=pm.Redirect(hostname="new.example.com", path="/new", status_code=308),
    ),
    pm.Rule(
        matches=[pm.Path("/api/")],
        backends=[cart["v1"]],
        rewrite=pm.Rewrite(path="/", hostname="inside.example.com"),
        request_headers=pm.HeaderChanges(set={"x-set": "by-the-mesh"}, remove=["x-secret"]),
        response_headers=pm.HeaderChanges(add={"x-shop": "1"}),
    ),
    pm.Rule(matches=[pm.Path("/slow")], backends=[cart["v1"]], timeout="300ms"),
    pm.Rule(matches=[pm.Path("/closed")], backends=[cart["v1"]], fault=pm.Fault(abort=pm.Abort(418))),
    pm.Rule(matches=[pm.Path("/shaky")], backends=[cart["v1"]], fault=pm.Fault(abort=pm.Abort(429, percent=50))),
    pm.Rule(
        matches=[pm.Path("/again")],
        backends=[cart["v1"]],
        retries=pm.Retries(1, conditions=["5xx"]),
    ),
    pm.Rule(matches=[pm.Path("/copied")], backends=[cart["v1"]], mirror=pm.Mirror(cart["v2"])),
    pm.Rule(
        matches=[
            pm.Match(path=pm.Path("/items/[0-9]+", kind="regex")),
            pm.Match(path=pm.Path("/items"), method="POST"),
            pm.Match(path=pm.Path("/items"), query_parameters={"beta": "yes"}),
        ],
        backends=[cart["v2"]],
    ),
    pm.Rule(matches=[pm.Path("/items"), pm.Path("/admin")], backends=[cart["v1"]]),
]
inside = [
    pm.Rule(matches=[pm.Match(headers={"x-beta": pm.TextMatch(kind="present")})], backends=[cart["v2"]]),
    pm.Rule(backends=[pm.Backend(cart["v1"], weight=2), pm.Backend(cart["v2"], weight=1)]),
]

mesh = pm.Mesh(
    "counter",
    namespaces=[shop],
    services=[web, cart, stock],
    gateways=[public],
    routes=[
        pm.HTTPRoute("outside", gateways=[public], hostnames=["shop.example.com"], rules=outside),
        pm.HTTPRoute("inside", services=[cart], rules=inside),
    ],
    mutual_tls=[pm.MutualTLS("PERMISSIVE"), pm.MutualTLS("DISABLE", service=stock)],
    authorization=[
        pm.AuthorizationPolicy(
            "nobody-to-admin", target=public, action="DENY", rules=[pm.AuthorizationRule(paths=["/admin*"])]
        ),
        pm.AuthorizationPolicy("to-cart", target=cart["v2"], rules=[pm.AuthorizationRule(principals=[public, web])]),
    ],
)
