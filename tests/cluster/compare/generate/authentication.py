"""Whose tokens are valid, by the model."""

from __future__ import annotations

from random import Random
from typing import Any

import pulumi_mesh as pm

KEYS = """{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "alg": "ES256",
  "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}
"""
"""A public key: the example of RFC 7517."""


def request_authentication(
    random: Random, spaces: list[pm.Namespace], listed: list[pm.Service], edges: list[pm.Gateway]
) -> list[pm.RequestAuthentication]:
    """For a namespace, a service or a gateway, each in some meshes."""
    places: list[dict[str, Any]] = [{"namespace": random.choice(spaces)}, {"target": random.choice(listed)}]
    places += [{"target": random.choice(edges)}] if edges else []
    return [
        pm.RequestAuthentication(f"tokens-{position}", **place, jwt_rules=_rules(random))
        for position, place in enumerate(places)
        if random.random() < 0.15
    ]


def _rules(random: Random) -> list[pm.JWTRule]:
    issuers = random.sample(["https://login.example.com", "https://other.example.com"], random.randint(1, 2))
    return [_rule(random, each) for each in issuers]


def _rule(random: Random, issuer: str) -> pm.JWTRule:
    parts: dict[str, Any] = {
        "audiences": ["shop", "store"],
        "from_headers": {"x-token": "Bearer "},
        "from_params": ["token"],
        "from_cookies": ["session"],
        "forward_original_token": True,
        "output_payload_to_header": "x-payload",
        "output_claim_to_headers": {"x-customer": "sub"},
        "timeout": "2s",
    }
    chosen = random.sample(sorted(parts), random.randint(0, 4))
    return pm.JWTRule(issuer, jwks=KEYS, **{name: parts[name] for name in chosen})
