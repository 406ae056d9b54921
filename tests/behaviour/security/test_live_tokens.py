"""Requests with tokens: from an issuer that is trusted or not, and what their claims allow."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import pulumi_mesh as pm
from pulumi_mesh import istio
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import ask, live

SERVER = pm.Service("server", namespace="shop", port=8080, service_account="server")
ISSUER = "https://issuer.example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def keys(key: rsa.RSAPrivateKey) -> str:
    modulus = key.public_key().public_numbers().n.to_bytes(256, "big")
    return json.dumps({"keys": [{"kty": "RSA", "kid": "k", "alg": "RS256", "e": "AQAB", "n": encoded(modulus)}]})


def token(key: rsa.RSAPrivateKey = KEY, **claims: Any) -> str:
    payload = {"iss": ISSUER, "sub": "me", "aud": "shop", "exp": int(time.time()) + 600, **claims}
    parts = [encoded(json.dumps(each).encode()) for each in ({"alg": "RS256", "kid": "k"}, payload)]
    signed = ".".join(parts)
    return f"{signed}.{encoded(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


RULE = {
    "issuer": ISSUER,
    "jwks": keys(KEY),
    "audiences": ["shop"],
    "fromHeaders": [{"name": "authorization", "prefix": "Bearer "}, {"name": "x-token"}],
    "fromParams": ["token"],
    "outputClaimToHeaders": [{"header": "x-subject", "claim": "sub"}],
}
AUTHENTICATION = istio.RequestAuthentication("tokens", namespace="shop", spec={"jwtRules": [RULE]})
AUTHORIZATION = istio.AuthorizationPolicy(
    "claims",
    namespace="shop",
    spec={
        "rules": [
            {"to": [{"operation": {"paths": ["/open"]}}]},
            {"from": [{"source": {"requestPrincipals": [f"{ISSUER}/me"]}}], "to": [{"operation": {"paths": ["/me"]}}]},
            {
                "to": [{"operation": {"paths": ["/team"]}}],
                "when": [{"key": "request.auth.claims[groups]", "values": ["team-*"]}],
            },
            {
                "to": [{"operation": {"paths": ["/nested"]}}],
                "when": [{"key": "request.auth.claims[realm][role]", "values": ["admin"]}],
            },
            {
                "to": [{"operation": {"paths": ["/orders/{*}/items/{**}"]}}],
                "when": [{"key": "request.auth.audiences", "values": ["shop"]}],
            },
        ]
    },
)

REQUESTS: list[tuple[str, dict[str, str], int]] = [
    ("/open", {}, 200),
    ("/open", {"authorization": f"Bearer {token()}"}, 200),
    ("/open", {"authorization": "Bearer nonsense"}, 401),
    ("/open", {"authorization": f"Bearer {token(OTHER_KEY)}"}, 401),
    ("/open", {"authorization": f"Bearer {token(exp=1)}"}, 401),
    ("/open", {"authorization": f"Bearer {token(iss='https://other')}"}, 401),
    ("/open", {"authorization": f"Bearer {token(aud='elsewhere')}"}, 403),
    ("/me", {}, 403),
    ("/me", {"authorization": f"Bearer {token()}"}, 200),
    ("/me", {"x-token": token()}, 200),
    (f"/me?token={token()}", {}, 200),
    ("/me", {"x-other": token()}, 403),
    ("/me", {"authorization": f"Bearer {token(sub='you')}"}, 403),
    ("/team", {"authorization": f"Bearer {token(groups=['x', 'team-a'])}"}, 200),
    ("/team", {"authorization": f"Bearer {token(groups='team-a')}"}, 200),
    ("/team", {"authorization": f"Bearer {token(groups=['x'])}"}, 403),
    ("/nested", {"authorization": f"Bearer {token(realm={'role': 'admin'})}"}, 200),
    ("/nested", {"authorization": f"Bearer {token(realm={'role': 'user'})}"}, 403),
    ("/orders/7/items/a/b", {"authorization": f"Bearer {token()}"}, 200),
    ("/orders/7/8/items/a", {"authorization": f"Bearer {token()}"}, 403),
]


def test_what_tokens_allow() -> None:
    async def scenario(running: LocalMesh) -> None:
        target = Target(f"http://127.0.0.1:{running.inbound_port('server', 8080)}", running.host_of("server"))
        found = [(path, headers, (await ask(target, path, headers=headers)).status) for path, headers, _ in REQUESTS]
        assert found == REQUESTS
        answer = await ask(target, "/me", headers={"x-token": token()})
        seen = {name.lower(): value for name, value in dict(answer.body["headers"]).items()}
        assert seen["x-subject"] == "me"
        assert "x-token" not in seen

    live(pm.Mesh("shop", services=[SERVER], objects=[AUTHENTICATION, AUTHORIZATION]), scenario)
