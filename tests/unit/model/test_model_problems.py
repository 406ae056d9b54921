"""Every mistake that one object can know is refused as it is made, with its path and what would be right."""

from collections.abc import Callable
from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.model import mesh as mesh_module

reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", "v2", pm.Version("v0", retired=True)])
ratings = pm.Service("ratings", namespace="bookinfo", port=9080, versions=["v1"])
two_ports = pm.Service("two", namespace="bookinfo", ports=[80, 81], versions=["v1"])
tcp = pm.Service("tcp", namespace="bookinfo", ports=[pm.Port(5432, protocol="TCP")])
public = pm.Gateway("public", listeners=[pm.Listener("http", port=80, hostnames=["*.example.com", "a.org"])])
anything: Any = pm  # the same, but type checkers let mistakes pass
rule = pm.Rule(backends=[reviews])
stage = pm.Stage(weight=5)


def service(**given: Any) -> Any:
    return anything.Service("x", **{"namespace": "n", "port": 80, **given})


def listeners(*each: dict[str, Any]) -> Any:
    return anything.Gateway("g", listeners=list(each))


def canary(**given: Any) -> Any:
    return anything.Canary(reviews, **{"stable": "v1", "candidate": "v2", "stages": [stage], **given})


def policy(**given: Any) -> Any:
    return anything.AuthorizationPolicy("a", **given)


def mesh(**given: Any) -> Any:
    return anything.Mesh("m", **given)


