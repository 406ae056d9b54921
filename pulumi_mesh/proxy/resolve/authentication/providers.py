"""A rule of RequestAuthentication as a provider of Envoy's filter."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlsplit

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import request_authentication
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.durations import duration, proto_json
from pulumi_mesh.proxy.resolve.extension_providers import upstream
from pulumi_mesh.proxy.view.jwt import JwtProvider
from pulumi_mesh.refs import Ref
from pulumi_mesh.words.cluster_names import cluster_name

PAYLOAD = "payload"
"""The key under which claims are noted: authorization and routes look there."""

_SPACED = ("permission", "scope")
"""Claims that are lists of words in any case."""

_PATIENCE = timedelta(seconds=5)
_MODULUS = (
    "0xObjM0UvS_oaazjpEYlAbwctEJ4L8pH3OuTb7qth7gUwqet-EzQB4dgFdvSdMgrLnSncQGRjpEYz3F3viIbH-3EN3TxSlPNviHxeOdyiBVf"
    "umN8dMxbLvVJUpfNOnvmMxJcl-8NNjAwcOjk4otSALaYgYYyOPyvKtgVdrQr-FoubWX4yrjxW-MJ2-7OBeepUUNOsVwGV23YX03sVkkyvY3ot"
    "RflkBcY3_HKpBxJl9wk2GyOShN4_PNUF9-vwfnvOXMbCDX-w4PTef4geeb_GiT40YCKHTKMSPVanGRn5GExIWmki-mmqh94-mPTJyBR74Shsp"
    "L3BxPZitDL574T1w"
)
UNKNOWN_KEYS = json.dumps({"keys": [{"kty": "RSA", "e": "AQAB", "n": _MODULUS}]}, indent=2)
"""What istiod puts where it cannot get an issuer's keys: one to which nobody has the other half, so that no token is
valid. Its PublicOnlyJwks (pilot/pkg/model/jwks_resolver.go)."""


def jwt_provider(
    snapshot: Snapshot, rule: request_authentication.JwtRule, ref: Ref, name: str, *, routed: bool
) -> JwtProvider:
    """A provider. ref: where the rule is. routed: claims may decide the route (gateways), so it is chosen anew.

    Keys that are fetched are not known here: with istiod as who gets them (its default) those that it has when it
    fails stand in their place.

    Mirrors convertToEnvoyJwtConfig and buildSpaceDelimitedClaims (pilot/pkg/security/authn/policy_applier.go).
    """
    spaced = tuple(sorted({*(rule.space_delimited_claims or ()), *_SPACED}))
    extra: dict[str, object] = {"normalize_payload_in_metadata": FrozenMap({"space_delimited_claims": spaced})}
    if routed:
        extra["clear_route_cache"] = True
    remote = _remote(snapshot, rule)
    if remote is not None:
        extra["remote_jwks"] = remote
    return JwtProvider(
        name,
        issuer=rule.issuer or "",
        audiences=tuple(rule.audiences or ()),
        from_headers=tuple((each.name, each.prefix or "") for each in rule.from_headers or ()),
        from_params=tuple(rule.from_params or ()),
        from_cookies=tuple(rule.from_cookies or ()),
        keys="" if remote else rule.jwks or UNKNOWN_KEYS,
        forward=bool(rule.forward_original_token),
        payload_header=rule.output_payload_to_header or "",
        payload_metadata=PAYLOAD,
        claim_headers=tuple((each.header, each.claim) for each in rule.output_claim_to_headers or ()),
        extra=FrozenMap(extra),
        ref=ref,
    )


def _remote(snapshot: Snapshot, rule: request_authentication.JwtRule) -> FrozenMap[str, object] | None:
    """How Envoy fetches the keys itself; None where it gets them from istiod.

    With ``hybrid`` it fetches what the mesh knows, with ``envoy`` everything: from a cluster that is not there, if
    need be.
    """
    mode = snapshot.mesh.remote_jwks
    if mode == "istiod" or not rule.jwks_uri:
        return None
    place = urlsplit(rule.jwks_uri)
    port = place.port or (443 if place.scheme == "https" else 80)
    found = upstream(snapshot, place.hostname or "", port)
    if found is None and mode == "hybrid":
        return None
    server = {
        "uri": rule.jwks_uri,
        "cluster": found.cluster if found else cluster_name(place.hostname or "", port),
        "timeout": proto_json(duration(rule.timeout) or _PATIENCE),
    }
    return FrozenMap({"http_uri": FrozenMap(server), "cache_duration": "300s"})
