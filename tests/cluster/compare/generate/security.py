"""Mutual TLS in every scope, and authorization of every form."""

from __future__ import annotations

from random import Random
from typing import Any, Literal, get_args

import pulumi_mesh as pm
from pulumi_mesh.model.match import Method

_MODES: tuple[Literal["STRICT", "PERMISSIVE", "DISABLE"], ...] = ("STRICT", "PERMISSIVE", "DISABLE")
_PATHS = ("/api/*", "*/health", "/exact", "*", "/items/{*}", "/all/{**}")


def mutual_tls(
    random: Random, spaces: list[pm.Namespace], listed: list[pm.Service], *, mesh_wide: bool
) -> list[pm.MutualTLS]:
    """Modes of the mesh, of namespaces, of services and of versions."""
    made = [pm.MutualTLS(random.choice(_MODES))] if mesh_wide and random.random() < 0.5 else []
    made += [pm.MutualTLS(random.choice(_MODES), namespace=each) for each in spaces if random.random() < 0.3]
    for service in listed:
        if random.random() < 0.2:
            numbers = [each.target_port or each.number for each in service.ports]
            ports = {random.choice(numbers): random.choice(_MODES)} if random.random() < 0.5 else {}
            made.append(pm.MutualTLS(random.choice(_MODES), service=service, ports=ports))
        if service.versions and random.random() < 0.2:
            version = random.choice(service.versions).name
            made.append(pm.MutualTLS(random.choice(_MODES), service=service[version]))
    return made


def authorization(
    random: Random, spaces: list[pm.Namespace], listed: list[pm.Service], edges: list[pm.Gateway]
) -> list[pm.AuthorizationPolicy]:
    """Up to four policies: for a namespace, a service, a version or a gateway."""
    return [
        _policy(random, f"policy-{each}", spaces, listed, edges) for each in range(random.choice([0, 0, 1, 2, 3, 4]))
    ]


def decided_otherwise(
    random: Random, spaces: list[pm.Namespace], listed: list[pm.Service], edges: list[pm.Gateway]
) -> list[pm.AuthorizationPolicy]:
    """For some meshes up to three policies that mark, ask an authorizer, or only try out.

    MeshConfig has no authorizer here: istiod refuses what is to be asked about.
    """
    made = []
    for number in range(random.choice([0, 0, 0, 1, 2, 3])):
        policy = _policy(random, f"otherwise-{number}", spaces, listed, edges)
        place: dict[str, Any] = {"namespace": policy.namespace, "target": policy.target, "rules": policy.rules}
        place["rules"] = place["rules"] or [pm.AuthorizationRule()]
        match random.choice(["AUDIT", "CUSTOM", "dry run", "dry run"]):
            case "AUDIT":
                made.append(pm.AuthorizationPolicy(policy.name, action="AUDIT", **place))
            case "CUSTOM":
                kept = [{"methods": each.methods, "paths": each.paths, "ports": each.ports} for each in place["rules"]]
                place["rules"] = [pm.AuthorizationRule(**each) for each in kept]
                provider = random.choice(["sso", "sso", "other"])
                made.append(pm.AuthorizationPolicy(policy.name, action="CUSTOM", provider=provider, **place))
            case _:
                made.append(pm.AuthorizationPolicy(policy.name, action=policy.action, dry_run=True, **place))
    return made


def _policy(
    random: Random, name: str, spaces: list[pm.Namespace], listed: list[pm.Service], edges: list[pm.Gateway]
) -> pm.AuthorizationPolicy:
    service = random.choice(listed)
    targets: list[Any] = [None, service]
    if service.versions:
        targets.append(pm.Destination(service, version=random.choice(service.versions).name))
    if edges:
        targets.append(random.choice(edges))
    target = random.choice(targets)
    ports = []
    if isinstance(target, pm.Gateway):
        ports = [each.port for each in target.listeners]
    elif target is not None:
        ports = [each.target_port or each.number for each in service.ports]
    action: Any = random.choice(["ALLOW", "DENY"])
    least = 1 if action == "DENY" else 0
    rules = [_rule(random, spaces, listed, edges, ports) for _ in range(random.randint(least, 2))]
    place: dict[str, Any] = {"target": target} if target else {"namespace": random.choice(spaces)}
    return pm.AuthorizationPolicy(name, action=action, rules=rules, **place)


def _rule(
    random: Random, spaces: list[pm.Namespace], listed: list[pm.Service], edges: list[pm.Gateway], ports: list[int]
) -> pm.AuthorizationRule:
    parts: dict[str, Any] = {
        "principals": _principals(random, listed, edges),
        "namespaces": random.sample(spaces, random.randint(1, len(spaces))),
        "methods": random.sample(get_args(Method), random.randint(1, 3)),
        "paths": random.sample(_PATHS, random.randint(1, 3)),
        "request_principals": ["https://login.example.com/*", "*"],
        "claims": {"groups": ["admin", "a*"], "[outer][inner]": ["x"]},
    }
    if ports:
        parts["ports"] = random.sample(sorted(set(ports)), 1)
    return pm.AuthorizationRule(**{name: parts[name] for name in random.sample(sorted(parts), random.randint(0, 3))})


def _principals(random: Random, listed: list[pm.Service], edges: list[pm.Gateway]) -> list[Any]:
    service = random.choice(listed)
    choices: list[Any] = ["cluster.local/ns/shop/sa/someone", "cluster.local/ns/other/*", "*/sa/admin", "*", service]
    choices += [service[each.name] for each in service.versions]
    choices += edges
    return random.sample(choices, random.randint(1, 3))
