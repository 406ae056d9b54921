"""Namespaces, services, versions and how clients treat them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pulumi_mesh as pm
from pulumi_mesh.model.service import Protocol

_NAMES = ("cart", "front", "mail", "pay", "search", "stock")
_PORTS: tuple[tuple[int, Protocol], ...] = (
    (80, "HTTP"),
    (8080, "HTTP"),
    (9080, "HTTP"),
    (9090, "GRPC"),
    (8081, "HTTP2"),
    (3306, "TCP"),
    (8443, "HTTPS"),
)
_MORE_PORTS: tuple[tuple[int, Protocol], ...] = ((9443, "TLS"), (9080, "TCP"), (8080, "GRPC"), (15014, "TCP"))


def namespaces(random: Random) -> list[pm.Namespace]:
    """One to three; an external one is only known."""
    names = random.sample(["lab", "shop", "store"], random.randint(1, 3))
    return [_namespace(random, each) for each in names]


def _namespace(random: Random, name: str) -> pm.Namespace:
    labels = {"team": name} if random.random() < 0.3 else {}
    if random.random() < 0.2:
        return pm.Namespace(name, revision="canary", labels=labels)
    made = pm.Namespace(name, injection=random.choice([None, True, False]), labels=labels)
    return made.external() if random.random() < 0.2 else made


def services(random: Random, spaces: list[pm.Namespace]) -> list[pm.Service]:
    """One to six; the later ones call the earlier ones, and some are another stack's."""
    addresses = _addresses()
    made: list[pm.Service] = []
    for name in random.sample(_NAMES, random.randint(1, 6)):
        one = _service(random, name, random.choice(spaces), made, addresses)
        if random.random() < 0.1:
            one = _outside(random, name, one.namespace, addresses)
        elif random.random() < 0.15:
            one = one.external(hostname=f"{name}.example.net") if random.random() < 0.5 else one.external()
        made.append(one)
    return made


def _addresses() -> Iterator[str]:
    return (f"10.44.{high}.{low}" for high in range(1, 255) for low in range(1, 255))


def _service(
    random: Random, name: str, space: pm.Namespace, others: list[pm.Service], addresses: Iterator[str]
) -> pm.Service:
    versions = [
        _version(random, each, addresses) for each in ["v1", "v2", "v3", "v4"][: random.choice([0, 0, 1, 2, 2, 3, 4])]
    ]
    given: dict[str, Any] = {}
    if not versions and random.random() < 0.4:
        given["addresses"] = [next(addresses) for _ in range(random.randint(1, 3))]
    if random.random() < 0.2:
        given["labels"] = {"app": name, "tier": random.choice(["web", "data"])}
    if random.random() < 0.5:
        given["service_account"] = f"{name}-account"
    if random.random() < 0.5:
        given["traffic_policy"] = traffic_policy(random)
    if random.random() < 0.15:
        given["tls"] = _tls(random)
    calls = random.sample(others, random.randint(0, min(2, len(others))))
    return pm.Service(name, namespace=space, ports=_ports(random), versions=versions, calls=calls, **given)


def _outside(random: Random, name: str, space: str, addresses: Iterator[str]) -> pm.Service:
    """One of which a ServiceEntry tells."""
    resolution: Any = random.choice(["DNS", "DNS_ROUND_ROBIN", "STATIC", "NONE"])
    given: dict[str, Any] = {"addresses": [next(addresses), next(addresses)]} if resolution == "STATIC" else {}
    if random.random() < 0.5:
        given["tls"] = _tls(random)
    host = f"{name}.example.net"
    return pm.Service(name, namespace=space, hostname=host, ports=_ports(random), resolution=resolution, **given)


def _ports(random: Random) -> list[pm.Port]:
    choices = [*_PORTS, *_MORE_PORTS] if random.random() < 0.3 else list(_PORTS)
    found: dict[int, pm.Port] = {}
    for number, protocol in random.sample(choices, random.choice([1, 1, 1, 2, 3])):
        given: dict[str, Any] = {}
        if random.random() < 0.3:
            given["target_port"] = number + 1000
        if random.random() < 0.2:
            given["name"] = f"port-{number}"
        found.setdefault(number, pm.Port(number, protocol=protocol, **given))
    return list(found.values())


