"""Programs that mypy --strict and pyright accept: what is written may differ from what is stored."""

from datetime import timedelta
from typing import Literal, assert_type

import pulumi

import pulumi_mesh as pm
from pulumi_mesh import gateway_api, istio, kubernetes
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.gateway_api import experimental, http_route
from pulumi_mesh.istio import virtual_service, workload_group

host = pulumi.Output.from_input("api.example.com")
team = pm.Namespace("bookinfo", injection=True, labels={"team": host}, physical_name=host)

ratings = pm.Service("ratings", namespace="bookinfo", port=9080)
reviews = pm.Service(
    "reviews",
    namespace=team,
    ports=[pm.Port(9080, protocol="GRPC")],
    labels={"app": "reviews"},
    versions=["v1", pm.Version("v2", addresses=["10.0.0.1", host])],
    calls=[ratings],
    hostname=host,
    traffic_policy=pm.TrafficPolicy(
        load_balancer=pm.ConsistentHash("x-user"),
        connection_pool=pm.ConnectionPool(max_connections=10, connect_timeout="1s"),
        outlier_detection=pm.OutlierDetection(interval=timedelta(seconds=1)),
    ),
)
only_names = pm.Service("a", namespace="b", ports=(80, pm.Port(81)), versions=("v1", "v2"))
elsewhere = pm.Service("api", namespace="other", port=443).external(hostname=pulumi.Output.concat("api.", host))

public = pm.Gateway(
    "public",
    listeners=[pm.Listener("https", port=443, protocol="HTTPS", hostnames=["*.example.com"], certificate=host)],
    addresses=["10.0.0.2"],
)

rule = pm.Rule(
    matches=[pm.Path("/reviews"), pm.Match(path="/ratings", headers={"end-user": "jason", "x": pm.TextMatch("a")})],
    backends=[pm.Backend(reviews["v1"], weight=90), reviews["v2"]],
    rewrite=pm.Rewrite(path=host, hostname="a.example.com"),
    request_headers=pm.HeaderChanges(set={"x-team": host}, remove=["x-debug"]),
    mirror=pm.Mirror(reviews, percent=5),
    fault=pm.Fault(delay=pm.Delay("500ms", percent=1.5), abort=pm.Abort(503)),
    timeout="10s",
    retries=pm.Retries(3, per_try_timeout=timedelta(seconds=2), conditions=["5xx", "reset"], status_codes=(503,)),
)
just_paths = pm.Rule(matches=[pm.Path("/a"), pm.Path("/b", kind="exact")], backends=[reviews, ratings])
redirect = pm.Rule(redirect=pm.Redirect(scheme="https", status_code=308))

route = pm.HTTPRoute("reviews", gateways=[public], hostnames=("shop.example.com",), rules=[rule, just_paths])
canary = pm.Canary(
    reviews,
    stable="v1",
    candidate=reviews["v2"],
    stages=[pm.Stage(weight=5, duration="10m"), pm.Stage(weight=100)],
)
policy = pm.AuthorizationPolicy(
    "reviews",
    target=reviews["v1"],
    action="ALLOW",
    rules=[
        pm.AuthorizationRule(principals=[ratings, public, "cluster.local/ns/a/sa/b", host], paths=["/a*", host]),
        pm.AuthorizationRule(principals=[reviews], namespaces=[team, "other"], ports=[9080]),
        pm.AuthorizationRule(principals=["*"], methods=["GET"]),
    ],
)
platform = pm.Mesh("platform", mutual_tls=[pm.MutualTLS("STRICT"), pm.MutualTLS("DISABLE", namespace=team)])
mesh = pm.Mesh(
    "shop",
    uses=[platform],
    istio=pm.Istio.existing(revision="stable"),
    namespaces=[team],
    services=[reviews, ratings, elsewhere],
    gateways=(public,),
    routes=[route],
    mutual_tls=[pm.MutualTLS("PERMISSIVE", service=reviews)],
    authorization=[policy],
    canaries=[canary],
    objects=[
        istio.Telemetry("all", namespace="bookinfo"),
        pm.replace(istio.Sidecar("default", namespace="bookinfo", spec={"egress": [{"hosts": ["./*"]}]})),
        kubernetes.Namespace("x", labels={"a": host}),
    ],
)

assert_type(rule.timeout, timedelta | None)
assert_type(rule.matches, tuple[pm.Match, ...])
assert_type(rule.backends, tuple[pm.Backend, ...])
assert_type(rule.backends[0].destination, pm.Destination)
assert_type(reviews.versions, tuple[pm.Version, ...])
assert_type(reviews.ports, tuple[pm.Port, ...])
assert_type(reviews.namespace, str)
assert_type(reviews.labels, FrozenMap[str, str])
assert_type(reviews["v1"], pm.Destination)
assert_type(canary.stages[0].duration, timedelta | None)
assert_type(canary.candidate, pm.Destination)
assert_type(policy.rules[0].namespaces, tuple[str, ...])
assert_type(mesh.at({"reviews": 1}), pm.Mesh)
assert_type(mesh.at().replace(name="other"), pm.Mesh)
assert_type(mesh.gateway("public"), pm.Gateway)
assert_type(mesh.routes, tuple[pm.HTTPRoute, ...])

