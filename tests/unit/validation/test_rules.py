"""The webhook's rules, kind by kind: what is refused, where, and what is warned of."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.validation.rules import RULES, webhook_problems

GROUPS = {rule.kind: rule.group for rule in RULES}
TO = {"destination": {"host": "a"}}
ROUTE = {"route": [TO]}
PORT = {"number": 80, "name": "http", "protocol": "HTTP"}
TLS_PORT = {"number": 443, "name": "https", "protocol": "HTTPS"}
PATCH = {"operation": "MERGE", "value": {}}
GATEWAY = ["shop/public"]


def problems(kind: str, spec: dict[str, Any], **metadata: Any) -> list[tuple[str, str]]:
    document = {"kind": kind, "metadata": {"name": "a", "namespace": "shop", **metadata}, "spec": spec}
    return [(each.path, each.severity) for each in webhook_problems(GROUPS[kind], document)]


def errors(kind: str, spec: dict[str, Any], **metadata: Any) -> list[str]:
    return [path for path, severity in problems(kind, spec, **metadata) if severity == "error"]


def route(**fields: Any) -> dict[str, Any]:
    return {"hosts": ["a"], "http": [{**ROUTE, **fields}]}


def match(**fields: Any) -> dict[str, Any]:
    return route(match=[fields])


def server(**fields: Any) -> dict[str, Any]:
    return {"servers": [{"hosts": ["a.b"], "port": PORT, **fields}]}


def policy(**fields: Any) -> dict[str, Any]:
    return {"host": "a", "trafficPolicy": fields}


def entry(**fields: Any) -> dict[str, Any]:
    return {"hosts": ["a.b"], "ports": [PORT], **fields}


def rule(**fields: Any) -> dict[str, Any]:
    return {"rules": [fields]}


def jwt(**fields: Any) -> dict[str, Any]:
    return {"jwtRules": [{"issuer": "i", **fields}]}


def patch(**fields: Any) -> dict[str, Any]:
    return {"configPatches": [{"applyTo": "CLUSTER", "patch": PATCH, **fields}]}


def egress(*hosts: str, **fields: Any) -> dict[str, Any]:
    return {"egress": [{"hosts": list(hosts), **fields}]}


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("VirtualService", route()),
    ("VirtualService", {"hosts": ["*"], "gateways": GATEWAY, "http": [ROUTE]}),
    ("VirtualService", {"hosts": ["10.0.0.1"], "http": [ROUTE]}),
    ("VirtualService", {"http": [ROUTE]}),
    ("VirtualService", {"hosts": ["a"], "http": [{"delegate": {"name": "d"}}]}),
    ("VirtualService", {"hosts": ["a"], "http": [{"route": [{**TO, "weight": 7}, {**TO, "weight": 0}]}]}),
    ("VirtualService", match(headers={":method": {"exact": "GET"}, "x": {"regex": "a|b"}}, uri={"prefix": ""})),
    ("VirtualService", match(withoutHeaders={"x": {"regex": "*"}})),
    ("VirtualService", route(retries={"attempts": 2, "retryOn": "5xx,503,reset"})),
    ("VirtualService", route(headers={"request": {"set": {"Host": "b", "x": "%START_TIME(%s)% 100%%"}}})),
    (
        "VirtualService",
        {
            "hosts": ["outbound_.80_._.a.b"],
            "gateways": GATEWAY,
            "tls": [{"match": [{"sniHosts": ["outbound_.80_._.a.b"]}], "route": [TO]}],
        },
    ),
    ("DestinationRule", policy(tls={"mode": "ISTIO_MUTUAL"})),
    ("DestinationRule", policy(connectionPool={"tcp": {"idleTimeout": "0s"}})),
    ("DestinationRule", policy(loadBalancer={"consistentHash": {"maglev": {"tableSize": 65537}}})),
    ("Gateway", server()),
    ("Gateway", server(hosts=["10.0.0.1", "*/*.a.b", "./c.d"])),
    ("Gateway", server(tls={"httpsRedirect": True})),
    ("Gateway", server(port=TLS_PORT, tls={"mode": "SIMPLE", "credentialName": "c"})),
    ("ServiceEntry", entry(resolution="STATIC", endpoints=[{"address": "10.0.0.1", "ports": {"http": 8080}}])),
    ("ServiceEntry", entry(exportTo=["~"])),
    ("Sidecar", egress("./*", "~/a.b", "istio-system/*")),
    ("Sidecar", {"ingress": [{"port": PORT, "defaultEndpoint": "[::1]:80"}]}),
    ("WorkloadEntry", {"address": "a.b", "ports": {"http": 80}}),
    ("WorkloadGroup", {"template": {}, "probe": {"exec": {"command": ["true"]}}}),
    ("AuthorizationPolicy", rule(to=[{"operation": {"paths": ["/a/{*}/{**}"], "ports": ["80"]}}])),
    ("AuthorizationPolicy", {"action": "CUSTOM", "provider": {"name": "p"}, "rules": [{}]}),
    ("PeerAuthentication", {"mtls": {"mode": "STRICT"}}),
    ("RequestAuthentication", jwt(jwksUri="https://a/keys", fromParams=["t"])),
    ("RequestAuthentication", jwt(jwks='{"keys": [{"kty": "RSA", "e": "AQAB", "n": "AQAB"}]}')),
    ("Telemetry", {"tracing": [{"customTags": {"a": {"header": {"name": "x"}}}, "randomSamplingPercentage": 100}]}),
    ("Telemetry", {"accessLogging": [{"filter": {"expression": "response.code >= 400"}}]}),
    ("WasmPlugin", {"url": "ghcr.io/a/b:v1", "sha256": "a" * 64}),
    ("TrafficExtension", {"lua": {"inlineCode": "return"}}),
    ("ProxyConfig", {"concurrency": 0}),
]


@pytest.mark.parametrize(("kind", "spec"), ACCEPTED)
def test_accepted(kind: str, spec: dict[str, Any]) -> None:
    assert problems(kind, spec) == []


HTTP = "spec.http[0]"
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("VirtualService", {"hosts": ["a"]}, "spec"),
    ("VirtualService", {"gateways": GATEWAY, "http": [ROUTE]}, "spec.gateways"),
    ("VirtualService", {"hosts": ["*"], "http": [ROUTE]}, "spec.hosts[0]"),
    ("VirtualService", {"hosts": ["a_b"], "http": [ROUTE]}, "spec.hosts[0]"),
    ("VirtualService", {"hosts": ["a.1"], "http": [ROUTE]}, "spec.hosts[0]"),
    ("VirtualService", {"hosts": ["*.b.c", "a.b.c"], "http": [ROUTE]}, "spec.hosts[1]"),
    ("VirtualService", {"hosts": ["a"], "gateways": ["shop/a_b"], "http": [ROUTE]}, "spec.gateways[0]"),
    ("VirtualService", {**route(), "exportTo": [".", "shop"]}, "spec.exportTo[1]"),
    ("VirtualService", {**route(), "exportTo": ["*", "b"]}, "spec.exportTo"),
    ("VirtualService", {**route(), "exportTo": ["~"]}, "spec.exportTo[0]"),
    ("VirtualService", {"hosts": ["a"], "http": [{}]}, HTTP),
    ("VirtualService", {"hosts": ["a"], "http": [{**ROUTE, "redirect": {"uri": "/"}}]}, f"{HTTP}.route"),
    ("VirtualService", {"hosts": ["a"], "http": [{**ROUTE, "delegate": {"name": "d"}}]}, f"{HTTP}.route"),
    ("VirtualService", {"http": [{**ROUTE, "delegate": {"name": "d"}}]}, f"{HTTP}.delegate"),
    ("VirtualService", route(route=[{**TO, "weight": 0}, TO]), f"{HTTP}.route"),
    ("VirtualService", route(route=[{**TO, "weight": -1}]), f"{HTTP}.route[0].weight"),
    ("VirtualService", route(route=[{"destination": {"host": "*"}}]), f"{HTTP}.route[0].destination.host"),
    ("VirtualService", route(route=[{"destination": {"host": "a", "subset": "a.b"}}]),
     f"{HTTP}.route[0].destination.subset"),
    ("VirtualService", route(route=[{"destination": {"host": "a", "port": {"number": 0}}}]),
     f"{HTTP}.route[0].destination.port.number"),
    ("VirtualService", match(uri={"regex": "(?<a>b"}), f"{HTTP}.match[0].uri.regex"),
    ("VirtualService", match(uri={"regex": "a" * 1025}), f"{HTTP}.match[0].uri.regex"),
    ("VirtualService", match(method={"prefix": ""}), f"{HTTP}.match[0].method.prefix"),
    ("VirtualService", match(headers={"a b": {"exact": "c"}}), f"{HTTP}.match[0].headers[a b]"),
    ("VirtualService", match(headers={"@request.auth.claims.a": {"exact": "c"}}),
     f"{HTTP}.match[0].headers[@request.auth.claims.a]"),
    ("VirtualService", match(sourceNamespace="a.b"), f"{HTTP}.match[0].sourceNamespace"),
    ("VirtualService", match(sourceLabels={"a b": "c"}), f"{HTTP}.match[0].sourceLabels"),
    ("VirtualService", match(port=70000), f"{HTTP}.match[0].port"),
    ("VirtualService", route(timeout="1us"), f"{HTTP}.timeout"),
    ("VirtualService", route(timeout="1.0005s"), f"{HTTP}.timeout"),
    ("VirtualService", route(retries={"attempts": 0, "retryOn": "5xx"}), f"{HTTP}.retries.attempts"),
    ("VirtualService", route(retries={"attempts": 1, "retryOn": "5xx, reset"}), f"{HTTP}.retries.retryOn"),
    ("VirtualService", route(fault={}), f"{HTTP}.fault"),
    ("VirtualService", route(fault={"abort": {"httpStatus": 100}}), f"{HTTP}.fault.abort.httpStatus"),
    ("VirtualService", route(fault={"abort": {"grpcStatus": "NO"}}), f"{HTTP}.fault.abort.grpcStatus"),
    ("VirtualService", route(fault={"delay": {"fixedDelay": "1s", "percentage": {"value": 0.00001}}}),
     f"{HTTP}.fault.delay.percentage.value"),
    ("VirtualService", route(mirror={"host": "a"}, mirrors=[TO]), f"{HTTP}.mirror"),
    ("VirtualService", route(mirrors=[{**TO, "percentage": {"value": 101}}]), f"{HTTP}.mirrors[0].percentage.value"),
    ("VirtualService", route(rewrite={}), f"{HTTP}.rewrite"),
    ("VirtualService", route(rewrite={"uriRegexRewrite": {"match": "a"}}), f"{HTTP}.rewrite.uriRegexRewrite"),
    ("VirtualService", route(rewrite={"authority": "b"}, headers={"request": {"set": {"host": "c"}}}),
     f"{HTTP}.headers.request.set[host]"),
    ("VirtualService", route(headers={"response": {"remove": [":a"]}}), f"{HTTP}.headers.response.remove[0]"),
    ("VirtualService", route(headers={"request": {"add": {"x": "%A"}}}), f"{HTTP}.headers.request.add[x]"),
    ("VirtualService", route(corsPolicy={"allowMethods": ["get"]}), f"{HTTP}.corsPolicy.allowMethods[0]"),
    ("VirtualService", route(corsPolicy={"allowOrigins": [{}]}), f"{HTTP}.corsPolicy.allowOrigins[0]"),
    ("VirtualService", route(corsPolicy={"maxAge": "1.5s"}), f"{HTTP}.corsPolicy.maxAge"),
    ("VirtualService", {"hosts": ["a"], "http": [{"redirect": {}}]}, f"{HTTP}.redirect"),
    ("VirtualService", {"hosts": ["a"], "http": [{"redirect": {"uri": "/", "redirectCode": 200}}]},
     f"{HTTP}.redirect.redirectCode"),
    ("VirtualService", {"hosts": ["a"], "http": [{"directResponse": {"status": 1}}]}, f"{HTTP}.directResponse.status"),
    ("VirtualService", {"hosts": ["a"], "tls": [{"match": [{"sniHosts": ["b"]}], "route": [TO]}]},
     "spec.tls[0].match[0].sniHosts[0]"),
    ("VirtualService", {"hosts": ["a"], "tcp": [{"match": [{"destinationSubnets": ["1.2.3.4/33"]}], "route": [TO]}]},
     "spec.tcp[0].match[0].destinationSubnets[0]"),
    ("DestinationRule", policy(), "spec.trafficPolicy"),
    ("DestinationRule", {"host": "a", "subsets": [{"name": "b"}, {"name": "b"}]}, "spec.subsets[1].name"),
    ("DestinationRule", policy(tls={"mode": "MUTUAL", "privateKey": "k"}), "spec.trafficPolicy.tls.clientCertificate"),
    ("DestinationRule", policy(tls={"mode": "SIMPLE", "credentialName": "configmap://b/c"}),
     "spec.trafficPolicy.tls.credentialName"),
    ("DestinationRule", policy(tls={"mode": "SIMPLE", "insecureSkipVerify": True, "caCertificates": "c"}),
     "spec.trafficPolicy.tls"),
    ("DestinationRule", policy(connectionPool={}), "spec.trafficPolicy.connectionPool"),
    ("DestinationRule", policy(connectionPool={"tcp": {"idleTimeout": "x"}}),
     "spec.trafficPolicy.connectionPool.tcp.idleTimeout"),
    ("DestinationRule", policy(connectionPool={"http": {"http2KeepAlive": {"interval": "1s"}}}),
     "spec.trafficPolicy.connectionPool.http.http2KeepAlive.timeout"),
    ("DestinationRule", policy(outlierDetection={"consecutiveLocalOriginFailures": 1}),
     "spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures"),
    ("DestinationRule", policy(loadBalancer={"consistentHash": {"maglev": {"tableSize": 4}}}),
     "spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize"),
    ("DestinationRule", policy(loadBalancer={"localityLbSetting": {"distribute": [{"from": "a", "to": {"b": 99}}]}}),
     "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to"),
    ("DestinationRule", policy(loadBalancer={"localityLbSetting": {"distribute": [
        {"from": "a", "to": {"c": 100}}, {"from": "a/b", "to": {"c": 100}}]}}),
     "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute"),
    ("DestinationRule", policy(loadBalancer={"localityLbSetting": {"failover": [{"from": "a", "to": "a"}]}}),
     "spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0]"),
    ("DestinationRule", policy(portLevelSettings=[{"port": {"number": 80}}]),
     "spec.trafficPolicy.portLevelSettings[0]"),
    ("DestinationRule", policy(tunnel={"protocol": "GET", "targetHost": "a", "targetPort": 80}),
     "spec.trafficPolicy.tunnel.protocol"),
    ("DestinationRule", {"host": "a", "exportTo": ["b"], "workloadSelector": {"matchLabels": {"c": "d"}}},
     "spec.exportTo"),
    ("Gateway", {"servers": []}, "spec.servers"),
    ("Gateway", server(hosts=["a"]), "spec.servers[0].hosts[0]"),
    ("Gateway", server(hosts=["*a.b"]), "spec.servers[0].hosts[0]"),
    ("Gateway", server(bind="x"), "spec.servers[0].bind"),
    ("Gateway", server(port={**PORT, "protocol": "smtp"}), "spec.servers[0].port.protocol"),
    ("Gateway", server(port=TLS_PORT), "spec.servers[0].tls"),
    ("Gateway", server(tls={"mode": "SIMPLE", "credentialName": "c"}), "spec.servers[0].tls"),
    ("Gateway", server(port=TLS_PORT, tls={"mode": "MUTUAL", "serverCertificate": "c", "privateKey": "k"}),
     "spec.servers[0].tls.caCertificates"),
    ("Gateway", server(port=TLS_PORT, tls={"mode": "ISTIO_MUTUAL", "credentialName": "c"}),
     "spec.servers[0].tls.credentialName"),
    ("Gateway", {"servers": [{"hosts": ["a.b"], "port": PORT}] * 2}, "spec.servers[1].port.name"),
    ("ServiceEntry", entry(hosts=["*"]), "spec.hosts[0]"),
    ("ServiceEntry", entry(endpoints=[{"address": "a.b"}]), "spec.endpoints"),
    ("ServiceEntry", entry(addresses=["10.0.0.0/8"], resolution="DNS"), "spec.addresses"),
    ("ServiceEntry", entry(resolution="STATIC", endpoints=[{"address": "a.b"}]), "spec.endpoints[0].address"),
    ("ServiceEntry", entry(resolution="DNS", hosts=["*.a.b"]), "spec.hosts[0]"),
    ("ServiceEntry", entry(resolution="DNS", endpoints=[{"address": "a.b", "ports": {"x": 80}}]),
     "spec.endpoints[0].ports[x]"),
    ("ServiceEntry", entry(resolution="DYNAMIC_DNS"), "spec.hosts[0]"),
    ("ServiceEntry", entry(ports=[PORT, {**PORT, "number": 81}]), "spec.ports[1].name"),
    ("ServiceEntry", entry(resolution="DNS", hosts=["a.b", "c.d"], ports=[{**PORT, "protocol": "TCP"}]),
     "spec.ports[0]"),
    ("Sidecar", {}, "spec"),
    ("Sidecar", egress(), "spec.egress[0].hosts"),
    ("Sidecar", egress("a.b"), "spec.egress[0].hosts[0]"),
    ("Sidecar", egress("./a"), "spec.egress[0].hosts[0]"),
    ("Sidecar", egress("./*", port={"number": 0, "protocol": "HTTP"}), "spec.egress[0].bind"),
    ("Sidecar", {"egress": [{"hosts": ["./*"]}, {"hosts": ["./*"], "port": PORT}]}, "spec.egress[0].port"),
    ("Sidecar", {"ingress": [{"port": PORT, "defaultEndpoint": "10.0.0.1:80"}]}, "spec.ingress[0].defaultEndpoint"),
    ("Sidecar", {"ingress": [{"port": TLS_PORT, "tls": {"mode": "ISTIO_MUTUAL"}}]}, "spec.ingress[0].tls.mode"),
    ("Sidecar", {"outboundTrafficPolicy": {"egressProxy": {"host": "a"}}}, "spec.outboundTrafficPolicy.egressProxy"),
    ("WorkloadEntry", {}, "spec.address"),
    ("WorkloadEntry", {"address": "a_b"}, "spec.address"),
    ("WorkloadEntry", {"address": "unix:///a/"}, "spec.address"),
    ("WorkloadGroup", {}, "spec.template"),
    ("WorkloadGroup", {"template": {}, "probe": {"httpGet": {"port": 0}}}, "spec.probe.httpGet.port"),
    ("WorkloadGroup", {"template": {}, "metadata": {"labels": {"a": "b c"}}}, "spec.metadata.labels"),
    ("EnvoyFilter", patch(applyTo="INVALID"), "spec.configPatches[0].applyTo"),
    ("EnvoyFilter", patch(patch={"operation": "ADD"}), "spec.configPatches[0].patch.value"),
    ("EnvoyFilter", patch(match={"listener": {}}), "spec.configPatches[0].match.listener"),
    ("EnvoyFilter", patch(match={"proxy": {"proxyVersion": "["}}), "spec.configPatches[0].match.proxy.proxyVersion"),
    ("EnvoyFilter", patch(patch={**PATCH, "value": {"name": 1}}), "spec.configPatches[0].patch.value.name"),
    ("AuthorizationPolicy", {"action": "DENY"}, "spec.rules"),
    ("AuthorizationPolicy", {"provider": {"name": "p"}}, "spec.provider"),
    ("AuthorizationPolicy", rule(to=[{}]), "spec.rules[0].to[0].operation"),
    ("AuthorizationPolicy", {"action": "CUSTOM", "provider": {"name": "p"},
                             "rules": [{"from": [{"source": {"principals": ["a"]}}]}]},
     "spec.rules[0].from[0].source.principals"),
    ("AuthorizationPolicy", rule(**{"from": [{"source": {"ipBlocks": ["1.2.3"]}}]}),
     "spec.rules[0].from[0].source.ipBlocks[0]"),
    ("AuthorizationPolicy", rule(to=[{"operation": {"paths": ["/{**}/a/{*}"]}}]),
     "spec.rules[0].to[0].operation.paths[0]"),
    ("AuthorizationPolicy", rule(to=[{"operation": {"ports": ["x"]}}]), "spec.rules[0].to[0].operation.ports[0]"),
    ("AuthorizationPolicy", rule(when=[{"key": "a.b", "values": ["c"]}]), "spec.rules[0].when[0].values"),
    ("AuthorizationPolicy", rule(when=[{"key": "request.headers", "values": ["c"]}]), "spec.rules[0].when[0].values"),
    ("AuthorizationPolicy", rule(when=[{"key": "source.ip"}]), "spec.rules[0].when[0]"),
    ("AuthorizationPolicy", {"targetRefs": [{"kind": "Pod", "name": "a"}]}, "spec.targetRefs[0]"),
    ("AuthorizationPolicy", {"selector": {"matchLabels": {"a": "*"}}}, "spec.selector"),
    ("PeerAuthentication", {"portLevelMtls": {"80": {"mode": "STRICT"}}}, "spec.portLevelMtls"),
    ("PeerAuthentication", {"selector": {"matchLabels": {"a": "b"}}, "portLevelMtls": {"0": {}}},
     "spec.portLevelMtls[0]"),
    ("RequestAuthentication", {"jwtRules": [{}]}, "spec.jwtRules[0].issuer"),
    ("RequestAuthentication", jwt(jwksUri="ftp://a"), "spec.jwtRules[0].jwksUri"),
    ("RequestAuthentication", jwt(jwks="{"), "spec.jwtRules[0].jwks"),
    ("RequestAuthentication", jwt(jwks='{"keys": [{"kty": "RSA", "e": "AQAB"}]}'), "spec.jwtRules[0].jwks"),
    ("RequestAuthentication", jwt(outputClaimToHeaders=[{"claim": "a", "header": "b c"}]),
     "spec.jwtRules[0].outputClaimToHeaders[0].header"),
    ("Telemetry", {"tracing": [{"customTags": {"a": {"literal": {}}}}]}, "spec.tracing[0].customTags[a].literal.value"),
    ("Telemetry", {"accessLogging": [{"filter": {"expression": "a >"}}]}, "spec.accessLogging[0].filter.expression"),
    ("Telemetry", {"metrics": [{"overrides": [{"tagOverrides": {"a": {}}}]}]},
     "spec.metrics[0].overrides[0].tagOverrides[a].value"),
    ("WasmPlugin", {"url": "ftp://a"}, "spec.url"),
    ("WasmPlugin", {"url": "a", "sha256": "A" * 64}, "spec.sha256"),
    ("WasmPlugin", {"url": "a", "vmConfig": {"env": [{"name": "b"}, {"name": "b"}]}}, "spec.vmConfig.env[1].name"),
    ("WasmPlugin", {"url": "a", "match": [{"ports": [{"number": 0}]}]}, "spec.match[0].ports[0].number"),
    ("TrafficExtension", {}, "spec"),
    ("TrafficExtension", {"lua": {}}, "spec.lua.inlineCode"),
    ("ProxyConfig", {"concurrency": -1}, "spec.concurrency"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "spec", "path"), REFUSED)
def test_refused(kind: str, spec: dict[str, Any], path: str) -> None:
    assert errors(kind, spec) == [path]


WARNED: list[tuple[str, dict[str, Any], str]] = [
    ("VirtualService", {"hosts": ["a"], "http": [ROUTE, ROUTE]}, "spec.http[1]"),
    ("VirtualService", {"hosts": ["a"], "gateways": ["public.shop.svc"], "http": [ROUTE]}, "spec.gateways[0]"),
    ("VirtualService", {"hosts": ["a"], "http": [
        {**ROUTE, "match": [{"uri": {"prefix": "/a"}}]}, {**ROUTE, "match": [{"uri": {"prefix": "/ab"}}]}]},
     "spec.http[1].match[0]"),
    ("Gateway", server(port={**TLS_PORT}, tls={"mode": "PASSTHROUGH", "caCertificates": "c"}), "spec.servers[0].tls"),
    ("Sidecar", {**egress("./*"), "workloadSelector": {}}, "spec.workloadSelector"),
    ("AuthorizationPolicy", {"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/"]}}]}]}, "spec.rules[0]"),
    ("DestinationRule", policy(outlierDetection={"consecutiveErrors": 1}),
     "spec.trafficPolicy.outlierDetection.consecutiveErrors"),
    ("RequestAuthentication", jwt(jwks='{"kty": "oct", "k": "AQAB"}'), "spec.jwtRules[0].jwks"),
    ("EnvoyFilter", {}, "spec"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "spec", "path"), WARNED)
def test_warned(kind: str, spec: dict[str, Any], path: str) -> None:
    assert problems(kind, spec) == [(path, "warning")]


def test_annotations() -> None:
    deny = {"action": "DENY", "rules": [{}]}
    dry = {"istio.io/dry-run": "true"}
    assert errors("AuthorizationPolicy", deny, annotations=dry) == []
    assert errors("AuthorizationPolicy", {}, annotations={"istio.io/dry-run": "yes"}) == ["metadata.annotations"]
    assert errors("Gateway", server(), annotations=dry) == ["metadata.annotations"]
    assert errors("Gateway", server(), annotations={"internal.istio.io/parents": "x"}) == ["metadata.annotations"]


def test_the_name_of_a_gateway_has_no_dots() -> None:
    assert errors("Gateway", server(), name="a.b") == ["metadata.name"]


def test_every_kind_of_istio_has_rules_and_rows() -> None:
    kinds = {rule.kind for rule in RULES}
    assert len(kinds) == len(RULES) == 15
    assert kinds == {row[0] for row in REFUSED}
    assert kinds - {"EnvoyFilter"} == {row[0] for row in ACCEPTED}  # an EnvoyFilter is always warned of


def test_other_kinds_are_not_judged() -> None:
    assert list(webhook_problems("apps", {"kind": "Gateway", "spec": {}})) == []


def test_what_is_said_does_not_grow_with_pairs() -> None:
    """A list of some kilobytes once had a million findings."""
    assert len(errors("VirtualService", {"hosts": ["a.b"] * 1500, "http": [ROUTE]})) == 1499
    matches = [{"uri": {"prefix": prefix}} for prefix in ["/"] * 300 + [f"/{number}" for number in range(300)]]
    routes = [{"match": [each], **ROUTE} for each in matches]
    said = problems("VirtualService", {"hosts": ["a.b"], "http": routes})
    assert said.count(("spec.http[599].match[0]", "warning")) == 1
    assert len(said) < 2 * len(routes)
