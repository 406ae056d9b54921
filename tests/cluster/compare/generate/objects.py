"""Istio's own objects beside the model, of the kinds that views are resolved from: what the model has no words for."""

from __future__ import annotations

from random import Random
from typing import Any

import pulumi_mesh as pm
from pulumi_mesh import istio
from tests.cluster.compare.generate.policies import authorization_policy, peer_authentication
from tests.cluster.compare.generate.virtual_services import virtual_service


def objects(random: Random, spaces: list[pm.Namespace], listed: list[pm.Service], edges: list[pm.Gateway]) -> list[Any]:
    """Up to three, of different kinds."""
    if random.random() < 0.4:
        return []
    made: list[Any] = [
        _destination_rule(random, listed),
        virtual_service(random, listed, edges),
        peer_authentication(random, listed),
        authorization_policy(random, spaces, listed),
        _gateway(random, edges, spaces),
    ]
    return random.sample(made, random.randint(1, 3))


def host_of(service: pm.Service) -> str:
    """The name that clients call."""
    return f"{service.name}.{service.namespace}.svc.cluster.local"


def _destination_rule(random: Random, listed: list[pm.Service]) -> istio.DestinationRule:
    """Beside the service's own one, for some clients only, or for a wildcard."""
    service = random.choice(listed)
    policy = _policy(random)
    if random.random() < 0.4:
        policy["portLevelSettings"] = [{"port": {"number": random.choice(service.ports).number}, **_policy(random)}]
    spec: dict[str, Any] = {
        "host": random.choice([host_of(service), service.name, f"*.{service.namespace}.svc.cluster.local"]),
        "trafficPolicy": policy,
    }
    if random.random() < 0.4:
        spec["subsets"] = [{"name": "raw", "labels": {"version": "v1"}, "trafficPolicy": _policy(random)}]
    scope = random.choice(["everywhere", "here", "some", "workload"])
    if scope in ("here", "some"):
        spec["exportTo"] = {"here": ["."], "some": [service.namespace, "other"]}[scope]
    if scope == "workload":
        spec["workloadSelector"] = {"matchLabels": {"app": random.choice(listed).name}}
    namespace = random.choice([service.namespace, random.choice(listed).namespace, "istio-system"])
    return istio.DestinationRule("raw", namespace=namespace, spec=spec)


def _policy(random: Random) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "loadBalancer": random.choice(
            [
                {"simple": "PASSTHROUGH"},
                {"simple": "ROUND_ROBIN", "warmup": {"duration": "30s", "minimumPercent": 20, "aggression": 1.5}},
                {"simple": "LEAST_REQUEST", "warmupDurationSecs": "10s"},
                {"consistentHash": {"httpCookie": {"name": "c", "ttl": "10s", "path": "/"}}},
                {"consistentHash": {"useSourceIp": True, "maglev": {"tableSize": 65537}}},
                {"consistentHash": {"httpQueryParameterName": "q", "minimumRingSize": 64}},
                {"localityLbSetting": {"enabled": False}},
            ]
        ),
        "connectionPool": {
            "tcp": random.choice(
                [
                    {"maxConnections": 5, "tcpKeepalive": {"time": "300s", "interval": "10s", "probes": 3}},
                    {"idleTimeout": "9s", "maxConnectionDuration": "90s"},
                ]
            ),
            "http": random.choice(
                [
                    {"h2UpgradePolicy": "UPGRADE", "maxConcurrentStreams": 9},
                    {"useClientProtocol": True},
                    {"h2UpgradePolicy": "DO_NOT_UPGRADE", "http2MaxRequests": 7},
                ]
            ),
        },
        "outlierDetection": random.choice(
            [
                {"splitExternalLocalOriginErrors": True, "consecutiveLocalOriginFailures": 4},
                {"consecutive5xxErrors": 0, "consecutiveGatewayErrors": 5, "minHealthPercent": 10},
                {"consecutiveErrors": 3, "interval": "1s"},
            ]
        ),
        "tls": random.choice(
            [
                {"mode": "DISABLE"},
                {"mode": "ISTIO_MUTUAL"},
                {"mode": "ISTIO_MUTUAL", "sni": "given.example.com", "subjectAltNames": ["spiffe://other/ns/a/sa/b"]},
                {"mode": "SIMPLE"},
                {"mode": "SIMPLE", "sni": "given.example.com", "subjectAltNames": ["server.example.com"]},
                {"mode": "SIMPLE", "insecureSkipVerify": True},
                {"mode": "MUTUAL", "credentialName": "client"},
                {"mode": "MUTUAL", "clientCertificate": "/c.pem", "privateKey": "/k.pem", "caCertificates": "/ca.pem"},
            ]
        ),
    }
    return {name: parts[name] for name in random.sample(sorted(parts), random.randint(1, 3))}


def _gateway(random: Random, edges: list[pm.Gateway], spaces: list[pm.Namespace]) -> istio.Gateway:
    """On the proxies of the model's gateways, or on others."""
    place = random.choice(edges).selector if edges else {"istio": "ingressgateway"}
    tls = random.choice(
        [
            {"mode": "MUTUAL", "credentialName": "both", "subjectAltNames": ["client.example.com"]},
            {"mode": "SIMPLE", "serverCertificate": "/cert.pem", "privateKey": "/key.pem"},
            {"mode": "MUTUAL", "serverCertificate": "/c.pem", "privateKey": "/k.pem", "caCertificates": "/ca.pem"},
            {"mode": "SIMPLE", "credentialName": "new", "minProtocolVersion": "TLSV1_3"},
            {
                "mode": "SIMPLE",
                "credentialName": "old",
                "minProtocolVersion": "TLSV1_0",
                "maxProtocolVersion": "TLSV1_2",
            },
            {"mode": "SIMPLE", "credentialName": "some", "cipherSuites": ["ECDHE-RSA-AES128-GCM-SHA256"]},
            {"mode": "ISTIO_MUTUAL"},
            {"mode": "OPTIONAL_MUTUAL", "credentialName": "maybe"},
        ]
    )
    servers = [
        {"port": {"number": 9443, "name": "https-raw", "protocol": "HTTPS"}, "hosts": ["raw.example.com"], "tls": tls},
        {
            "port": {"number": random.choice([80, 8088]), "name": "http-raw", "protocol": "HTTP"},
            "hosts": [
                random.choice(["*", "./own.example.com", "*/raw.example.com", f"{spaces[0].name}/*.example.com"])
            ],
            "name": "named",
        },
    ]
    namespace = random.choice([each.name for each in spaces])
    chosen = random.sample(servers, random.randint(1, 2))
    return istio.Gateway("raw", namespace=namespace, spec={"selector": dict(place), "servers": chosen})
