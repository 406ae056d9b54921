"""AuthorizationPolicy as Envoy's RBAC."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import AuthorizationPolicy
from pulumi_mesh.manifests.facts import MeshConfig, Proxy
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.proxy.resolve.authorization import http_filters, network_filters, trust
from pulumi_mesh.proxy.resolve.authorization.policies import NEVER
from pulumi_mesh.proxy.view.matching import HeaderMatch, MetadataMatch, StringMatch
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    Always,
    AnyOf,
    Authenticated,
    Condition,
    DestinationAddress,
    DestinationPort,
    Header,
    HttpRbac,
    Metadata,
    NetworkRbac,
    Not,
    PathTemplate,
    RequestedServerName,
    Rules,
    SourceAddress,
    UrlPath,
)
from pulumi_mesh.refs import Ref

LABELS = FrozenMap({"app": "reviews", "version": "v1"})
PROXY = Proxy("sidecar", "reviews-v1", "shop", "10.0.0.1", LABELS)
ANY = AllOf((Always(),))


def policy(name: str = "p", namespace: str = "shop", *, dry_run: str = "", **spec: Any) -> AuthorizationPolicy:
    annotations = {"istio.io/dry-run": dry_run} if dry_run else {}
    return AuthorizationPolicy(name, namespace=namespace, annotations=annotations, spec=spec)


def http(*policies: AuthorizationPolicy, proxy: Proxy = PROXY, trust_domain: str = "cluster.local") -> list[HttpRbac]:
    return list(http_filters(snapshot(policies, mesh=MeshConfig(trust_domain=trust_domain)), proxy))


def network(*policies: AuthorizationPolicy) -> list[NetworkRbac]:
    return list(network_filters(snapshot(policies), PROXY))


def names(rules: Rules | None) -> list[str]:
    assert rules is not None
    return [each.name for each in rules.policies]


def one_rule(rule: dict[str, Any], **options: Any) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    [rbac] = http(policy(rules=[rule]), **options)
    assert rbac.rules is not None
    [made] = rbac.rules.policies
    return made.permissions, made.principals


def exact(value: str) -> StringMatch:
    return StringMatch("exact", value)


def peer(kind: Any, value: str) -> Authenticated:
    return Authenticated(StringMatch(kind, value))


def host(kind: Any, value: str) -> Header:
    return Header(HeaderMatch(":authority", StringMatch(kind, value, ignore_case=True)))


@pytest.mark.parametrize(
    ("source", "condition"),
    [
        ({"principals": ["cluster.local/ns/a/sa/b"]}, peer("exact", "spiffe://cluster.local/ns/a/sa/b")),
        ({"principals": ["cluster.local/ns/a/*"]}, peer("prefix", "spiffe://cluster.local/ns/a/")),
        ({"principals": ["*/sa/b.c"]}, peer("regex", r"spiffe://.*/sa/b\.c")),
        ({"principals": ["*"]}, peer("regex", ".+")),
        ({"namespaces": ["a-b"]}, peer("regex", ".*/ns/a-b/.*")),
        ({"namespaces": ["a*"]}, peer("regex", ".*/ns/a.*/.*")),
        ({"serviceAccounts": ["b"]}, peer("regex", "spiffe://.+/ns/shop/(.+/|)sa/b(/.+)?")),
        ({"serviceAccounts": ["a/b"]}, peer("regex", "spiffe://.+/ns/a/(.+/|)sa/b(/.+)?")),
        ({"trustDomains": ["x.org"]}, peer("prefix", "spiffe://x.org/")),
        ({"trustDomains": ["*.org"]}, peer("regex", r"spiffe://[^/]*\.org/.*")),
        ({"trustDomains": ["*"]}, peer("prefix", "spiffe://")),
        ({"ipBlocks": ["10.1.2.3"]}, SourceAddress("direct_remote_ip", "10.1.2.3", 32)),
        ({"ipBlocks": ["10.1.2.3/8"]}, SourceAddress("direct_remote_ip", "10.1.2.3", 8)),
        ({"remoteIpBlocks": ["fd00::/8"]}, SourceAddress("remote_ip", "fd00::", 8)),
    ],
)
def test_source(source: dict[str, Any], condition: Condition) -> None:
    assert one_rule({"from": [{"source": source}]}) == ((ANY,), (AllOf((AnyOf((condition,)),)),))


@pytest.mark.parametrize(
    ("operation", "condition"),
    [
        ({"methods": ["GET"]}, Header(HeaderMatch(":method", exact("GET")))),
        ({"methods": ["P*"]}, Header(HeaderMatch(":method", StringMatch("prefix", "P")))),
        ({"methods": ["*"]}, Header(HeaderMatch(":method"))),
        ({"hosts": ["Shop.example.com"]}, host("exact", "Shop.example.com")),
        ({"hosts": ["*.example.com"]}, host("suffix", ".example.com")),
        ({"hosts": ["shop.*"]}, host("prefix", "shop.")),
        ({"paths": ["/a"]}, UrlPath(exact("/a"))),
        ({"paths": ["/a/*"]}, UrlPath(StringMatch("prefix", "/a/"))),
        ({"paths": ["*/a"]}, UrlPath(StringMatch("suffix", "/a"))),
        ({"paths": ["*"]}, UrlPath(StringMatch("regex", ".+"))),
        ({"ports": ["9080"]}, DestinationPort(9080)),
    ],
)
def test_operation(operation: dict[str, Any], condition: Condition) -> None:
    assert one_rule({"to": [{"operation": operation}]}) == ((AllOf((AnyOf((condition,)),)),), (ANY,))


def test_path_template() -> None:
    [allof], _ = one_rule({"to": [{"operation": {"paths": ["/a/{*}/b/{**}"]}}]})
    assert isinstance(allof, AllOf)
    assert isinstance(allof.conditions[0], AnyOf)
    assert allof.conditions[0].conditions == (PathTemplate("/a/*/b/**"),)


@pytest.mark.parametrize(
    ("key", "side", "condition"),
    [
        ("request.headers[x-user]", "principal", Header(HeaderMatch("x-user", exact("v")))),
        ("source.namespace", "principal", peer("regex", ".*/ns/v/.*")),
        ("source.principal", "principal", peer("exact", "spiffe://v")),
        ("connection.sni", "permission", RequestedServerName(exact("v"))),
    ],
)
def test_when(key: str, side: str, condition: Condition) -> None:
    permissions, principals = one_rule({"when": [{"key": key, "values": ["v"], "notValues": ["v"]}]})
    wanted = AllOf((AnyOf((condition,)), Not(AnyOf((condition,)))))
    assert (permissions, principals) == (((wanted,), (ANY,)) if side == "permission" else ((ANY,), (wanted,)))


def test_when_addresses_and_ports() -> None:
    rule = {
        "when": [
            {"key": "destination.ip", "values": ["10.0.0.0/8"]},
            {"key": "destination.port", "values": ["80"]},
            {"key": "source.ip", "notValues": ["10.0.0.1"]},
        ]
    }
    address = DestinationAddress("10.0.0.0", 8)
    assert one_rule(rule) == (
        (AllOf((AnyOf((address,)), AnyOf((DestinationPort(80),)))),),
        (AllOf((Not(AnyOf((SourceAddress("direct_remote_ip", "10.0.0.1", 32),))),)),),
    )


def _claim(name: str, match: StringMatch) -> Metadata:
    return Metadata(MetadataMatch("envoy.filters.http.jwt_authn", ("payload", name), match))


SOME = StringMatch("regex", ".+")


@pytest.mark.parametrize(
    ("value", "issuer", "subject"),
    [
        ("https://a/b/me", exact("https://a/b"), exact("me")),
        ("*", SOME, SOME),
        ("a/*", exact("a"), SOME),
        ("a/m*", exact("a"), StringMatch("prefix", "m")),
        ("*/me", SOME, exact("me")),
        ("*.a/me", StringMatch("suffix", ".a"), exact("me")),
        ("*me", SOME, StringMatch("suffix", "me")),
        ("a*", StringMatch("prefix", "a"), SOME),
    ],
)
def test_request_principal(value: str, issuer: StringMatch, subject: StringMatch) -> None:
    both = AllOf((_claim("iss", issuer), _claim("sub", subject)))
    assert one_rule({"from": [{"source": {"requestPrincipals": [value]}}]}) == ((ANY,), (AllOf((both,)),))


def test_everything_together_in_order() -> None:
    rule = {
        "from": [{"source": {"principals": ["*"], "notNamespaces": ["x"], "ipBlocks": ["1.2.3.4"]}}, {"source": {}}],
        "to": [{"operation": {"ports": ["80"], "methods": ["GET", "HEAD"], "notPaths": ["/x"]}}, {}],
        "when": [{"key": "request.headers[a]", "values": ["b"]}, {"key": "destination.port", "values": ["81"]}],
    }
    get, head = (Header(HeaderMatch(":method", exact(each))) for each in ("GET", "HEAD"))
    header = AnyOf((Header(HeaderMatch("a", exact("b"))),))
    other_port = AnyOf((DestinationPort(81),))
    assert one_rule(rule) == (
        (
            AllOf((AnyOf((get, head)), Not(AnyOf((UrlPath(exact("/x")),))), AnyOf((DestinationPort(80),)), other_port)),
            AllOf((other_port,)),
        ),
        (
            AllOf(
                (
                    AnyOf((peer("regex", ".+"),)),
                    Not(AnyOf((peer("regex", ".*/ns/x/.*"),))),
                    AnyOf((SourceAddress("direct_remote_ip", "1.2.3.4", 32),)),
                    header,
                )
            ),
            AllOf((header,)),
        ),
    )


@pytest.mark.parametrize(
    ("value", "domains", "found"),
    [
        ("cluster.local/ns/a/sa/b", ("td1",), ("td1/ns/a/sa/b",)),
        ("old/ns/a/sa/b", ("new", "old"), ("new/ns/a/sa/b", "old/ns/a/sa/b")),
        ("foreign/ns/a/sa/b", ("new", "old"), ("foreign/ns/a/sa/b",)),
        ("*/ns/a/sa/b", ("new",), ("*/ns/a/sa/b",)),
        ("*-td/ns/a/sa/b", ("new-td", "old-td"), ("*-td/ns/a/sa/b",)),
        ("cluster.local/ns/a/*", ("td1",), ("cluster.local/ns/a/*",)),
    ],
)
def test_trust_domain_of_principals(value: str, domains: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert trust.principals([value], domains) == found


def test_trust_domains_expand_once() -> None:
    assert trust.expanded(["old", "x", "new"], ("new", "old")) == ("new", "old", "x")


def test_own_trust_domain() -> None:
    rule = {"from": [{"source": {"principals": ["cluster.local/ns/a/sa/b"]}}]}
    _, [principal] = one_rule(rule, trust_domain="corp")
    assert principal == AllOf((AnyOf((peer("exact", "spiffe://corp/ns/a/sa/b"),)),))


def test_allow_without_rules_lets_nothing_through() -> None:
    [rbac] = http(policy())
    assert rbac.rules is not None
    assert rbac.rules.action == "ALLOW"
    [nothing] = rbac.rules.policies
    assert (nothing.name, nothing.permissions, nothing.principals) == ("ns[shop]-policy[p]-rule[0]", (NEVER,), (NEVER,))


def test_an_empty_rule_lets_everything_through() -> None:
    assert one_rule({}) == ((ANY,), (ANY,))


def test_filters_of_actions_in_order() -> None:
    rules: list[dict[str, Any]] = [{}]
    found = http(policy("a", rules=rules), policy("d", action="DENY", rules=rules), policy("l", action="AUDIT"))
    assert [each.rules.action for each in found if each.rules] == ["LOG", "DENY", "ALLOW"]
    assert http(policy("c", action="CUSTOM", provider={"name": "x"}, rules=rules)) == []


@pytest.mark.parametrize(
    ("held", "spec"),
    [
        (True, {"namespace": "shop"}),
        (True, {"namespace": "istio-system"}),
        (False, {"namespace": "other"}),
        (True, {"selector": {"matchLabels": {"app": "reviews"}}}),
        (True, {"namespace": "istio-system", "selector": {"matchLabels": {"app": "reviews"}}}),
        (False, {"selector": {"matchLabels": {"app": "ratings"}}}),
        (False, {"targetRef": {"kind": "Service", "group": "", "name": "reviews"}}),
    ],
)
def test_selection(held: bool, spec: dict[str, Any]) -> None:
    assert bool(http(policy(**spec))) is held


@pytest.mark.parametrize(("name", "held"), [("public", True), ("private", False)])
def test_gateway_by_target_ref(name: str, held: bool) -> None:
    labels = FrozenMap({"gateway.networking.k8s.io/gateway-name": "public"})
    proxy = Proxy("router", "public", "shop", "10.0.0.2", labels)
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name}
    assert bool(http(policy(targetRefs=[target]), proxy=proxy)) is held


def test_names_and_places() -> None:
    rules: list[dict[str, Any]] = [{} for _ in range(11)]
    [rbac] = http(policy("b", rules=rules), policy("a", "istio-system", rules=[{}]))
    assert names(rbac.rules)[:4] == [
        "ns[istio-system]-policy[a]-rule[0]",
        "ns[shop]-policy[b]-rule[0]",
        "ns[shop]-policy[b]-rule[10]",
        "ns[shop]-policy[b]-rule[1]",
    ]
    assert rbac.rules is not None
    assert rbac.rules.policies[2].ref == Ref("AuthorizationPolicy", "shop", "b", "spec.rules[10]")


def test_dry_run() -> None:
    tried, meant = policy("t", rules=[{}], action="DENY", dry_run="true"), policy("m", rules=[{}], action="DENY")
    [rbac] = http(tried, meant)
    assert (names(rbac.rules), names(rbac.shadow)) == (["ns[shop]-policy[m]-rule[0]"], ["ns[shop]-policy[t]-rule[0]"])
    assert rbac.shadow_prefix == "istio_dry_run_deny_"
    assert http(tried)[0].rules is None
    assert http(meant)[0].shadow_prefix == "istio_dry_run_allow_"


HTTP_RULE = {"to": [{"operation": {"methods": ["GET"], "ports": ["80"]}}]}
TCP_RULE = {"to": [{"operation": {"ports": ["81"]}}]}


def test_connections_allow_drops_rules_about_requests() -> None:
    [rbac] = network(policy(rules=[HTTP_RULE, TCP_RULE]))
    assert names(rbac.rules) == ["ns[shop]-policy[p]-rule[1]"]
    assert rbac.stat_prefix == "tcp."
    assert network(policy(rules=[HTTP_RULE]))[0].rules == Rules("ALLOW", ())


def test_connections_deny_drops_only_what_is_about_requests() -> None:
    [rbac] = network(policy(action="DENY", rules=[HTTP_RULE, {"to": [{"operation": {"methods": ["GET"]}}]}]))
    assert rbac.rules is not None
    assert [each.permissions for each in rbac.rules.policies] == [(AllOf((AnyOf((DestinationPort(80),)),)),), (ANY,)]


@pytest.mark.parametrize(
    ("operation", "when"),
    [
        ({"ports": ["65536"]}, None),
        ({}, {"key": "source.ip", "values": ["nowhere"]}),
        ({}, {"key": "source.ip", "values": ["10.0.0.0/255.0.0.0"]}),
        ({}, {"key": "request.headers", "values": ["a"]}),
    ],
)
def test_nonsense(operation: dict[str, Any], when: dict[str, Any] | None) -> None:
    rule = {"to": [{"operation": operation}], "when": [when] if when else []}
    assert http(policy(rules=[rule]))[0].rules == Rules("ALLOW", ())
    [deny] = http(policy(rules=[rule], action="DENY"))
    assert deny.rules is not None
    assert [(each.permissions, each.principals) for each in deny.rules.policies] == [((ANY,), (ANY,))]


@pytest.mark.parametrize("action", ["ALLOW", "DENY"])
def test_unknown_key_makes_the_rule_void(action: Any) -> None:
    assert http(policy(action=action, rules=[{"when": [{"key": "a.b", "values": ["c"]}]}]))[0].rules == Rules(
        action, ()
    )