CASES: list[tuple[Callable[[], Any], str]] = [
    # services
    (lambda: anything.Service("X", namespace="n", port=80), "Service(\"X\").name: 'X' is not a name"),
    (lambda: anything.Service(5, namespace="n", port=80), "Service.name: 5 is not a name; give text"),
    (lambda: anything.Service("x", port=80), 'Service("x").namespace: is required'),
    (lambda: service(namespace="N"), "Service(\"x\").namespace: 'N' is not a name"),
    (lambda: service(port=0), 'Service("x").port: 0 is not a port; give a number from 1 to 65535'),
    (lambda: service(port=65536), 'Service("x").port: 65536 is not a port'),
    (lambda: service(port="80"), "Service(\"x\").port: '80' is not a port; give a whole number"),
    (lambda: service(port=None), 'Service("x").ports: a service has at least one port'),
    (lambda: service(ports=[80]), 'Service("x").port: give either port or ports'),
    (lambda: service(port=None, ports=[80, 0]), 'Service("x").ports[1].number: 0 is not a port'),
    (lambda: service(port=None, ports=[80, 80]), 'Service("x").ports[1]: 80 is there twice'),
    (lambda: service(port=None, ports=80), 'Service("x").ports: needs a list, not a number'),
    (
        lambda: service(port=None, ports=[{"number": 1, "protocol": "UDP"}]),
        "Service(\"x\").ports[0].protocol: is 'UDP'; one of 'HTTP', ",
    ),
    (lambda: service(versions="v1"), 'Service("x").versions: needs a list, not text'),
    (lambda: service(versions=["v1", "v1"]), 'Service("x").versions[1]: v1 is there twice'),
    (lambda: service(versions=["V1"]), "Service(\"x\").versions[0].name: 'V1' is not a name"),
    (
        lambda: service(versions=[{"name": "v1", "retired": "yes"}]),
        'Service("x").versions[0].retired: needs true or false, not text',
    ),
    (
        lambda: service(versions=["v1"], addresses=["10.0.0.1"]),
        'Service("x").addresses: a service with versions has none',
    ),
    (lambda: service(addresses=["10.0.0.1", "home"]), "Service(\"x\").addresses[1]: 'home' is not an IP address"),
    (
        lambda: service(hostname="*.a.com"),
        'Service("x").hostname: \'*.a.com\' is not a host name; no "*" may stand here',
    ),
    (lambda: service(hostname="a.com."), "Service(\"x\").hostname: 'a.com.' ends with a dot"),
    (lambda: service(calls=["ratings"]), "Service(\"x\").calls[0]: 'ratings' is text; pass the service object itself"),
    (lambda: service(labels=["a"]), 'Service("x").labels: needs a mapping, not a list'),
    (lambda: service(labels={"a": 1}), "Service(\"x\").labels['a']: needs text, not a number; quote it"),
    (lambda: service(lables={}), 'Service("x").lables: is not a field here; did you mean labels?'),
    (lambda: service(traffic_policy=pm), 'Service("x").traffic_policy: needs TrafficPolicy or a mapping'),
    # destinations
    (lambda: reviews["v9"], "Destination.version: reviews has no version 'v9'; it has: v1, v2, v0"),
    (lambda: pm.Backend(two_ports), "Backend.destination: two has several ports; name one of [80, 81]"),
    (lambda: pm.Mirror(two_ports["v1"]), "Mirror.destination: two has several ports; name one of [80, 81]"),
    (lambda: pm.Destination(two_ports, port=82), "Destination.port: two has no port 82; it has [80, 81]"),
    (lambda: pm.Rule(backends=[two_ports]), "Rule.backends[0].destination: two has several ports"),
    # traffic policy
    (pm.TrafficPolicy, "TrafficPolicy.load_balancer: nothing is said"),
    (lambda: anything.TrafficPolicy(load_balancer="FASTEST"), "TrafficPolicy.load_balancer: is 'FASTEST'; one of"),
    (
        lambda: anything.TrafficPolicy(load_balancer={"header": "a b"}),
        "TrafficPolicy.load_balancer.header: 'a b' is not a header name",
    ),
    (lambda: pm.ConnectionPool(max_connections=0), "ConnectionPool.max_connections: is 0; at least 1"),
    (
        lambda: anything.ConnectionPool(max_connections="5"),
        "ConnectionPool.max_connections: needs a whole number, not text",
    ),
    (lambda: anything.ConnectionPool(connect_timeout=5), "ConnectionPool.connect_timeout: 5 is not a duration"),
    (
        lambda: pm.OutlierDetection(max_ejection_percent=101),
        "OutlierDetection.max_ejection_percent: is 101; at most 100",
    ),
    # namespaces and the control plane
    (lambda: pm.Namespace("a.b"), "Namespace(\"a.b\").name: 'a.b' is not a name"),
    (lambda: pm.Namespace("a", injection=True, revision="x"), 'Namespace("a").revision: a revision already injects'),
    (lambda: pm.Namespace("a", revision="X"), "Namespace(\"a\").revision: 'X' is not a name"),
    (lambda: pm.Istio.existing(revision="a_b"), "Istio.revision: 'a_b' is not a name"),
    (lambda: pm.Istio.existing(trust_domain="*"), "Istio.trust_domain: '*' is not a host name"),
    # gateways
    (lambda: anything.Gateway("g"), 'Gateway("g").listeners: is required'),
    (listeners, 'Gateway("g").listeners: a gateway has at least one listener'),
    (lambda: listeners({"name": "a", "port": 0}), 'Gateway("g").listeners[0].port: 0 is not a port'),
    (
        lambda: listeners({"name": "a", "port": 80}, {"name": "a", "port": 81}),
        "Gateway(\"g\").listeners[1]: two listeners are named 'a'",
    ),
    (
        lambda: listeners({"name": "a", "port": 80}, {"name": "b", "port": 80}),
        "Gateway(\"g\").listeners[1]: 'a' and 'b' both take '*' on port 80",
    ),
    (
        lambda: listeners(
            {"name": "a", "port": 80},
            {"name": "b", "port": 80, "protocol": "HTTPS", "certificate": "c", "hostnames": ["a.com"]},
        ),
        "Gateway(\"g\").listeners[1]: 'a' and 'b' speak different protocols on port 80",
    ),
    (lambda: pm.Listener("a", port=443, protocol="HTTPS"), 'Listener("a").certificate: an HTTPS listener needs'),
    (
        lambda: pm.Listener("a", port=80, certificate="c"),
        'Listener("a").certificate: an HTTP listener has no certificate',
    ),
    (
        lambda: pm.Listener("a", port=443, protocol="HTTPS", certificate="c", https_redirect=True),
        'Listener("a").https_redirect: only',
    ),
    (lambda: pm.Listener("a", port=80, hostnames=[]), 'Listener("a").hostnames: name at least one host'),
    (
        lambda: pm.Listener("a", port=80, hostnames=["a.com", "*bar.com"]),
        "Listener(\"a\").hostnames[1]: '*bar.com' is not a host name",
    ),
    (lambda: pm.Gateway("g", listeners=public.listeners, selector={}), 'Gateway("g").selector: an empty selector'),
    # matches
    (pm.Match, "Match.path: the match says nothing"),
    (lambda: pm.Path("a"), "Path.value: 'a' is not a path; it begins with '/'"),
    (lambda: pm.Path("(", kind="regex"), "Path.value: '(' is not a pattern that Envoy takes"),
    (lambda: anything.Path("/a", kind="glob"), "Path.kind: is 'glob'; one of 'exact', 'prefix' or 'regex'"),
    (lambda: anything.Match(path="a"), "Match.path.value: 'a' is not a path"),
    (lambda: anything.Match(path=5), "Match.path: needs Path or a mapping, not a number"),
    (lambda: anything.Match(method="GETS"), "Match.method: is 'GETS'; one of"),
    (lambda: anything.Match(headers={"a": 5}), "Match.headers['a']: needs TextMatch or a mapping, not a number"),
    (lambda: pm.Match(headers={":path": "x"}), "Match.headers: ':path' is not a header name"),
    (lambda: pm.Match(headers={"A": "x", "a": "y"}), "Match.headers: 'a' is there twice"),
    (lambda: pm.HeaderChanges(set={"A": "x", "a": "y"}), "HeaderChanges.set: 'a' is there twice"),
    (lambda: pm.TextMatch(""), "TextMatch.value: an empty value matches nothing"),
    (lambda: pm.TextMatch("a", kind="present"), "TextMatch.value: kind 'present' takes any value"),
    (lambda: pm.TextMatch("(?!a)", kind="regex"), "TextMatch.value: '(?!a)' is not a pattern that Envoy takes"),
    # rules
    (pm.Rule, "Rule.backends: a rule needs backends, or a redirect"),
    (lambda: pm.Backend(reviews, weight=-1), "Backend.weight: -1 is not a weight"),
    (
        lambda: pm.Rule(backends=[pm.Backend(reviews["v1"], weight=0), pm.Backend(reviews["v2"], weight=0)]),
        "Rule.backends: all weights are 0",
    ),
    (
        lambda: pm.Rule(backends=[reviews["v1"], reviews["v1"]]),
        "Rule.backends[1]: reviews v1 is there twice; add its weights up",
    ),
    (
        lambda: pm.Rule(backends=[reviews["v1"], reviews["v0"]]),
        "Rule.backends[1]: version 'v0' of reviews is retired; send it nothing",
    ),
    (
        lambda: pm.Rule(backends=[reviews], mirror=pm.Mirror(reviews["v0"])),
        "Rule.mirror: version 'v0' of reviews is retired",
    ),
    (
        lambda: anything.Rule(backends=["reviews"]),
        "Rule.backends[0]: 'reviews' is text; pass the service object itself",
    ),
    (lambda: anything.Rule(backends=[5]), "Rule.backends[0]: needs Backend or a mapping, not a number"),
    (
        lambda: anything.Rule(backends=[reviews], timeout=5),
        "Rule.timeout: 5 is not a duration; write it as text with a unit",
    ),
    (lambda: pm.Rule(backends=[reviews], timeout="soon"), "Rule.timeout: 'soon' is not a duration"),
    (
        lambda: pm.Rule(backends=[reviews], redirect=pm.Redirect(path="/")),
        "Rule.backends: a rule that redirects sends nothing on",
    ),
    (pm.Redirect, "Redirect.hostname: the redirect leads back"),
    (
        lambda: anything.Redirect(path="/", status_code=200),
        "Redirect.status_code: is 200; one of 301, 302, 303, 307 or 308",
    ),
    (pm.Rewrite, "Rewrite.path: the rewrite changes nothing"),
    (lambda: pm.Rewrite(path="/a\nb"), "Rewrite.path: '/a\\nb' holds a character that cannot be printed"),
    (lambda: pm.Redirect(path="/a\tb"), "Redirect.path: '/a\\tb' holds a character that cannot be printed"),
    (lambda: pm.Path("/\x00"), "Path.value: '/\\x00' holds a character that cannot be printed"),
    (lambda: pm.Path("", kind="regex"), "Path.value: an empty pattern matches nothing"),
    (lambda: pm.Match(query_parameters={"": "a"}), "Match.query_parameters: a query parameter has a name"),
    (lambda: pm.HeaderChanges(set={"Host": "a.com"}), "HeaderChanges.set: the Host header is not changed here"),
    (lambda: pm.Rule(name="a\nb", backends=[reviews]), "Rule.name: 'a\\nb' holds a character"),
    (pm.ConnectionPool, "ConnectionPool.max_connections: nothing is said"),
    (lambda: pm.Namespace("a", physical_name=""), "Namespace(\"a\").physical_name: '' is not a name"),
    (lambda: pm.Namespace("a", physical_name="a.b"), "Namespace(\"a\").physical_name: 'a.b' is not a name"),
    (lambda: pm.Namespace("a", labels={"istio.io/rev": "x"}), 'Namespace("a").labels: istio.io/rev follows from'),
    (
        lambda: service(versions=[pm.Version("v1", labels={"v": "1"}), pm.Version("v2", labels={"v": "1"})]),
        'Service("x").versions[1].labels: v2 and v1 have the same labels',
    ),
    (
        lambda: pm.HTTPRoute("r", services=[two_ports], rules=[pm.Rule(backends=[reviews])]),
        'HTTPRoute("r").rules[0].matches: two speaks HTTP on [80, 81]; say in each match which',
    ),
    (
        lambda: pm.HTTPRoute("r", services=[tcp], rules=[pm.Rule(backends=[reviews])]),
        'HTTPRoute("r").services[0]: tcp has no port that speaks HTTP',
    ),
    (
        lambda: pm.AuthorizationRule(principals=["*/sa/*"]),
        "AuthorizationRule.principals[0]: '*/sa/*' has a '*' inside",
    ),
    (lambda: pm.AuthorizationRule(paths=["/", "/a*b"]), "AuthorizationRule.paths[1]: '/a*b' has a '*' inside"),
    (
        lambda: pm.AuthorizationPolicy("p", target=two_ports, rules=[pm.AuthorizationRule(ports=[80, 90])]),
        'AuthorizationPolicy("p").rules[0].ports[1]: its workloads do not listen on 90; they listen on 80, 81',
    ),
    (
        lambda: pm.AuthorizationPolicy("p", target=pm.Destination(two_ports, port=80)),
        'AuthorizationPolicy("p").target.port: a policy acts on workloads',
    ),
    (pm.HeaderChanges, "HeaderChanges.set: no header is changed"),
    (lambda: pm.HeaderChanges(remove=["a", "b c"]), "HeaderChanges.remove[1]: 'b c' is not a header name"),
    (lambda: pm.Mirror(reviews, percent=101), "Mirror.percent: 101 is not a percentage"),
    (lambda: pm.Delay("0s"), "Delay.duration: '0s' is too short"),
    (lambda: pm.Abort(100), "Abort.status: is 100; at least 200"),
    (pm.Fault, "Fault.delay: the fault does nothing"),
    (lambda: pm.Retries(-1), "Retries.attempts: is -1; at least 0"),
    (lambda: pm.Retries(0, status_codes=[503]), "Retries.attempts: 0 attempts turns retries off"),
    (lambda: pm.Retries(1, status_codes=[503, 520]), "Retries.status_codes[1]: 520 is no registered status code"),
    (lambda: anything.Retries(1, conditions=["4xx"]), "Retries.conditions[0]: is '4xx'; one of '5xx'"),
    # routes
    (lambda: pm.HTTPRoute("r", rules=[rule]), 'HTTPRoute("r").gateways: give either gateways'),
    (
        lambda: pm.HTTPRoute("r", gateways=[public], services=[reviews], rules=[rule]),
        'HTTPRoute("r").gateways: give either gateways',
    ),
    (
        lambda: pm.HTTPRoute("r", services=[reviews], hostnames=["a.com"], rules=[rule]),
        'HTTPRoute("r").hostnames: a route for services',
    ),
    (lambda: pm.HTTPRoute("r", services=[reviews], rules=[]), 'HTTPRoute("r").rules: a route has at least one rule'),
    (
        lambda: pm.HTTPRoute("r", services=[reviews], rules=[rule, rule]),
        'HTTPRoute("r").rules[0].matches: it takes every request',
    ),
    (
        lambda: pm.HTTPRoute("r", gateways=[public], hostnames=["a.org", "b.org"], rules=[rule]),
        "HTTPRoute(\"r\").hostnames[1]: no listener of its gateways takes 'b.org'; they take *.example.com, a.org",
    ),
    (
        lambda: anything.HTTPRoute("r", gateways=["public"], rules=[rule]),
        "HTTPRoute(\"r\").gateways[0]: 'public' is text; pass the gateway",
    ),
    # security
    (lambda: anything.MutualTLS("strict"), "MutualTLS.mode: is 'strict'; one of 'STRICT', 'PERMISSIVE' or 'DISABLE'"),
    (
        lambda: pm.MutualTLS("STRICT", namespace="a", service=reviews),
        "MutualTLS.namespace: give either a namespace or a service",
    ),
    (lambda: anything.MutualTLS("STRICT", service=public), "MutualTLS.service: needs a service or a version of one"),
    (policy, 'AuthorizationPolicy("a").namespace: give the namespace or the target'),
    (
        lambda: policy(target=reviews, namespace="b"),
        "AuthorizationPolicy(\"a\").namespace: a policy lives in the namespace of its target, 'bookinfo'",
    ),
    (lambda: policy(target=5), 'AuthorizationPolicy("a").target: needs a service, a version of one, or a gateway'),
    (
        lambda: policy(target=reviews, action="DENY"),
        'AuthorizationPolicy("a").rules: DENY without rules denies nothing',
    ),
    (
        lambda: pm.AuthorizationRule(principals=["productpage"]),
        "AuthorizationRule.principals[0]: 'productpage' is not a principal",
    ),
    (
        lambda: anything.AuthorizationRule(principals=[reviews, 5]),
        "AuthorizationRule.principals[1]: needs text, a service",
    ),
    (lambda: pm.AuthorizationRule(ports=[65536]), "AuthorizationRule.ports[0]: 65536 is not a port"),
    # canaries
    (lambda: canary(stages=[]), "Canary.stages: a canary has at least one stage"),
    (
        lambda: canary(stages=[{"weight": 10}, {"weight": 5}]),
        "Canary.stages[1].weight: weights never fall; 5 comes after 10",
    ),
    (lambda: canary(stages=[{"weight": 101}]), "Canary.stages[0].weight: is 101; at most 100"),
    (lambda: canary(stages=[{"weight": 1, "duration": "1"}]), "Canary.stages[0].duration: '1' is not a duration"),
    (lambda: canary(candidate=ratings["v1"]), "Canary.candidate: it is a version of 'ratings', not of 'reviews'"),
    (lambda: canary(candidate="v1"), "Canary.candidate: stable and candidate are both 'v1'"),
    (lambda: canary(candidate="v9"), "Canary.candidate.version: reviews has no version 'v9'"),
    (lambda: canary(candidate="v0"), "Canary.candidate: version 'v0' is retired"),
    (lambda: canary(stable=pm.Destination(reviews)), 'Canary.stable: name a version, such as reviews["v1"]'),
    (
        lambda: anything.Canary("reviews", stable="v1", candidate="v2", stages=[stage]),
        "Canary.service: 'reviews' is text; pass the service",
    ),
    # meshes
    (
        lambda: mesh(services=[reviews, reviews]),
        "Mesh(\"m\").services[1]: 'reviews' is declared twice in namespace 'bookinfo'",
    ),
    (
        lambda: mesh(services=[reviews], routes=[pm.HTTPRoute("r", services=[reviews.external()], rules=[rule])]),
        'Mesh("m").services: bookinfo/reviews is declared in two different ways',
    ),
    (
        lambda: mesh(
            namespaces=[pm.Namespace("a")], uses=[pm.Mesh("u", namespaces=[pm.Namespace("a", injection=True)])]
        ),
        'Mesh("m").namespaces: a is declared in two different ways',
    ),
    (lambda: mesh(canaries=[canary(), canary()]), "Mesh(\"m\").canaries[1]: 'reviews' is declared twice"),
    (
        lambda: mesh(mutual_tls=[pm.MutualTLS("STRICT"), pm.MutualTLS("DISABLE")]),
        'Mesh("m").mutual_tls[1]: the mesh has a mode already, STRICT',
    ),
    (
        lambda: mesh(
            mutual_tls=[
                pm.MutualTLS("STRICT", service=reviews),
                pm.MutualTLS("DISABLE", service=pm.Destination(reviews)),
            ]
        ),
        'Mesh("m").mutual_tls[1]: reviews has a mode already, STRICT',
    ),
    (
        lambda: mesh(uses=[pm.Mesh(name, mutual_tls=[pm.MutualTLS("STRICT")]) for name in ("a", "b")]),
        'Mesh("m").mutual_tls: only one mesh may set mutual TLS for the whole mesh; a, b do',
    ),
    (lambda: mesh(objects=[5]), 'Mesh("m").objects[0]: int is not a typed object; see pulumi_mesh.istio'),
    (lambda: mesh(objects=[mesh_module.replace(5)]), 'Mesh("m").objects[0]: int is not a typed object'),
    (lambda: mesh(services=["reviews"]), 'Mesh("m").services[0]: needs Service or a mapping, not text'),
]


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[text.partition(";")[0][:70] for _, text in CASES])
def test_problem(make: Callable[[], Any], expected: str) -> None:
    with pytest.raises(pm.InvalidError) as raised:
        make()
    assert str(raised.value).startswith(expected)
    assert "\n" not in str(raised.value)


def test_all_problems_come_together_each_with_its_path() -> None:
    with pytest.raises(pm.InvalidError) as raised:
        service(port=0, versions=["V1", {"name": "v2", "addresses": ["x"]}], hostname="a.")
    assert {where for where, _ in raised.value.problems} == {
        'Service("x").port',
        'Service("x").versions[0].name',
        'Service("x").versions[1].addresses[0]',
        'Service("x").hostname',
    }


def test_only_the_name_goes_by_position() -> None:
    with pytest.raises(TypeError, match="Service takes name by position, the rest by keyword"):
        anything.Service("x", "bookinfo", port=80)


def test_an_object_of_one_identity_twice() -> None:
    from pulumi_mesh import istio

    lua = istio.Telemetry("t", namespace="bookinfo")
    with pytest.raises(pm.InvalidError) as raised:
        mesh(objects=[lua, mesh_module.replace(lua)])
    assert str(raised.value).startswith('Mesh("m").objects[1]: Telemetry bookinfo/t is declared twice')
