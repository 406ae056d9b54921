"""Load balancing, localities and upstream TLS in DestinationRules; services outside the mesh as ServiceEntries."""

from __future__ import annotations

from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import Phase, render, snapshot
from tests.support.views import views_of

DETECTION = pm.OutlierDetection()


def objects_of(mesh: pm.Mesh) -> dict[str, dict[str, Any]]:
    """The specs of a mesh by kind."""
    return {each.identity.kind: to_wire(each.object)["spec"] for each in render(mesh).entries}


def policy_of(**policy: Any) -> dict[str, Any]:
    service = pm.Service("x", namespace="a", port=80, traffic_policy=pm.TrafficPolicy(**policy))
    return dict(objects_of(pm.Mesh("m", services=[service]))["DestinationRule"]["trafficPolicy"])


@pytest.mark.parametrize(
    ("hashed", "wire"),
    [
        (pm.ConsistentHash("X-User"), {"httpHeaderName": "x-user"}),
        (pm.ConsistentHash(cookie="session"), {"httpCookie": {"name": "session"}}),
        (
            pm.ConsistentHash(cookie=pm.Cookie("session", ttl="0s", path="/cart"), minimum_ring_size=64),
            {"httpCookie": {"name": "session", "path": "/cart", "ttl": "0s"}, "ringHash": {"minimumRingSize": 64}},
        ),
        (
            pm.ConsistentHash(cookie=pm.Cookie("session", ttl="1h")),
            {"httpCookie": {"name": "session", "ttl": "1h"}},
        ),
        (pm.ConsistentHash(query_parameter="user"), {"httpQueryParameterName": "user"}),
        (pm.ConsistentHash(source_ip=True), {"useSourceIp": True}),
    ],
)
def test_consistent_hash(hashed: pm.ConsistentHash, wire: dict[str, Any]) -> None:
    assert policy_of(load_balancer=hashed) == {"loadBalancer": {"consistentHash": wire}}


@pytest.mark.parametrize(
    ("locality", "wire"),
    [
        (
            pm.Locality(distribute={"eu/a/*": {"eu/a/*": 80, "eu/b/*": 20}, "us": {"us": 100}}),
            {
                "distribute": [
                    {"from": "eu/a/*", "to": {"eu/a/*": 80, "eu/b/*": 20}},
                    {"from": "us", "to": {"us": 100}},
                ]
            },
        ),
        (
            pm.Locality(failover={"eu": "us", "us": "eu"}, failover_priority=["tier=gold"]),
            {
                "failover": [{"from": "eu", "to": "us"}, {"from": "us", "to": "eu"}],
                "failoverPriority": ["tier=gold"],
            },
        ),
        (pm.Locality(enabled=False), {"enabled": False}),
    ],
)
def test_locality(locality: pm.Locality, wire: dict[str, Any]) -> None:
    made = policy_of(locality=locality, load_balancer="ROUND_ROBIN", outlier_detection=DETECTION)
    assert made["loadBalancer"] == {"simple": "ROUND_ROBIN", "localityLbSetting": wire}


def test_a_version_keeps_what_its_service_says_of_localities() -> None:
    # Istio lets the loadBalancer of a subset take the place of the whole loadBalancer.
    service = pm.Service(
        "x",
        namespace="a",
        port=80,
        versions=["v1", pm.Version("v2", traffic_policy=pm.TrafficPolicy(load_balancer="RANDOM"))],
        traffic_policy=pm.TrafficPolicy(
            load_balancer="ROUND_ROBIN", locality=pm.Locality(failover={"eu": "us"}), outlier_detection=DETECTION
        ),
    )
    one, two = objects_of(pm.Mesh("m", services=[service]))["DestinationRule"]["subsets"]
    assert "trafficPolicy" not in one
    failover = {"failover": [{"from": "eu", "to": "us"}]}
    assert two["trafficPolicy"] == {"loadBalancer": {"simple": "RANDOM", "localityLbSetting": failover}}


