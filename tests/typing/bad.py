"""Mistakes that mypy and pyright refuse: an error on each line with the mark, and on no other."""

import pulumi

import pulumi_mesh as pm
from pulumi_mesh import deploy, gateway_api, istio
from pulumi_mesh.gateway_api import experimental, http_route
from pulumi_mesh.istio import virtual_service

number = pulumi.Output.from_input(80)
text = pulumi.Output.from_input("a")
reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", "v2"])
public = pm.Gateway("public", listeners=[pm.Listener("http", port=80)])

pm.Service("a", "bookinfo", port=80)  # E: only the name by position
pm.Service("a", port=80)  # E: no namespace
pm.Service("a", namespace="b", prot=80)  # E: no such field
pm.Service("a", namespace="b", port="80")  # E: text for a port
pm.Service("a", namespace="b", port=number)  # E: an Output for a port
pm.Service("a", namespace=text, port=80)  # E: an Output for a namespace
pm.Service(text, namespace="b", port=80)  # E: an Output for a name
pm.Service("a", namespace="b", port=80, labels={"a": 1})  # E: a number for a label
pm.Service("a", namespace="b", port=80, versions=[1])  # E: a number for a version
pm.Service("a", namespace="b", port=80, calls=["reviews"])  # E: a name for a service
pm.Port(80, protocol="UDP")  # E: no such protocol
pm.Rule(backends=[reviews], timeout=10)  # E: a number for a duration
pm.Rule(backends=[reviews], timeout=text)  # E: an Output for a duration
pm.Rule(backends=["reviews"])  # E: a name for a backend
pm.Rule(backends=reviews)  # E: a backend for a list
pm.Rule(backends=[public])  # E: a gateway for a backend
pm.Rule(matches=["/a"], backends=[reviews])  # E: text for a match
pm.Backend(reviews, weight="90")  # E: text for a weight
pm.Backend("reviews")  # E: a name for a destination
pm.Path("/a", kind="glob")  # E: no such kind
pm.Match(method="FETCH")  # E: no such method
pm.Match(headers={"a": 1})  # E: a number for a header
pm.Redirect(status_code=200)  # E: no redirect
pm.Retries(1, conditions=["4xx"])  # E: no such condition
pm.HTTPRoute("a", services=[public], rules=[])  # E: a gateway for a service
pm.HTTPRoute("a", gateways=[public])  # E: no rules
pm.MutualTLS("strict")  # E: no such mode
pm.MutualTLS("STRICT", service=public)  # E: a gateway for a workload
pm.AuthorizationPolicy("a", target="reviews")  # E: a name for a target
pm.AuthorizationPolicy("a", namespace="b", action="LOG")  # E: no such action
pm.AuthorizationPolicy("a", namespace="b", dry_run="true")  # E: text for a boolean
pm.AuthorizationPolicy("a", namespace="b", action="CUSTOM", provider=["b"])  # E: a list for a name
pm.Canary(reviews, stable="v1", stages=[])  # E: no candidate
pm.Canary(reviews, stable="v1", candidate=public, stages=[])  # E: a gateway for a version
pm.Stage(weight="5")  # E: text for a weight
pm.Istio("1.31.1", values={"pilot": {"replicaCount": "3"}})  # E: text for a number
pm.Istio("1.31.1", values={"replicaCont": 3})  # E: no such value
pm.Istio("1.31.1", values={"global": {"proxy": {"tracer": "mine"}}})  # E: no such tracer
pm.Istio("1.31.1", base_values={"base": {"excludedCRDs": True}})  # E: a boolean for a list
pm.Istio(1.31)  # E: a number for a version
pm.Istio("1.31.1", gateways=[public])  # E: a gateway for its deployment
pm.GatewayDeployment("a", values={"service": {"typ": "ClusterIP"}})  # E: no such value
pm.Charts(digests=["sha256:0"])  # E: a list for a mapping
pm.Listener("a", port=443, protocol="UDP")  # E: no such protocol
pm.Listener("a", port=443, tls_mode="AUTO_PASSTHROUGH")  # E: no such mode
pm.Listener("a", port=443, min_tls_version="1.2")  # E: no such version
pm.TCPRoute("r", services=[reviews])  # E: no backends
pm.TCPRoute("r", services=[public], backends=[reviews])  # E: a gateway for a service
pm.TLSRoute("r", gateways=[public], backends=[reviews], rules=[])  # E: no such field
pm.DirectResponse(200, body=b"a")  # E: bytes for text
pm.Rule(direct_response=503)  # E: a number for a response
pm.Cors(allow_origins=5)  # E: a number for a list
pm.Cors(allow_origins=["*"], allow_methods=["get"])  # E: no such method
pm.Cors()  # E: no origins
pm.ConsistentHash(cookie=5)  # E: a number for a cookie
pm.Cookie("a", ttl=0)  # E: a number for a duration
pm.Locality(distribute={"eu": ["us"]})  # E: a list for shares
pm.Locality(failover={"eu": text})  # E: an Output for a region
pm.UpstreamTLS("PASSTHROUGH")  # E: no such mode
pm.Service("a", namespace="b", port=80, tls="SIMPLE")  # E: text for TLS
pm.Service("a", namespace="b", port=80, resolution="dns")  # E: no such resolution
pm.MutualTLS("STRICT", service=reviews, ports={"9080": "DISABLE"})  # E: text for a port
pm.MutualTLS("STRICT", service=reviews, ports={9080: "OFF"})  # E: no such mode
pm.RequestAuthentication("a")  # E: no rules
pm.RequestAuthentication("a", target="reviews", jwt_rules=[])  # E: a name for a target
pm.JWTRule(audiences=["a"])  # E: no issuer
pm.AuthorizationRule(claims={"a": "b"}.items())  # E: pairs for a mapping
pm.TokenBucket(1)  # E: no interval
pm.LocalRateLimit("a", token_bucket=pm.TokenBucket(1, fill_interval="1s"))  # E: no target
pm.GlobalRateLimit("a", target=public, service="a", domain="b", descriptors=[])  # E: a name for a service
pm.Telemetry("a", tracing=[pm.Tracing(sampling=1)])  # E: a list for one
pm.Tracing(sampling="10")  # E: text for a percentage
pm.MetricOverride(metric="requests_total")  # E: no such metric
deploy.Installation("i", pm.Mesh("m"))  # E: a mesh for an Istio
pm.Mesh("m", services=[public])  # E: a gateway for a service
pm.Mesh("m").at({"reviews": "2"})  # E: text for a stage
istio.Telemetry("t", spce={})  # E: no such field
istio.ServiceEntry("t")  # E: no spec
istio.TrafficExtensions("t")  # E: no such kind
virtual_service.HttpRoute(weight=1)  # E: no destination
virtual_service.HttpRoute(destination={"host": "a"}, weight="1")  # E: text for a weight
virtual_service.HttpRoute(destination={"host": "a"}, weight=number)  # E: an Output for a weight
virtual_service.Http(retries=virtual_service.Rewrite())  # E: another part's class
virtual_service.Http(timeout=10)  # E: a number for text
istio.destination_rule.PortTrafficPolicy(tls=istio.destination_rule.Tls(mode="STRICT"))  # E: no such mode
istio.workload_group.TcpSocket(port="80")  # E: text for a port
istio.wasm_plugin.WasmPluginSpec(url=text, phase=text)  # E: an Output for an enum
istio.proxy_config.ProxyConfigSpec(environment_variables={"A": 1})  # E: a number for text
gateway_api.Gateway("g", spec=istio.gateway.GatewaySpec())  # E: another API's spec
gateway_api.HTTPRoute("r", spec=http_route.HTTPRouteSpec(hostname=["a"]))  # E: no such field
gateway_api.XMesh("m", spec={})  # E: only the experimental channel has it
experimental.XMesh("m")  # E: no spec
http_route.Rule(retry={})  # E: only the experimental channel has it
http_route.PathMatch(type="Prefix", value="/")  # E: no such type
http_route.RequestRedirect(status_code=300)  # E: no redirect
http_route.HTTPRouteSpec(hostnames=5)  # E: a number for a list
http_route.BackendRef(name="a", port=text)  # E: an Output for a port
deploy.Object("o", {"kind": "HTTPRoute"})  # E: a mapping for an object
deploy.Object("o", gateway_api)  # E: a module for an object
gateway_api.HTTPRoute("r").spec.rules[0]  # E: there may be none
istio.Telemetry(5, namespace="b")  # E: a number for a name
reviews.ports[0].number.upper()  # E: a number is stored
reviews.name = "b"  # E: nothing changes
