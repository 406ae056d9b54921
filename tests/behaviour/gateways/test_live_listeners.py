"""Listeners of a gateway: host names, wildcards, TLS that ends there."""

from __future__ import annotations

import ssl
from dataclasses import replace

import aiohttp
import pytest

import pulumi_mesh as pm
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import ask, live

SERVER = pm.Service("server", namespace="shop", port=8080, versions=["v1", "v2"])
GATEWAY = pm.Gateway(
    "public",
    listeners=[
        pm.Listener("http", port=80, hostnames=["shop.example.com", "*.shop.example.com", "old.example.com"]),
        pm.Listener("moved", port=8080, hostnames=["shop.example.com"], https_redirect=True),
        pm.Listener("shop", port=443, protocol="HTTPS", hostnames=["shop.example.com"], certificate="shop"),
        pm.Listener("any", port=443, protocol="HTTPS", hostnames=["*.wild.example.com"], certificate="wild"),
    ],
)


def answers(rule: str) -> list[pm.Rule]:
    return [pm.Rule(backends=[SERVER["v1"]], response_headers=pm.HeaderChanges(set={"x-rule": rule}))]


MESH = pm.Mesh(
    "shop",
    services=[SERVER],
    gateways=[GATEWAY],
    routes=[
        pm.HTTPRoute("exact", gateways=[GATEWAY], hostnames=["shop.example.com"], rules=answers("exact")),
        pm.HTTPRoute("wildcard", gateways=[GATEWAY], hostnames=["*.shop.example.com"], rules=answers("wildcard")),
        pm.HTTPRoute("wild", gateways=[GATEWAY], hostnames=["*.wild.example.com"], rules=answers("wild")),
    ],
)

HOSTS = {
    "shop.example.com": "exact",
    "SHOP.example.com": "exact",
    "shop.example.com:80": "exact",
    "a.shop.example.com": "wildcard",
    "b.a.shop.example.com": "wildcard",
    "old.example.com": 404,
    "example.com": 404,
    "other.example.com": 404,
    "a.wild.example.com": 404,
}


async def rule_of(target: Target) -> str | int:
    """The rule that answered, or the status where none did."""
    answer = await ask(target)
    return answer.headers.get("x-rule", answer.status)


def test_host_names_of_a_listener() -> None:
    async def scenario(running: LocalMesh) -> None:
        plain = running.gateway_url("public", 80)
        assert {host: await rule_of(Target(plain, host)) for host in HOSTS} == HOSTS

        moved = await ask(Target(running.gateway_url("public", 8080), "shop.example.com"), "/x?a=1")
        assert (moved.status, moved.headers["location"]) == (301, "https://shop.example.com/x?a=1")

        secure = running.gateway_url("public", 443)
        assert secure.startswith("https://")
        for host, rule in {"shop.example.com": "exact", "a.wild.example.com": "wild"}.items():
            target = Target(secure, host, tls=running.client_tls())
            assert await rule_of(target) == rule
            assert (await ask(target)).body["headers"]["x-forwarded-proto"] == "https"
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(Target(secure, "other.example.com", tls=running.client_tls()))
        stranger = Target(secure, "shop.example.com", tls=ssl.create_default_context())
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await ask(stranger)
        with pytest.raises(aiohttp.ClientError):
            await ask(replace(stranger, url=secure.replace("https", "http"), tls=None))

    live(MESH, scenario)
