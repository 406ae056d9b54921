"""Gateways and their listeners."""

from __future__ import annotations

from random import Random
from typing import Any

import pulumi_mesh as pm

HOSTS = ("shop.example.com", "api.example.com", "*.example.com", "*", "pay.example.org", "*.example.org")
_LISTENERS = (
    *((80, "HTTP"), (8080, "HTTP"), (443, "HTTPS"), (8443, "HTTPS")),
    *((9443, "TLS"), (15443, "TLS"), (3306, "TCP"), (5432, "TCP")),
)
_VERSIONS = ("TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")


def gateways(random: Random, spaces: list[pm.Namespace]) -> list[pm.Gateway]:
    """None to two, served by the same proxies or each by its own; some are another stack's."""
    names = random.sample(["edge", "public"], random.choice([0, 1, 1, 2]))
    return [_gateway(random, each, spaces) for each in names]


def _gateway(random: Random, name: str, spaces: list[pm.Namespace]) -> pm.Gateway:
    given: dict[str, Any] = {}
    if random.random() < 0.3:
        given["namespace"] = random.choice(spaces)
    if random.random() < 0.3:
        given["selector"] = {"istio": "ingressgateway", "zone": random.choice("ab")}
    if random.random() < 0.2:
        given["service_account"] = f"{name}-account"
    if random.random() < 0.3:
        given["addresses"] = [f"10.45.0.{random.randint(1, 250)}"]
    made = pm.Gateway(name, listeners=_listeners(random), **given)
    return made.external() if random.random() < 0.15 else made


def _listeners(random: Random) -> list[pm.Listener]:
    made: list[pm.Listener] = []
    for number, protocol in random.sample(_LISTENERS, random.randint(1, 3)):
        # Several listeners of a port share out the host names.
        hosts = random.sample(HOSTS, random.randint(0, 4))
        cut = random.randint(0, len(hosts) - 1) if hosts and random.random() < 0.3 else 0
        if protocol == "TCP":
            hosts, cut = [], 0
        for part, taken in enumerate([hosts[:cut], hosts[cut:]] if cut else [hosts]):
            made.append(_listener(random, f"{protocol.lower()}-{number}-{part}", number, protocol, taken))
    return made


def _listener(random: Random, name: str, port: int, protocol: str, hosts: list[str]) -> pm.Listener:
    given: dict[str, Any] = {"hostnames": hosts} if hosts else {}
    given["protocol"] = protocol
    if protocol == "TLS" and random.random() < 0.6:
        given["tls_mode"] = "PASSTHROUGH"
    elif protocol in ("HTTPS", "TLS"):
        given |= {"certificate": f"{name}-tls", **_clients(random)}
    elif protocol == "HTTP" and random.random() < 0.2:
        given["https_redirect"] = True
    return pm.Listener(name, port=port, **given)


def _clients(random: Random) -> dict[str, Any]:
    """What is asked of clients of TLS that ends here."""
    given: dict[str, Any] = {"min_tls_version": random.choice(_VERSIONS)} if random.random() < 0.3 else {}
    if random.random() < 0.4:
        given["tls_mode"] = random.choice(["MUTUAL", "OPTIONAL_MUTUAL"])
        parts = {"client_ca": "clients-ca", "subject_alt_names": ["client.example.com", "other.example.com"]}
        given |= {name: parts[name] for name in random.sample(sorted(parts), random.randint(0, 2))}
    return given
