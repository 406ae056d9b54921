"""Mistakes in modes of ports, in tokens, and in rules about them, each with its path."""

from collections.abc import Callable
from typing import Any

import pytest

import pulumi_mesh as pm

anything: Any = pm  # the same, but type checkers let mistakes pass
cart = pm.Service("cart", namespace="shop", ports=[8080, 9090])
LOGIN = pm.JWTRule("login")
SSO = {"name": "sso", "envoyExtAuthzGrpc": {"service": "sso.auth.svc.cluster.local", "port": 9000}}
ZIPKIN = {"name": "zipkin", "zipkin": {"service": "zipkin.auth.svc.cluster.local", "port": 9411}}
PROVIDERS: Any = {"meshConfig": {"extensionProviders": [SSO, ZIPKIN]}}


def policy(action: str, **given: Any) -> Any:
    return anything.AuthorizationPolicy("a", target=cart, action=action, **given)


def asked(istio: pm.Istio, provider: Any = "sso") -> pm.Mesh:
    custom = policy("CUSTOM", provider=provider, rules=[pm.AuthorizationRule()])
    return pm.Mesh("m", istio=istio, authorization=[custom])


def custom(**rule: Any) -> Any:
    return policy("CUSTOM", provider="sso", rules=[pm.AuthorizationRule(), pm.AuthorizationRule(**rule)])


def jwt(**given: Any) -> Any:
    return anything.JWTRule("login", **given)


