"""DestinationRule: hashes, localities, TLS to servers, subsets, and who is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.cluster.compare.generate.manifests.scene import ROOT, Document, Scene, document
from tests.cluster.compare.generate.manifests.service_entries import HOSTS

_HASHES: tuple[dict[str, Any], ...] = (
    {"httpHeaderName": "x-user"},
    {"httpCookie": {"name": "c", "ttl": "0s"}},
    {"httpCookie": {"name": "c", "path": "/p", "ttl": "60s"}, "ringHash": {"minimumRingSize": 128}},
    {"useSourceIp": True},
    {"httpQueryParameterName": "q", "maglev": {"tableSize": 65537}},
    {"httpHeaderName": "x-user", "maglev": {}},
)
_LOCALITY: tuple[dict[str, Any], ...] = (
    {"distribute": [{"from": "eu/*", "to": {"eu/west/*": 80, "us/north/a": 20}}]},
    {"distribute": [{"from": "eu/west/a/*", "to": {"eu/west/a": 70, "eu/west/b": 30}}]},
    {"failover": [{"from": "eu", "to": "us"}]},
    {"failoverPriority": ["version", "topology.kubernetes.io/region"]},
    {"enabled": False},
    {"enabled": True},
)
_OUTLIERS: tuple[dict[str, Any], ...] = (
    {"consecutive5xxErrors": 3},
    {"consecutiveGatewayErrors": 2, "interval": "2s"},
    {"consecutive5xxErrors": 0, "baseEjectionTime": "9s", "maxEjectionPercent": 50},
    {"splitExternalLocalOriginErrors": True, "consecutiveLocalOriginFailures": 4, "minHealthPercent": 30},
)
_TLS: tuple[dict[str, Any], ...] = (
    {"mode": "DISABLE"},
    {"mode": "SIMPLE"},
    {"mode": "SIMPLE", "sni": "given.example.com", "caCertificates": "/ca.pem", "subjectAltNames": ["a.example.com"]},
    {"mode": "SIMPLE", "credentialName": "client"},
    {"mode": "SIMPLE", "insecureSkipVerify": True},
    {"mode": "MUTUAL", "clientCertificate": "/c.pem", "privateKey": "/k.pem", "caCrl": "/crl.pem"},
    {"mode": "ISTIO_MUTUAL"},
)


def destination_rules(seen: Scene) -> Iterator[Document]:
    """One to three."""
    for position in range(seen.random.randint(1, 3)):
        service = seen.one(seen.services)
        hosts = [
            service.host,
            service.host,
            service.name,
            *HOSTS,
            f"*.{service.namespace}.svc.cluster.local",
            "*.local",
        ]
        spec: Document = {"host": seen.one(hosts)}
        if seen.chance(0.8):
            spec["trafficPolicy"] = _policy(seen)
            if seen.chance(0.3):
                settings = {"port": {"number": seen.one(service.ports)["port"]}, **_policy(seen)}
                spec["trafficPolicy"]["portLevelSettings"] = [settings]
            if seen.chance(0.15):
                spec["trafficPolicy"]["retryBudget"] = seen.one([{}, {"percent": 12.5, "budgetInterval": "2s"}])
            if seen.chance(0.15):
                spec["trafficPolicy"]["proxyProtocol"] = seen.one([{}, {"version": "V2"}])
            elif seen.chance(0.1):
                spec["trafficPolicy"]["tunnel"] = {
                    "targetHost": "t.example.com",
                    "targetPort": 443,
                    "protocol": "CONNECT",
                }
        if seen.chance(0.5):
            spec["subsets"] = [
                {
                    "name": each,
                    "labels": {"version": each},
                    **({"trafficPolicy": _policy(seen)} if seen.chance(0.4) else {}),
                }
                for each in ("v1", "v2")
            ]
        if seen.chance(0.3):
            spec["exportTo"] = seen.one([["."], ["*"], [seen.one(seen.spaces)]])
        if seen.chance(0.2):
            spec["workloadSelector"] = {"matchLabels": seen.labels()}
        place = seen.one([service.namespace, service.namespace, seen.one(seen.spaces), ROOT])
        yield document("DestinationRule", place, f"rule-{position}", spec)


def _policy(seen: Scene) -> Document:
    balancer: Document = seen.one(
        [
            {"simple": seen.one(["RANDOM", "LEAST_REQUEST", "ROUND_ROBIN", "PASSTHROUGH"])},
            {"consistentHash": seen.one(_HASHES)},
            {"localityLbSetting": seen.one(_LOCALITY)},
            {"simple": "LEAST_REQUEST", "localityLbSetting": seen.one(_LOCALITY)},
            {"simple": "ROUND_ROBIN", "warmup": {"duration": "30s", "minimumPercent": 20, "aggression": 1.5}},
        ]
    )
    parts: Document = {
        "loadBalancer": balancer,
        "outlierDetection": seen.one(_OUTLIERS),
        "tls": seen.one(_TLS),
        "connectionPool": seen.one(
            [
                {"tcp": {"maxConnections": 3, "connectTimeout": "3s"}},
                {"http": {"maxRetries": 3, "h2UpgradePolicy": "UPGRADE", "http1MaxPendingRequests": 4}},
                {"http": {"useClientProtocol": True, "idleTimeout": "1m"}, "tcp": {"idleTimeout": "7s"}},
                {"tcp": {"tcpKeepalive": {"time": "60s"}, "maxConnectionDuration": "1h"}},
                {"http": {"http2MaxRequests": 9, "maxConcurrentStreams": 8, "h2UpgradePolicy": "UPGRADE"}},
                {"http": {"maxRequestsPerConnection": 1, "http2KeepAlive": {"interval": "9s", "timeout": "3s"}}},
            ]
        ),
    }
    return seen.parts(parts, 1, 3)
