"""Names that several Istio objects share: hosts, principals, destinations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_mesh.model.backends import Backend
from pulumi_mesh.model.gateway import Gateway
from pulumi_mesh.model.hostnames import covers
from pulumi_mesh.model.mesh import Mesh
from pulumi_mesh.model.service import Destination, Service, Workload


def host_of(mesh: Mesh, service: Service) -> str:
    """The name that clients call a service by."""
    return service.hostname or f"{service.name}.{mesh.physical_namespace(service.namespace)}.svc.{mesh.istio.domain}"


def destination(mesh: Mesh, target: Destination) -> dict[str, Any]:
    """Istio's Destination: host, subset and port, the port always written out."""
    subset = {"subset": target.version} if target.version else {}
    return {"host": host_of(mesh, target.service), **subset, "port": {"number": target.port}}


def shares(mesh: Mesh, backends: Sequence[Backend]) -> list[dict[str, Any]]:
    """Istio's RouteDestinations; weights are written where there are several."""
    several = len(backends) > 1
    return [
        {"destination": destination(mesh, each.destination), **({"weight": each.weight} if several else {})}
        for each in backends
    ]


def gateway_name(mesh: Mesh, gateway: Gateway) -> str:
    """How a route refers to a gateway: ``NAMESPACE/NAME``."""
    return f"{mesh.physical_namespace(gateway.namespace)}/{gateway.name}"


def widest(hosts: Sequence[str]) -> list[str]:
    """Without hosts that another of them takes anyway: istiod refuses these as duplicates."""
    return [each for each in dict.fromkeys(hosts) if not any(covers(other, each) for other in hosts if other != each)]


def principals_of(mesh: Mesh, who: str | Service | Destination | Gateway) -> tuple[str, ...]:
    """Identities as AuthorizationPolicy writes them, without ``spiffe://``: one for each account of the caller."""
    if isinstance(who, str):
        return (who.removeprefix("spiffe://"),)
    if isinstance(who, Gateway):
        accounts = {(who.namespace, who.service_account)}
    else:
        accounts = {(each.service.namespace, each.service_account) for each in workloads_of(who)}
    return tuple(
        f"{mesh.istio.trust_domain}/ns/{mesh.physical_namespace(namespace)}/sa/{account}"
        for namespace, account in sorted(accounts)
    )


def workloads_of(target: Service | Destination) -> tuple[Workload, ...]:
    """The sets of workloads that a service, or one version of it, stands for."""
    if isinstance(target, Service):
        return target.workloads
    return tuple(
        each
        for each in target.service.workloads
        if not target.version or (each.version is not None and each.version.name == target.version)
    )


def labels_of(target: Service | Destination | Gateway) -> dict[str, str]:
    """What selects the workloads of a service, a version, or a gateway."""
    if isinstance(target, Gateway):
        return dict(target.selector)
    if isinstance(target, Service):
        return dict(target.labels)
    version = target.declared_version
    return {**target.service.labels, **(version.labels if version else {})}


def selector_of(target: Service | Destination | Gateway | None) -> dict[str, Any]:
    """The ``selector`` of a policy for a target's workloads; nothing where there is no target."""
    return {} if target is None else {"selector": {"matchLabels": labels_of(target)}}
