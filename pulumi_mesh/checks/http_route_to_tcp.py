"""HTTP rules for a service, or to a port, that is not declared as HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._destinations import Use, destinations
from pulumi_mesh.checks._gateways import named_gateways, on_mesh
from pulumi_mesh.checks._rules import matches_at
from pulumi_mesh.checks._wording import listed
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import DestinationRule, ServiceEntry, VirtualService, destination_rule
from pulumi_mesh.manifests.facts import KnownService, ServicePort
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.full_names import MESH
from pulumi_mesh.proxy.resolve.hosts import fqdn, subset_of
from pulumi_mesh.proxy.resolve.outbound import HTTP
from pulumi_mesh.typed import is_known

ABOUT = About(
    "http-route-to-tcp",
    ("warning",),
    "HTTP rules are for a service without an HTTP port, or send to a port that is not HTTP",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """Only of known services; a ServiceEntry of the same host may add ports, so it is left alone.

    A sidecar has HTTP routes only for HTTP ports of a rule's host (buildSidecarVirtualHostsForVirtualService in
    core/route/route.go). Where rules are used, their requests go to the named port whatever its protocol is
    (GetDestinationCluster). Where no sidecar or gateway uses any, only the first is said.
    """
    idle: set[VirtualService] = set()
    for route in snapshot.of(VirtualService):
        if not on_mesh(route) or not any(matches_at(rule, MESH, route.namespace) for rule in route.spec.http or ()):
            continue
        closed = 0
        for position, given in enumerate(route.spec.hosts or ()):
            service = _service(snapshot, given, route.namespace)
            if service is None or any(each.protocol in HTTP for each in service.ports):
                continue
            closed += 1
            yield ABOUT.finding(
                f"no port of {service.hostname} is HTTP ({_ports(service.ports)}), so sidecars do not use the http "
                "rules for it: its connections are passed on as they are",
                ref_of(route, f"spec.hosts[{position}]"),
                fix="declare the port as HTTP, HTTP2 or GRPC if that is spoken there, else route it with tcp or tls "
                "rules",
            )
        if closed == len(route.spec.hosts or ()) and not any(named_gateways(route)):
            idle.add(route)
    for use in destinations(snapshot):
        if use.path.startswith("spec.http[") and use.owner not in idle:
            yield from _destination(snapshot, use)


def _destination(snapshot: Snapshot, use: Use) -> Iterator[Finding]:
    service = _service(snapshot, use.destination.host, use.namespace)
    if service is None:
        return
    wanted = use.destination.port.number if use.destination.port else None
    # Without a number the only port is taken, and of several the one that the request came to.
    ports = tuple(each for each in service.ports if wanted in (None, each.number))
    if any(each.protocol in HTTP or _originates_tls(snapshot, service, each) for each in ports) or not ports:
        return
    if any(each.protocol in ("TLS", "HTTPS") for each in ports):
        effect = "plain HTTP is sent where TLS is expected"
        fix = "let a DestinationRule of the host begin TLS (tls mode SIMPLE or MUTUAL), or send to an HTTP port"
    else:
        effect = "HTTP is sent there, but the service's own proxies take it as TCP: no HTTP policy or metrics"
        fix = "declare the port as HTTP, HTTP2 or GRPC if that is spoken there, else send to another or use a tcp rule"
    yield ABOUT.finding(
        f"an http rule sends to {service.hostname}, port {_ports(ports)}: {effect}",
        use.ref("port.number" if wanted is not None else "host"),
        fix=fix,
    )


def _service(snapshot: Snapshot, host: str, namespace: str) -> KnownService | None:
    """The service with ports that a host means, unless a ServiceEntry covers the host."""
    if not is_known(host):
        return None
    full = fqdn(host, namespace, snapshot.mesh.domain)
    service = snapshot.service(full)
    entries = (each for entry in snapshot.of(ServiceEntry) for each in entry.spec.hosts)
    if service is None or not service.ports or any(not is_known(each) or subset_of(full, each) for each in entries):
        return None
    return service


def _originates_tls(snapshot: Snapshot, service: KnownService, port: ServicePort) -> bool:
    """Whether some DestinationRule of the host makes proxies begin TLS to a port that expects it."""
    if port.protocol not in ("TLS", "HTTPS"):
        return False
    for rule in snapshot.of(DestinationRule):
        host = fqdn(rule.spec.host, rule.namespace, snapshot.mesh.domain)
        if not is_known(host):
            return True
        if subset_of(service.hostname, host):
            policies = (rule.spec.traffic_policy, *(each.traffic_policy for each in rule.spec.subsets or ()))
            if any(tls.mode in ("SIMPLE", "MUTUAL") for each in policies if each for tls in _tls(each, port.number)):
                return True
    return False


def _tls(policy: destination_rule.TrafficPolicy, port: int) -> Iterator[destination_rule.Tls]:
    if policy.tls is not None:
        yield policy.tls
    for setting in policy.port_level_settings or ():
        if setting.tls is not None and (setting.port is None or setting.port.number == port):
            yield setting.tls


def _ports(ports: tuple[ServicePort, ...]) -> str:
    return listed(f"{each.number} {each.protocol}" for each in ports)
