"""What a mesh can say beside plain HTTP routes: other protocols, localities, tokens, rate limits, telemetry."""

import pulumi_mesh as pm

# What a login service publishes of its keys: the example of RFC 7517. Where proxies may ask for it: jwks_uri.
KEYS = """{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256",
  "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}
"""

shop = pm.Namespace("shop", injection=True)

# Services. Carts stay with a client's cookie; where too few of a region's workloads are healthy, the other takes over.
cart = pm.Service(
    "cart",
    namespace=shop,
    port=8080,
    service_account="cart",
    traffic_policy=pm.TrafficPolicy(
        load_balancer=pm.ConsistentHash(cookie=pm.Cookie("cart", ttl="1h")),
        locality=pm.Locality(failover={"eu": "us", "us": "eu"}),
        outlier_detection=pm.OutlierDetection(consecutive_5xx_errors=5),
    ),
)
# Images are fetched in the same zone, mostly; one client's requests go to one workload.
images = pm.Service(
    "images",
    namespace=shop,
    port=8080,
    traffic_policy=pm.TrafficPolicy(
        load_balancer=pm.ConsistentHash(source_ip=True),
        locality=pm.Locality(distribute={"eu/a/*": {"eu/a/*": 80, "eu/b/*": 20}}),
    ),
)
# Orders are kept in a database, whose new version gets every tenth connection.
orders_db = pm.Service(
    "orders-db", namespace=shop, ports=[pm.Port(5432, protocol="TCP")], versions=["v15", "v16"], service_account="db"
)
# Outside the mesh: requests are plain HTTP up to the sidecar, which begins TLS.
payments = pm.Service(
    "payments",
    namespace=shop,
    hostname="api.payments.example",
    ports=[pm.Port(80, target_port=443)],
    resolution="DNS",
    tls=pm.UpstreamTLS("SIMPLE", sni="api.payments.example", subject_alt_names=["api.payments.example"]),
)
checkout = pm.Service(
    "checkout", namespace=shop, port=8080, service_account="checkout", calls=[cart, orders_db, payments]
)
vault = pm.Service("vault", namespace=shop, ports=[pm.Port(8443, protocol="TLS")])
limiter = pm.Service("ratelimit", namespace=shop, ports=[pm.Port(8081, protocol="GRPC")])

# Gateways. Browsers and partners come by HTTPS; partners show certificates. Vault ends its TLS itself.
public = pm.Gateway(
    "public",
    listeners=[
        pm.Listener("http", port=80, hostnames=["shop.example.com"], https_redirect=True),
        pm.Listener(
            "https",
            port=443,
            protocol="HTTPS",
            hostnames=["shop.example.com"],
            certificate="shop-cert",
            min_tls_version="TLSV1_3",
        ),
        pm.Listener(
            "partners",
            port=443,
            protocol="HTTPS",
            hostnames=["partners.example.com"],
            certificate="partners-cert",
            tls_mode="MUTUAL",
            client_ca="partners-ca",
        ),
        pm.Listener("vault", port=8443, protocol="TLS", tls_mode="PASSTHROUGH", hostnames=["vault.example.com"]),
        pm.Listener("postgres", port=5432, protocol="TCP"),
    ],
)

storefront = pm.HTTPRoute(
    "storefront",
    gateways=[public],
    hostnames=["shop.example.com"],
    rules=[
        pm.Rule(
            matches=[pm.Path("/old")],
            direct_response=pm.DirectResponse(410, body="this page is gone; see /\n"),
        ),
        pm.Rule(
            name="checkout",
            matches=[pm.Path("/checkout")],
            backends=[checkout],
            cors=pm.Cors(
                allow_origins=["https://app.example.com"],
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type"],
                allow_credentials=True,
                max_age="10m",
            ),
        ),
        pm.Rule(matches=[pm.Path("/images")], backends=[images]),
        pm.Rule(backends=[cart]),
    ],
)
partners = pm.HTTPRoute(
    "partners", gateways=[public], hostnames=["partners.example.com"], rules=[pm.Rule(backends=[checkout])]
)

mesh = pm.Mesh(
    "shop",
    namespaces=[shop],
    services=[cart, images, orders_db, payments, checkout, vault, limiter],
    gateways=[public],
    routes=[storefront, partners],
    tcp_routes=[
        pm.TCPRoute(
            "orders-db",
            services=[orders_db],
            backends=[pm.Backend(orders_db["v15"], weight=90), pm.Backend(orders_db["v16"], weight=10)],
        ),
        pm.TCPRoute("reports", gateways=[public], port=5432, backends=[orders_db["v15"]]),
    ],
    tls_routes=[pm.TLSRoute("vault", gateways=[public], hostnames=["vault.example.com"], backends=[vault])],
    # The database's own backup connects without a sidecar.
    mutual_tls=[pm.MutualTLS("STRICT"), pm.MutualTLS("STRICT", service=orders_db, ports={5432: "PERMISSIVE"})],
    # Checkout takes requests of customers who have logged in.
    request_authentication=[
        pm.RequestAuthentication(
            "login",
            target=checkout,
            jwt_rules=[
                pm.JWTRule(
                    "https://login.example.com",
                    audiences=["shop"],
                    jwks=KEYS,
                    forward_original_token=True,
                    output_claim_to_headers={"x-customer": "sub"},
                )
            ],
        )
    ],
    authorization=[
        pm.AuthorizationPolicy(
            "customers",
            target=checkout,
            rules=[
                pm.AuthorizationRule(
                    request_principals=["https://login.example.com/*"], claims={"groups": ["customer", "staff"]}
                )
            ],
        ),
        # Who empties carts is logged; what a refusal of uploads would hit is counted before it is meant.
        pm.AuthorizationPolicy(
            "removals", target=cart, action="AUDIT", rules=[pm.AuthorizationRule(methods=["DELETE"])]
        ),
        pm.AuthorizationPolicy(
            "uploads", target=cart, action="DENY", dry_run=True, rules=[pm.AuthorizationRule(methods=["PUT"])]
        ),
    ],
    local_rate_limits=[
        pm.LocalRateLimit(
            "checkout", target=public, rule="checkout", token_bucket=pm.TokenBucket(600, fill_interval="1m")
        ),
        pm.LocalRateLimit(
            "cart", target=cart, token_bucket=pm.TokenBucket(100, fill_interval="1s", tokens_per_fill=50)
        ),
    ],
    global_rate_limits=[
        pm.GlobalRateLimit(
            "clients",
            target=public,
            service=limiter,
            domain="shop",
            descriptors=[[pm.DescriptorEntry("remote_address")], [pm.DescriptorEntry("path", header=":path")]],
            timeout="100ms",
        )
    ],
    telemetry=[
        pm.Telemetry("mesh", access_logs=[pm.AccessLog(filter="response.code >= 400")]),
        pm.Telemetry(
            "checkout",
            target=checkout,
            tracing=pm.Tracing(sampling=10, tags={"team": "shop", "customer": pm.TraceTag(header="x-customer")}),
            metrics=[
                pm.Metrics(overrides=[pm.MetricOverride(metric="REQUEST_COUNT", tags={"method": "request.method"})])
            ],
        ),
    ],
)
