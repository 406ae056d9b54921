"""Which rules of RequestAuthentication hold for a proxy."""

from __future__ import annotations

from pulumi_mesh.istio import RequestAuthentication, request_authentication
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.attachment import attached
from pulumi_mesh.proxy.resolve.virtual_services import by_age
from pulumi_mesh.refs import Ref


def rules_for(snapshot: Snapshot, proxy: Proxy) -> tuple[tuple[request_authentication.JwtRule, Ref], ...]:
    """The rules, and where they are written, of the proxy's namespace, then of the root namespace, ordered by issuer.

    Mirrors GetJwtPoliciesForWorkload (pilot/pkg/model/authentication.go) and newPolicyApplier
    (pilot/pkg/security/authn/policy_applier.go).
    """
    policies = sorted(snapshot.of(RequestAuthentication), key=by_age)
    spaces = dict.fromkeys((proxy.namespace, snapshot.mesh.root_namespace))
    rules = (
        (rule, ref_of(each, f"spec.jwtRules[{index}]"))
        for space in spaces
        for each in policies
        if each.namespace == space and attached(each.spec, space, proxy)
        for index, rule in enumerate(each.spec.jwt_rules or ())
    )
    return tuple(sorted(rules, key=lambda found: found[0].issuer or ""))
