"""RequestAuthentication as Envoy's filter of tokens (JWT)."""

from __future__ import annotations

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.authentication.providers import jwt_provider
from pulumi_mesh.proxy.resolve.authentication.selection import rules_for
from pulumi_mesh.proxy.view.jwt import (
    AllRequirements,
    AnyRequirement,
    ByProvider,
    JwtAuthentication,
    JwtRequirement,
    JwtRule,
    MissingAllowed,
)

__all__ = ["http_filters"]


def http_filters(snapshot: Snapshot, proxy: Proxy) -> tuple[JwtAuthentication, ...]:
    """The filter of a proxy; none where no policy holds for it.

    A request without a token passes; one with a token that is not valid does not. Where several issuers' tokens may
    stand in the same place, one valid token is enough.

    Mirrors policyApplier.JwtFilter and convertToEnvoyJwtConfig (pilot/pkg/security/authn/policy_applier.go).
    """
    rules = rules_for(snapshot, proxy)
    if not rules:
        return ()
    providers = tuple(
        jwt_provider(snapshot, rule, ref, f"origins-{index}", routed=proxy.kind == "router")
        for index, (rule, ref) in enumerate(rules)
    )
    names = [ByProvider(each.name) for each in providers]
    lenient: list[JwtRequirement] = [AnyRequirement((each, MissingAllowed())) for each in names]
    needed = lenient[0] if len(names) == 1 else AnyRequirement((*names, AllRequirements(tuple(lenient))))
    return (JwtAuthentication(providers, (JwtRule("/", needed),), bypass_cors_preflight=True),)
