"""Rate limits by the model, which are rendered as EnvoyFilters."""

from __future__ import annotations

from random import Random
from typing import Any

import pulumi_mesh as pm

_ENTRIES = (
    pm.DescriptorEntry("remote_address"),
    pm.DescriptorEntry("source_cluster"),
    pm.DescriptorEntry("path", header=":path"),
    pm.DescriptorEntry("user", header="x-user"),
    pm.DescriptorEntry("shop", value="eu"),
)


def local_rate_limits(
    random: Random, listed: list[pm.Service], edges: list[pm.Gateway], routes: list[pm.HTTPRoute]
) -> list[pm.LocalRateLimit]:
    """Of workloads, of versions, of gateways and of rules at these."""
    made = []
    for index, target in enumerate(_targets(random, listed, edges)):
        more: dict[str, Any] = {}
        if isinstance(target, pm.Gateway):
            ports = [each.port for each in target.listeners]
            rules = [rule.name for each in routes if target in each.gateways for rule in each.rules if rule.name]
            if rules and random.random() < 0.6:
                more["rule"] = random.choice(rules)
        else:
            service = target.service if isinstance(target, pm.Destination) else target
            ports = [each.target_port or each.number for each in service.ports]
        if random.random() < 0.5:
            more["port"] = random.choice(ports)
        fill: dict[str, Any] = {"tokens_per_fill": 3} if random.random() < 0.5 else {}
        bucket = pm.TokenBucket(random.choice([1, 100]), fill_interval=random.choice(["50ms", "1m"]), **fill)
        made.append(pm.LocalRateLimit(f"local-{index}", target=target, token_bucket=bucket, **more))
    return made


def global_rate_limits(random: Random, listed: list[pm.Service], edges: list[pm.Gateway]) -> list[pm.GlobalRateLimit]:
    """Asked of a service that speaks gRPC, where there is one."""
    asked = [(each, port) for each in listed for port in each.ports if port.protocol in ("GRPC", "HTTP2")]
    if not asked:
        return []
    made = []
    for index, target in enumerate(_targets(random, listed, edges)):
        service, port = random.choice(asked)
        more: dict[str, Any] = {}
        if random.random() < 0.5:
            more["timeout"] = "100ms"
        if random.random() < 0.5:
            more["failure_mode_deny"] = True
        lists = [random.sample(_ENTRIES, random.randint(1, 2)) for _ in range(random.randint(1, 2))]
        to = pm.Destination(service, port=port.number)
        made.append(
            pm.GlobalRateLimit(f"global-{index}", target=target, service=to, domain="shop", descriptors=lists, **more)
        )
    return made


def _targets(random: Random, listed: list[pm.Service], edges: list[pm.Gateway]) -> list[Any]:
    """At most one of each kind."""
    inside = [each for each in listed if not each.resolution]
    found: list[Any] = [random.choice(inside)] if inside and random.random() < 0.15 else []
    versions = [pm.Destination(each, version=one.name) for each in inside for one in each.versions]
    if versions and random.random() < 0.15:
        found.append(random.choice(versions))
    if edges and random.random() < 0.25:
        found.append(random.choice(edges))
    return found
