"""Routes of connections that nobody looks into, by the model."""

from __future__ import annotations

from random import Random
from typing import Any

import pulumi_mesh as pm
from pulumi_mesh.model.service import HTTP_PROTOCOLS


def tcp_routes(random: Random, edges: list[pm.Gateway], listed: list[pm.Service]) -> list[pm.TCPRoute]:
    """At most one of a service's port, and one of each gateway's listener."""
    made = []
    for service in listed:
        ports = [each.number for each in service.ports if each.protocol not in HTTP_PROTOCOLS]
        if ports and random.random() < 0.4:
            place: dict[str, Any] = {"services": [service], **_port(random, ports)}
            made.append(pm.TCPRoute(f"streams-{service.name}", backends=_backends(random, listed), **place))
    for edge in edges:
        ports = [each.port for each in edge.listeners if each.speaks_tcp]
        if ports and random.random() < 0.6:
            place = {"gateways": [edge], **_port(random, ports), **_space(random, listed)}
            taken = [each for each in edge.listeners if each.speaks_tcp and place.get("port") in (None, each.port)]
            names = [host for each in taken if each.protocol == "TLS" for host in each.hostnames]
            if names and all(each.protocol == "TLS" for each in taken) and random.random() < 0.5:
                place["hostnames"] = names[:1]
            made.append(pm.TCPRoute(f"streams-{edge.name}", backends=_backends(random, listed), **place))
    return made


def tls_routes(random: Random, edges: list[pm.Gateway], listed: list[pm.Service]) -> list[pm.TLSRoute]:
    """At most one of a service's port, and one of each gateway's listener."""
    made = []
    for service in listed:
        ports = [each.number for each in service.ports if each.protocol in ("TLS", "HTTPS")]
        if ports and random.random() < 0.4:
            place: dict[str, Any] = {"services": [service], **_port(random, ports)}
            made.append(pm.TLSRoute(f"secret-{service.name}", backends=_backends(random, listed), **place))
    for edge in edges:
        passing = [each for each in edge.listeners if each.passes_through]
        if passing and random.random() < 0.6:
            place = {"gateways": [edge], **_port(random, [each.port for each in passing]), **_space(random, listed)}
            names = [host for each in passing if place.get("port") in (None, each.port) for host in each.hostnames]
            if random.random() < 0.6:
                place["hostnames"] = names[:1]
            made.append(pm.TLSRoute(f"secret-{edge.name}", backends=_backends(random, listed), **place))
    return made


def _port(random: Random, ports: list[int]) -> dict[str, Any]:
    """Which of several; of one it need not be said."""
    return {"port": random.choice(ports)} if len(ports) > 1 or random.random() < 0.4 else {}


def _space(random: Random, listed: list[pm.Service]) -> dict[str, Any]:
    return {"namespace": listed[0].namespace} if random.random() < 0.3 else {}


def _backends(random: Random, listed: list[pm.Service]) -> list[Any]:
    chosen = random.sample(listed, random.randint(1, min(2, len(listed))))
    weights: dict[str, Any] = {} if len(chosen) == 1 else {"weight": random.randint(1, 9)}
    return [pm.Backend(pm.Destination(each, port=random.choice(each.ports).number), **weights) for each in chosen]
