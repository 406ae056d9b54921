"""Policy: mutual TLS becomes PeerAuthentication, authorization becomes AuthorizationPolicy, tokens
RequestAuthentication."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_mesh import istio
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.request_authentication import JWTRule
from pulumi_mesh.model.security import AuthorizationRule, MutualTLS
from pulumi_mesh.model.service import Destination
from pulumi_mesh.model.values import duration_text
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.istio.names import principals_of, selector_of
from pulumi_mesh.render.result import Entry

_DRY_RUN = "istio.io/dry-run"


def mutual_tls(mesh: Mesh) -> Iterator[Entry]:
    """One PeerAuthentication for each mode: named ``default`` for the mesh and for a namespace, else as the service.

    Clients need no rule of their own: Istio's auto mTLS follows the mode of each endpoint.
    """
    for position, each in enumerate(mesh.mutual_tls):
        namespace, name = _place(mesh, each)
        spec: dict[str, Any] = {"mtls": {"mode": each.mode}}
        if each.service is not None:
            spec = {**selector_of(each.service), **spec}
        if each.ports:
            spec["portLevelMtls"] = {str(port): {"mode": mode} for port, mode in each.ports.items()}
        made = istio.PeerAuthentication(name, namespace=mesh.physical_namespace(namespace), spec=spec)
        yield Entry(Identity("PeerAuthentication", namespace, name), made, f"mutual_tls[{position}]")


def _place(mesh: Mesh, each: MutualTLS) -> tuple[str, str]:
    if each.service is None:
        return each.namespace or mesh.istio.root_namespace, "default"
    if isinstance(each.service, Destination):
        parts = [each.service.service.name, each.service.version]
        return each.service.service.namespace, "-".join(part for part in parts if part)
    return each.service.namespace, each.service.name


def authorization(mesh: Mesh) -> Iterator[Entry]:
    """One AuthorizationPolicy for each of the model."""
    for each in mesh.authorization:
        spec: dict[str, Any] = {"action": each.action}
        if each.target is not None:
            spec = {**selector_of(each.target), **spec}
        if each.provider:
            spec["provider"] = {"name": each.provider}
        if each.rules:
            spec["rules"] = [_rule(mesh, rule) for rule in each.rules]
        made = istio.AuthorizationPolicy(
            each.name,
            namespace=mesh.physical_namespace(each.namespace),
            annotations={_DRY_RUN: "true"} if each.dry_run else {},
            spec=spec,
        )
        yield Entry(Identity("AuthorizationPolicy", each.namespace, each.name), made, f'authorization["{each.name}"]')


def _rule(mesh: Mesh, rule: AuthorizationRule) -> dict[str, Any]:
    source: dict[str, Any] = {}
    if rule.principals:
        known = dict.fromkeys(each for who in rule.principals for each in principals_of(mesh, who))
        source["principals"] = list(known)
    if rule.namespaces:
        source["namespaces"] = [mesh.physical_namespace(each) for each in rule.namespaces]
    if rule.request_principals:
        source["requestPrincipals"] = list(rule.request_principals)
    operation: dict[str, Any] = {}
    if rule.methods:
        operation["methods"] = list(rule.methods)
    if rule.paths:
        operation["paths"] = list(rule.paths)
    if rule.ports:
        operation["ports"] = [str(each) for each in rule.ports]
    made: dict[str, Any] = {}
    if source:
        made["from"] = [{"source": source}]
    if operation:
        made["to"] = [{"operation": operation}]
    if rule.claims:
        made["when"] = [
            {"key": f"request.auth.claims{name if name[0] == '[' else f'[{name}]'}", "values": list(wanted)}
            for name, wanted in rule.claims.items()
        ]
    return made


def request_authentication(mesh: Mesh) -> Iterator[Entry]:
    """One RequestAuthentication for each of the model; the mesh's own live in the root namespace."""
    for each in mesh.request_authentication:
        namespace = each.namespace or mesh.istio.root_namespace
        spec = {**selector_of(each.target), "jwtRules": [_jwt(jwt) for jwt in each.jwt_rules]}
        made = istio.RequestAuthentication(each.name, namespace=mesh.physical_namespace(namespace), spec=spec)
        source = f'request_authentication["{each.name}"]'
        yield Entry(Identity("RequestAuthentication", namespace, each.name), made, source)


def _jwt(jwt: JWTRule) -> dict[str, Any]:
    made: dict[str, Any] = {
        "issuer": jwt.issuer,
        "audiences": list(jwt.audiences),
        "jwksUri": jwt.jwks_uri,
        "jwks": jwt.jwks,
        "fromHeaders": [
            {"name": name, **({"prefix": prefix} if prefix else {})} for name, prefix in jwt.from_headers.items()
        ],
        "fromParams": list(jwt.from_params),
        "fromCookies": list(jwt.from_cookies),
        "forwardOriginalToken": jwt.forward_original_token,
        "outputPayloadToHeader": jwt.output_payload_to_header,
        "outputClaimToHeaders": [
            {"header": header, "claim": claim} for header, claim in jwt.output_claim_to_headers.items()
        ],
        "timeout": duration_text(jwt.timeout) if jwt.timeout else None,
    }
    return {key: value for key, value in made.items() if value}
