"""Mistakes in load balancing, localities, upstream TLS, and services outside the mesh, each with its path."""

from collections.abc import Callable
from typing import Any

import pytest

import pulumi_mesh as pm

anything: Any = pm  # the same, but type checkers let mistakes pass


def service(**given: Any) -> Any:
    return anything.Service("x", **{"namespace": "n", "port": 80, **given})


def distribute(**shares: Any) -> Any:
    return pm.Locality(distribute={"eu": {key.replace("_", "/").replace("ANY", "*"): n for key, n in shares.items()}})


FAILOVER = pm.Locality(failover={"eu": "us"})

CASES: list[tuple[Callable[[], Any], str]] = [
    # consistent hash
    (pm.ConsistentHash, "ConsistentHash.header: name what is hashed: a header, cookie, query_parameter, or source_ip"),
    (
        lambda: pm.ConsistentHash("x-user", source_ip=True),
        "ConsistentHash.source_ip: one thing is hashed, and header is given; leave one away",
    ),
    (lambda: pm.ConsistentHash("a b"), "ConsistentHash.header: 'a b' is not a header name"),
    (lambda: pm.ConsistentHash(cookie=""), "ConsistentHash.cookie.name: '' is not a cookie's name"),
    (lambda: pm.Cookie("a;b"), "Cookie(\"a;b\").name: 'a;b' is not a cookie's name"),
    (lambda: pm.Cookie("a", ttl="never"), "Cookie(\"a\").ttl: 'never' is not a duration"),
    (lambda: anything.Cookie("a", ttl=0), 'Cookie("a").ttl: 0 is not a duration; write it as text with a unit'),
    (
        lambda: anything.TrafficPolicy(load_balancer={"cookie": {"name": 5}}),
        "TrafficPolicy.load_balancer.cookie.name: needs text, not a number",
    ),
    # localities
    (pm.Locality, "Locality.distribute: nothing is said"),
    (lambda: distribute(eu=80), "Locality.distribute['eu']: the shares make 80 %; they have to make 100"),
    (lambda: distribute(eu=0, us=100), "Locality.distribute['eu']['eu']: is 0; at least 1"),
    (lambda: distribute(eu=50, eu_a=50), "Locality.distribute['eu']: 'eu' and 'eu/a' overlap"),
    (lambda: distribute(eu_a=50, eu_ANY=50), "Locality.distribute['eu']: 'eu/a' and 'eu/*' overlap"),
    (lambda: distribute(eu__a=100), "Locality.distribute['eu']: 'eu//a' is not a locality; write REGION/ZONE/SUBZONE"),
    (
        lambda: pm.Locality(distribute={"*/a": {"eu": 100}}),
        "Locality.distribute: '*/a' is not a locality",
    ),
    (
        lambda: pm.Locality(distribute={"eu": {"us": 100}}, failover={"eu": "us"}),
        "Locality.failover: distribute says already where requests go",
    ),
    (lambda: pm.Locality(failover={"eu": "eu"}), "Locality.failover['eu']: eu fails over to itself"),
    (lambda: pm.Locality(failover={"eu": "us/a"}), "Locality.failover['eu']: regions fail over: write a region alone"),
    (
        lambda: pm.Locality(failover={"eu": "us"}, failover_priority=["topology.kubernetes.io/region"]),
        "Locality.failover_priority: failover orders regions already; leave topology.kubernetes.io/region away",
    ),
    (lambda: pm.Locality(failover={"eu": "us"}, enabled=False), "Locality.enabled: with enabled=False nothing"),
    (
        lambda: service(traffic_policy=pm.TrafficPolicy(locality=FAILOVER)),
        'Service("x").traffic_policy.locality: without outlier_detection nothing fails over',
    ),
    (
        lambda: service(versions=[pm.Version("v1", traffic_policy=pm.TrafficPolicy(locality=FAILOVER))]),
        'Service("x").versions[0].traffic_policy.locality: without outlier_detection nothing fails over',
    ),
    # upstream TLS
    (lambda: anything.UpstreamTLS("TLS"), "UpstreamTLS.mode: is 'TLS'; one of 'SIMPLE', 'MUTUAL'"),
    (lambda: pm.UpstreamTLS("MUTUAL"), "UpstreamTLS.client_certificate: MUTUAL needs the client's certificate and key"),
    (
        lambda: pm.UpstreamTLS("MUTUAL", client_certificate="/c"),
        "UpstreamTLS.private_key: MUTUAL needs the client's certificate and key; give credential, or files",
    ),
    (
        lambda: pm.UpstreamTLS("SIMPLE", private_key="/k"),
        "UpstreamTLS.private_key: with SIMPLE the client shows no certificate; set mode='MUTUAL'",
    ),
    (
        lambda: pm.UpstreamTLS("SIMPLE", credential="c", ca_certificates="/c"),
        "UpstreamTLS.ca_certificates: certificates come from one place",
    ),
    (lambda: pm.UpstreamTLS("ISTIO_MUTUAL", credential="c"), "UpstreamTLS.credential: with ISTIO_MUTUAL Istio gives"),
    (lambda: pm.UpstreamTLS("DISABLE", sni="a.com"), "UpstreamTLS.sni: with DISABLE there is no TLS"),
    (lambda: pm.UpstreamTLS("DISABLE", credential="c"), "UpstreamTLS.credential: with DISABLE plain text needs no"),
    (lambda: pm.UpstreamTLS("SIMPLE", sni="*.a.com"), "UpstreamTLS.sni: '*.a.com' is not a host name"),
    (
        lambda: pm.UpstreamTLS("SIMPLE", insecure_skip_verify=True, subject_alt_names=["a.com"]),
        "UpstreamTLS.subject_alt_names: nothing is checked; leave it away",
    ),
    (
        lambda: pm.UpstreamTLS("SIMPLE", insecure_skip_verify=True, credential="c"),
        "UpstreamTLS.credential: nothing is checked; leave it away",
    ),
    # services outside the mesh
    (lambda: service(resolution="DNS"), 'Service("x").hostname: a service outside the mesh has a name of its own'),
    (
        lambda: service(resolution="STATIC", hostname="a.com"),
        "Service(\"x\").addresses: with STATIC the addresses are given; give them, or set resolution='DNS'",
    ),
    (
        lambda: service(resolution="NONE", hostname="a.com", addresses=["10.0.0.1"]),
        'Service("x").addresses: with NONE the client chooses the address',
    ),
    (
        lambda: service(resolution="DNS_ROUND_ROBIN", hostname="a.com", addresses=["10.0.0.1", "10.0.0.2"]),
        'Service("x").addresses: DNS_ROUND_ROBIN has one endpoint at most',
    ),
    (
        lambda: service(resolution="DNS", hostname="a.com", versions=["v1"]),
        'Service("x").versions[0].addresses: no workload outside the mesh is known by its labels',
    ),
    (lambda: service(resolution="dns", hostname="a.com"), "Service(\"x\").resolution: is 'dns'; one of 'DNS'"),
]


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[text.partition(";")[0][:70] for _, text in CASES])
def test_problem(make: Callable[[], Any], expected: str) -> None:
    with pytest.raises(pm.InvalidError) as raised:
        make()
    assert str(raised.value).startswith(expected)
    assert "\n" not in str(raised.value)


def test_a_version_may_fail_over_by_the_detection_of_its_service() -> None:
    policy = pm.TrafficPolicy(outlier_detection=pm.OutlierDetection())
    version = pm.Version("v1", traffic_policy=pm.TrafficPolicy(locality=FAILOVER))
    assert service(versions=[version], traffic_policy=policy).versions == (version,)