CASES: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: pm.MutualTLS("STRICT", ports={8080: "DISABLE"}),
        "MutualTLS.ports: only a mode for the workloads of a service tells ports apart; give the service",
    ),
    (
        lambda: pm.MutualTLS("STRICT", service=cart, ports={80: "DISABLE"}),
        "MutualTLS.ports[80]: its workloads do not listen on 80; they listen on 8080, 9090",
    ),
    (
        lambda: anything.MutualTLS("STRICT", service=cart, ports={8080: "disable"}),
        "MutualTLS.ports[8080]: is 'disable'; one of 'STRICT'",
    ),
    (
        lambda: anything.MutualTLS("STRICT", service=cart, ports={"http": "DISABLE"}),
        "MutualTLS.ports['http']: 'http' is not a port",
    ),
    (lambda: pm.JWTRule(""), "JWTRule.issuer: tokens name who made them"),
    (lambda: jwt(jwks_uri="https://a/b", jwks='{"keys": []}'), "JWTRule.jwks: the keys are in one place"),
    (lambda: jwt(jwks_uri="login.example.com/keys"), "JWTRule.jwks_uri: 'login.example.com/keys' is not a URL"),
    (lambda: jwt(jwks="keys"), 'JWTRule.jwks: is not a JSON Web Key Set; it has the form {"keys": [...]}'),
    (lambda: jwt(jwks="[]"), "JWTRule.jwks: is not a JSON Web Key Set"),
    (lambda: jwt(audiences=["a", ""]), "JWTRule.audiences[1]: is empty"),
    (lambda: jwt(from_headers={"a b": ""}), "JWTRule.from_headers: 'a b' is not a header name"),
    (
        lambda: jwt(output_claim_to_headers={"x.y": "sub"}),
        "JWTRule.output_claim_to_headers['x.y']: a header that passes on a claim is made of letters",
    ),
    (lambda: jwt(output_claim_to_headers={"x": ""}), "JWTRule.output_claim_to_headers['x']: name the claim"),
    (lambda: jwt(timeout=5), "JWTRule.timeout: 5 is not a duration"),
    (
        lambda: pm.RequestAuthentication("a", jwt_rules=[]),
        'RequestAuthentication("a").jwt_rules: no token is valid without an issuer',
    ),
    (
        lambda: pm.RequestAuthentication("a", target=cart, namespace="bank", jwt_rules=[LOGIN]),
        "RequestAuthentication(\"a\").namespace: a policy lives in the namespace of its target, 'shop'",
    ),
    (
        lambda: pm.RequestAuthentication("a", target=pm.Destination(cart, port=8080), jwt_rules=[LOGIN]),
        'RequestAuthentication("a").target.port: a policy acts on workloads, not on one port',
    ),
    (
        lambda: anything.RequestAuthentication("a", target="cart", jwt_rules=[LOGIN]),
        "RequestAuthentication(\"a\").target: 'cart' is text; pass the service object itself",
    ),
    (
        lambda: pm.AuthorizationRule(request_principals=["a*b"]),
        "AuthorizationRule.request_principals[0]: 'a*b' has a '*' inside",
    ),
    (
        lambda: pm.AuthorizationRule(claims={"groups": ["a*b"]}),
        "AuthorizationRule.claims['groups'][0]: 'a*b' has a '*' inside",
    ),
    (lambda: pm.AuthorizationRule(claims={"groups": []}), "AuthorizationRule.claims['groups']: no value is enough"),
    (lambda: pm.AuthorizationRule(claims={"[a": ["b"]}), "AuthorizationRule.claims['[a']: write a claim's name"),
    (
        lambda: anything.AuthorizationRule(claims={"groups": "admin"}),
        "AuthorizationRule.claims['groups']: needs a list, not text",
    ),
    (lambda: policy("LOG"), "AuthorizationPolicy(\"a\").action: is 'LOG'; one of 'ALLOW', 'DENY', 'AUDIT' or 'CUSTOM'"),
    (lambda: policy("AUDIT"), 'AuthorizationPolicy("a").rules: AUDIT without rules marks nothing; give a rule'),
    (
        lambda: policy("CUSTOM", provider="sso"),
        'AuthorizationPolicy("a").rules: CUSTOM without rules asks about nothing; give a rule',
    ),
    (
        lambda: policy("CUSTOM", rules=[pm.AuthorizationRule()]),
        'AuthorizationPolicy("a").provider: is required with CUSTOM',
    ),
    (
        lambda: policy("AUDIT", provider="sso", rules=[pm.AuthorizationRule()]),
        'AuthorizationPolicy("a").provider: only CUSTOM asks a provider; leave it away with AUDIT',
    ),
    (
        lambda: policy("ALLOW", provider="sso"),
        'AuthorizationPolicy("a").provider: only CUSTOM asks a provider; leave it away with ALLOW',
    ),
    (
        lambda: policy("AUDIT", dry_run=True, rules=[pm.AuthorizationRule()]),
        'AuthorizationPolicy("a").dry_run: Istio tries out ALLOW and DENY alone; leave it away with AUDIT',
    ),
    (
        lambda: policy("CUSTOM", dry_run=True, provider="sso", rules=[pm.AuthorizationRule()]),
        'AuthorizationPolicy("a").dry_run: Istio tries out ALLOW and DENY alone; leave it away with CUSTOM',
    ),
    (
        lambda: custom(principals=[cart]),
        'AuthorizationPolicy("a").rules[1].principals: Istio takes no such rule with CUSTOM; methods, paths and ports',
    ),
    (lambda: custom(namespaces=["shop"]), 'AuthorizationPolicy("a").rules[1].namespaces: Istio takes no such rule'),
    (
        lambda: custom(request_principals=["*"]),
        'AuthorizationPolicy("a").rules[1].request_principals: Istio takes no such rule',
    ),
    (
        lambda: asked(pm.Istio("1.31.1", values=PROVIDERS), "zipkin"),
        'Mesh("m").authorization[0].provider: meshConfig.extensionProviders of istio has no authorizer named '
        "'zipkin'; known: sso",
    ),
    (
        lambda: asked(pm.Istio("1.31.1")),
        'Mesh("m").authorization[0].provider: meshConfig.extensionProviders of istio has no authorizer named '
        "'sso'; known: none",
    ),
    (lambda: custom(claims={"a": ["b"]}), 'AuthorizationPolicy("a").rules[1].claims: Istio takes no such rule'),
    (
        lambda: pm.Mesh("m", request_authentication=[pm.RequestAuthentication("a", jwt_rules=[LOGIN])] * 2),
        "Mesh(\"m\").request_authentication[1]: 'a' is declared twice",
    ),
]


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[text.partition(";")[0][:70] for _, text in CASES])
def test_problem(make: Callable[[], Any], expected: str) -> None:
    with pytest.raises(pm.InvalidError) as raised:
        make()
    assert str(raised.value).startswith(expected)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "istio",
    [
        pm.Istio.existing(),
        pm.Istio("1.31.1", values=PROVIDERS),
        pm.Istio("1.31.1", unchecked_values=PROVIDERS),
        anything.Istio("1.31.1", values={"configMap": False}),
        anything.Istio("1.31.1", values={"env": {"SHARED_MESH_CONFIG": "shared"}}),
        anything.Istio("1.31.1", values={"pilot": {"env": {"SHARED_MESH_CONFIG": "shared"}}}),
    ],
)
def test_providers_that_are_known_or_may_be_there(istio: pm.Istio) -> None:
    assert asked(istio).authorization[0].provider == "sso"