@pytest.mark.parametrize(
    ("tls", "wire"),
    [
        (pm.UpstreamTLS("SIMPLE"), {"mode": "SIMPLE"}),
        (
            pm.UpstreamTLS(
                "SIMPLE", sni="a.example.com", subject_alt_names=["a.example.com"], ca_certificates="/etc/ca.pem"
            ),
            {
                "mode": "SIMPLE",
                "sni": "a.example.com",
                "subjectAltNames": ["a.example.com"],
                "caCertificates": "/etc/ca.pem",
            },
        ),
        (pm.UpstreamTLS("MUTUAL", credential="client"), {"mode": "MUTUAL", "credentialName": "client"}),
        (
            pm.UpstreamTLS("MUTUAL", client_certificate="/c.pem", private_key="/k.pem", insecure_skip_verify=True),
            {
                "mode": "MUTUAL",
                "clientCertificate": "/c.pem",
                "privateKey": "/k.pem",
                "insecureSkipVerify": True,
            },
        ),
        (pm.UpstreamTLS("DISABLE"), {"mode": "DISABLE"}),
        (pm.UpstreamTLS("ISTIO_MUTUAL"), {"mode": "ISTIO_MUTUAL"}),
    ],
)
def test_upstream_tls(tls: pm.UpstreamTLS, wire: dict[str, Any]) -> None:
    service = pm.Service("x", namespace="a", port=80, tls=tls)
    spec = objects_of(pm.Mesh("m", services=[service]))["DestinationRule"]
    assert spec == {"host": "x.a.svc.cluster.local", "trafficPolicy": {"tls": wire}}


def outside(**given: Any) -> pm.Service:
    return pm.Service("pay", namespace="shop", hostname="api.pay.example", **{"port": 443, **given})


@pytest.mark.parametrize(
    ("service", "wire"),
    [
        (
            outside(resolution="DNS"),
            {"resolution": "DNS", "ports": [{"number": 443, "name": "http-443", "protocol": "HTTP"}]},
        ),
        (
            outside(port=None, ports=[pm.Port(80, target_port=443)], resolution="DNS", tls=pm.UpstreamTLS("SIMPLE")),
            {
                "resolution": "DNS",
                "ports": [{"number": 80, "name": "http-80", "protocol": "HTTP", "targetPort": 443}],
            },
        ),
        (
            outside(
                port=None,
                ports=[pm.Port(5432, protocol="TCP")],
                resolution="STATIC",
                versions=[pm.Version("a", addresses=["10.0.0.1", "10.0.0.2"]), pm.Version("b", addresses=["10.0.1.1"])],
            ),
            {
                "resolution": "STATIC",
                "ports": [{"number": 5432, "name": "tcp-5432", "protocol": "TCP"}],
                "endpoints": [
                    {"address": address, "labels": {"app": "pay", "version": version}}
                    for address, version in (("10.0.0.1", "a"), ("10.0.0.2", "a"), ("10.0.1.1", "b"))
                ],
            },
        ),
    ],
)
def test_a_service_outside_the_mesh(service: pm.Service, wire: dict[str, Any]) -> None:
    mesh = pm.Mesh("m", services=[service])
    spec = {"hosts": ["api.pay.example"], "location": "MESH_EXTERNAL", **wire}
    assert objects_of(mesh)["ServiceEntry"] == spec
    (entry,) = (each for each in render(mesh).entries if each.identity.kind == "ServiceEntry")
    assert (entry.phase, entry.source) == (Phase.DESTINATIONS, 'services["pay"]')


def test_what_is_known_of_a_service_outside_the_mesh() -> None:
    client = pm.Service("client", namespace="shop", port=8080)
    service = outside(resolution="STATIC", addresses=["10.0.0.9"])
    taken = snapshot(pm.Mesh("m", services=[client, service]))
    (known,) = (each for each in taken.services if each.hostname == "api.pay.example")
    assert (known.resolution, known.external, known.registry) == ("STATIC", True, "External")
    assert [(each.name, each.kind) for each in taken.proxies] == [("client", "sidecar")]
    (endpoint,) = (each for each in taken.workloads if each.address == "10.0.0.9")
    assert endpoint.mesh is False
    views = views_of(pm.Mesh("m", services=[client, service]))
    assert any("api.pay.example" in each.name for each in views["client"].clusters)


def test_an_external_one_is_known_from_its_own_entry() -> None:
    client = pm.Service("client", namespace="shop", port=8080, calls=[outside(resolution="DNS").external()])
    mesh = pm.Mesh("m", services=[client])
    assert render(mesh).entries == ()
    assert [each.hostname for each in snapshot(mesh).services if each.external] == ["api.pay.example"]
