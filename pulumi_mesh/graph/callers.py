"""Who calls whom, as far as policies name clients."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pulumi_mesh import istio
from pulumi_mesh.manifests.answering import answering
from pulumi_mesh.manifests.snapshot import Snapshot, selects

_PRINCIPAL = re.compile(r"[^/]+/ns/(?P<namespace>[^/*]+)/sa/(?P<account>[^/*]+)")


def named_callers(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """(client, server) hosts: a service whose workloads run as an account that a policy of the server names."""
    return frozenset(_named(snapshot))


def _named(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    policies = snapshot.of(istio.AuthorizationPolicy)
    if not policies:
        return
    known = answering(snapshot.workloads)
    behind = {service: known.for_service(service) for service in snapshot.services}
    hosts: dict[tuple[str, str], set[str]] = {}
    for service, workloads in behind.items():
        for each in workloads:
            hosts.setdefault((each.namespace, each.service_account), set()).add(service.hostname)
    for policy in policies:
        spec = policy.spec
        if spec and (spec.target_ref or spec.target_refs):
            continue
        selector: Mapping[str, str] = (spec.selector.match_labels if spec and spec.selector else None) or {}
        servers = {
            service.hostname
            for service, workloads in behind.items()
            if policy.namespace in (service.namespace, snapshot.mesh.root_namespace)
            and any(selects(selector, each.labels) for each in workloads)
        }
        for rule in (spec.rules if spec else None) or ():
            for source in rule.from_ or ():
                for principal in (source.source.principals if source.source else None) or ():
                    found = _PRINCIPAL.fullmatch(principal)
                    clients = hosts.get((found["namespace"], found["account"]), ()) if found else ()
                    yield from ((client, server) for client in clients for server in servers if client != server)