# Typed objects: fields take parts or plain mappings, Outputs stand at texts.
virtual = istio.VirtualService(
    "reviews",
    namespace="bookinfo",
    spec=virtual_service.VirtualServiceSpec(
        hosts=["reviews", host],
        http=[
            virtual_service.Http(
                match=[virtual_service.HttpMatch(uri=virtual_service.StringMatch(prefix=host)), {"port": 80}],
                route=[virtual_service.HttpRoute(destination={"host": host, "subset": "v1"}, weight=100)],
                timeout="10s",
            )
        ],
    ),
)
group = istio.WorkloadGroup(
    "vms",
    namespace="bookinfo",
    spec=workload_group.WorkloadGroupSpec(
        template={"serviceAccount": host, "ports": {"http": 8080}},
        probe=workload_group.Probe(tcp_socket=workload_group.TcpSocket(port=8080)),
    ),
)
plugin = istio.WasmPlugin("auth", spec={"url": host, "pluginConfig": {"any": [1, None, host]}})
config = istio.ProxyConfig("all", spec=istio.proxy_config.ProxyConfigSpec(concurrency=0))
extension = istio.TrafficExtension("lua", namespace="bookinfo", spec={"lua": {"inlineCode": host}})
edge = gateway_api.Gateway(
    "public",
    namespace="istio-system",
    annotations={"owner": host},
    spec=gateway_api.gateway.GatewaySpec(
        gateway_class_name="istio",
        listeners=[
            gateway_api.gateway.Listener(name="web", port=443, protocol="HTTPS", tls={"mode": "Terminate"}),
            {"name": "plain", "port": 80, "protocol": "HTTP"},
        ],
    ),
)
shop = gateway_api.HTTPRoute(
    "shop",
    namespace="bookinfo",
    spec=http_route.HTTPRouteSpec(
        parent_refs=[http_route.ParentRef(name="public", namespace=host)],
        hostnames=(host, "shop.example.com"),
        rules=[
            http_route.Rule(
                matches=[http_route.Match(path=http_route.PathMatch(type="PathPrefix", value="/"), method="GET")],
                filters=[
                    http_route.Filter(
                        type="RequestHeaderModifier",
                        request_header_modifier=http_route.HeaderModifier(add=[{"name": "a", "value": host}]),
                    )
                ],
                backend_refs=[http_route.BackendRef(name=host, port=9080, weight=90)],
                timeouts=http_route.Timeouts(request="10s"),
            )
        ],
    ),
)
wider = experimental.HTTPRoute(
    "shop", spec=experimental.http_route.HTTPRouteSpec(rules=[experimental.http_route.Rule(retry={"attempts": 3})])
)
xmesh = experimental.XMesh("istio", spec={"controllerName": "istio.io/mesh-controller"})
both = pm.Mesh("apis", objects=[virtual, group, plugin, config, extension, edge, shop, wider, xmesh])

assert_type(virtual.spec, virtual_service.VirtualServiceSpec)
assert_type(virtual.spec.http, tuple[virtual_service.Http, ...] | None)
assert_type(shop.spec.rules, tuple[http_route.Rule, ...] | None)
assert_type(shop.spec.hostnames, tuple[str, ...] | None)
assert_type(edge.spec.listeners[0].port, int)
assert_type(wider.spec, experimental.http_route.HTTPRouteSpec)
assert_type(xmesh.spec.controller_name, str)