def _version(random: Random, name: str, addresses: Iterator[str]) -> pm.Version:
    given: dict[str, Any] = {}
    if random.random() < 0.2:
        given["labels"] = {"version": name, "release": f"r-{name}"}
    if random.random() < 0.2:
        given["service_account"] = f"account-{name}"
    if random.random() < 0.3:
        given["addresses"] = [next(addresses) for _ in range(random.randint(1, 2))]
    if random.random() < 0.3:
        given["traffic_policy"] = traffic_policy(random)
    return pm.Version(name, retired=name in ("v3", "v4") and random.random() < 0.3, **given)


def traffic_policy(random: Random) -> pm.TrafficPolicy:
    """At least one of its parts."""
    parts: dict[str, Any] = {
        "load_balancer": _load_balancer(random),
        "connection_pool": _connection_pool(random),
        "outlier_detection": _outlier_detection(random),
        "locality": _locality(random),
    }
    chosen = {name: parts[name] for name in random.sample(sorted(parts), random.randint(1, 3))}
    if "locality" in chosen and chosen["locality"].fails_over:
        chosen["outlier_detection"] = parts["outlier_detection"]
    return pm.TrafficPolicy(**chosen)


def _load_balancer(random: Random) -> Any:
    size = random.choice([None, 512, 4096])
    hashed = [
        pm.ConsistentHash("x-user", minimum_ring_size=size),
        pm.ConsistentHash(cookie=random.choice([pm.Cookie("user"), pm.Cookie("user", ttl="1h", path="/shop")])),
        pm.ConsistentHash(query_parameter="q"),
        pm.ConsistentHash(source_ip=True),
    ]
    return random.choice(["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", random.choice(hashed)])


def _locality(random: Random) -> pm.Locality:
    return random.choice(
        [
            pm.Locality(distribute={"eu/a/*": {"eu/a/*": 80, "eu/b/*": 20}}),
            pm.Locality(failover={"eu": "us", "us": "eu"}),
            pm.Locality(failover_priority=["topology.kubernetes.io/region", "version"]),
            pm.Locality(enabled=random.choice([True, False])),
        ]
    )


def _tls(random: Random) -> pm.UpstreamTLS:
    return random.choice(
        [
            pm.UpstreamTLS("DISABLE"),
            pm.UpstreamTLS("ISTIO_MUTUAL"),
            pm.UpstreamTLS("SIMPLE", sni="api.example.com", subject_alt_names=["api.example.com"]),
            pm.UpstreamTLS("SIMPLE", credential="client"),
            pm.UpstreamTLS("SIMPLE", insecure_skip_verify=True),
            pm.UpstreamTLS("MUTUAL", client_certificate="/c.pem", private_key="/k.pem", ca_certificates="/ca.pem"),
        ]
    )


def _connection_pool(random: Random) -> pm.ConnectionPool:
    given: dict[str, Any] = {
        "max_connections": random.randint(1, 1000),
        "connect_timeout": random.choice(["250ms", "1s", "1500ms", "2m"]),
        "max_pending_requests": random.randint(1, 100),
        "max_requests": random.randint(1, 1000),
        "max_requests_per_connection": random.randint(1, 10),
        "max_retries": random.randint(1, 10),
        "idle_timeout": random.choice(["5s", "1h", "90s"]),
    }
    return pm.ConnectionPool(**{name: given[name] for name in random.sample(sorted(given), random.randint(1, 7))})


def _outlier_detection(random: Random) -> pm.OutlierDetection:
    given: dict[str, Any] = {
        "consecutive_5xx_errors": random.randint(1, 20),
        "consecutive_gateway_errors": random.randint(1, 20),
        "interval": random.choice(["1s", "500ms", "1m"]),
        "base_ejection_time": random.choice(["1500ms", "30s"]),
        "max_ejection_percent": random.choice([0, 10, 50, 100]),
    }
    return pm.OutlierDetection(**{name: given[name] for name in random.sample(sorted(given), random.randint(0, 5))})