# What a mesh says beside plain HTTP routes.
db = pm.Service("db", namespace=team, ports=[pm.Port(5432, protocol="TCP")], versions=["v1", "v2"])
vault = pm.Service("vault", namespace=team, ports=[pm.Port(8443, protocol="TLS")])
limiter = pm.Service("limiter", namespace=team, ports=[pm.Port(8081, protocol="GRPC")])
outside = pm.Service(
    "pay",
    namespace=team,
    port=443,
    hostname="api.pay.example",
    resolution="STATIC",
    addresses=["10.0.0.9", host],
    tls=pm.UpstreamTLS("MUTUAL", sni=host, subject_alt_names=["a", host], credential=host),
)
policies = [
    pm.TrafficPolicy(load_balancer=pm.ConsistentHash(cookie="session")),
    pm.TrafficPolicy(load_balancer=pm.ConsistentHash(cookie=pm.Cookie("session", ttl="0s", path=host))),
    pm.TrafficPolicy(load_balancer=pm.ConsistentHash(query_parameter="user", minimum_ring_size=64)),
    pm.TrafficPolicy(load_balancer=pm.ConsistentHash(source_ip=True)),
    pm.TrafficPolicy(locality=pm.Locality(distribute={"eu": {"eu": 80, "us": 20}})),
    pm.TrafficPolicy(locality=pm.Locality(failover={"eu": "us"}), outlier_detection=pm.OutlierDetection()),
]
streams = pm.Gateway(
    "streams",
    listeners=[
        pm.Listener("tcp", port=5432, protocol="TCP"),
        pm.Listener("tls", port=8443, protocol="TLS", tls_mode="PASSTHROUGH", hostnames=["v.example.com"]),
        pm.Listener(
            "https",
            port=443,
            protocol="HTTPS",
            certificate=host,
            tls_mode="OPTIONAL_MUTUAL",
            client_ca=host,
            subject_alt_names=[host],
            min_tls_version="TLSV1_2",
        ),
    ],
)
tcp_route = pm.TCPRoute("db", services=[db], backends=[pm.Backend(db["v1"], weight=9), db["v2"]])
tls_route = pm.TLSRoute("v", gateways=[streams], hostnames=["v.example.com"], backends=[vault])
answers = pm.Rule(direct_response=pm.DirectResponse(503, body=host), name="closed", matches=[pm.Path("/closed")])
asks = pm.Rule(
    backends=[reviews],
    cors=pm.Cors(allow_origins=["*", pm.TextMatch("https://", kind="prefix")], allow_methods=["*"], max_age="1h"),
)
login = pm.JWTRule("a", audiences=[host], jwks=host, from_headers={"x-token": "Bearer "}, timeout=timedelta(seconds=1))
everything = pm.Mesh(
    "everything",
    services=[db, vault, limiter, outside],
    gateways=[streams],
    routes=[pm.HTTPRoute("web", gateways=[streams], rules=[answers, asks])],
    tcp_routes=[tcp_route],
    tls_routes=[tls_route],
    mutual_tls=[pm.MutualTLS("STRICT", service=db, ports={5432: "DISABLE"})],
    request_authentication=[pm.RequestAuthentication("login", target=streams, jwt_rules=[login])],
    authorization=[
        pm.AuthorizationPolicy(
            "a", target=db, rules=[pm.AuthorizationRule(request_principals=["*", host], claims={"groups": ["a", host]})]
        ),
        pm.AuthorizationPolicy("b", target=db, action="DENY", rules=[pm.AuthorizationRule()], dry_run=True),
        pm.AuthorizationPolicy("c", target=db, action="AUDIT", rules=[pm.AuthorizationRule()]),
        pm.AuthorizationPolicy("d", target=db, action="CUSTOM", provider=host, rules=[pm.AuthorizationRule()]),
    ],
    local_rate_limits=[
        pm.LocalRateLimit("a", target=db["v1"], token_bucket=pm.TokenBucket(10, fill_interval="1s")),
        pm.LocalRateLimit("b", target=streams, rule="closed", token_bucket=pm.TokenBucket(1, fill_interval="1s")),
    ],
    global_rate_limits=[
        pm.GlobalRateLimit(
            "c",
            target=streams,
            service=limiter,
            domain=host,
            descriptors=[[pm.DescriptorEntry("remote_address")], (pm.DescriptorEntry("tier", value=host),)],
        )
    ],
    telemetry=[
        pm.Telemetry(
            "t",
            namespace=team,
            access_logs=[pm.AccessLog(providers=[host], filter="response.code >= 400", side="CLIENT")],
            tracing=pm.Tracing(sampling=1, tags={"a": "b", "c": pm.TraceTag(header=host)}),
            metrics=[pm.Metrics(overrides=[pm.MetricOverride(tags={"a": "request.host", "b": None, "c": host})])],
        )
    ],
)
assert_type(tcp_route.backends, tuple[pm.Backend, ...])
assert_type(tls_route.listeners, tuple[pm.Listener, ...])
assert_type(asks.cors, pm.Cors | None)
assert_type(login.from_headers, FrozenMap[str, str])
assert_type(everything.mutual_tls[0].ports[5432], Literal["STRICT", "PERMISSIVE", "DISABLE"])
assert_type(everything.global_rate_limits[0].service, pm.Destination)
assert_type(everything.telemetry[0].target, pm.Service | pm.Destination | pm.Gateway | None)

values: pm.IstiodValues = {
    "autoscaleMin": 2,
    "pilot": {"replicaCount": pulumi.Output.from_input(3), "env": {"A": "b"}, "tolerations": [{"key": "a"}]},
    "global": {"hub": host, "logAsJson": True, "imagePullSecrets": ["a", host], "proxy": {"tracer": "none"}},
    "resources": None,
    "meshConfig": {"accessLogFile": "/dev/stdout"},
}
proxies = pm.GatewayDeployment(
    "edge", labels={"team": host}, values={"service": {"ports": [{"name": "http", "port": 80}]}}
)
installed = pm.Istio(
    "1.31.1",
    revision="a",
    tags=["stable"],
    values=values,
    base_values={"base": {"excludedCRDs": ["a.b"]}},
    unchecked_values={"new": {"value": [1]}},
    gateways=[proxies],
    charts=pm.Charts(paths={"base": "charts/base"}),
)
assert_type(installed.gateways, tuple[pm.GatewayDeployment, ...])
