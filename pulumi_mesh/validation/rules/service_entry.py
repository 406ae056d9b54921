"""What Istio's webhook adds for ServiceEntries (ValidateServiceEntry)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.addresses import is_ip, port, subnet
from pulumi_mesh.validation.rules.names import fqdn, partial_wildcard, port_name, wildcard_domain
from pulumi_mesh.validation.rules.protocols import is_http, is_tcp, is_tls, known
from pulumi_mesh.validation.rules.selectors import export_to, selector
from pulumi_mesh.validation.rules.workload_entry import endpoint_ports, workload
from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]

_WAYPOINT = "istio.io/use-waypoint"
_AUTO_ADDRESS = "networking.istio.io/enable-autoallocate-ip"


def service_entry(spec: Object, metadata: Object) -> Iterator[Problem]:
    """Hosts, addresses and ports, and what their resolution asks for."""
    if (chosen := spec.get("workloadSelector")) is not None:
        yield from selector(chosen.get("labels"), "spec.workloadSelector")
        if spec.get("endpoints"):
            yield Problem("spec.endpoints", "workloadSelector and endpoints are not set together")
    hosts, resolution = spec.get("hosts") or (), spec.get("resolution") or "NONE"
    yield from _hosts(hosts, resolution)
    addresses = spec.get("addresses") or ()
    for index, text in enumerate(addresses):
        yield from subnet(text, f"spec.addresses[{index}]")
    if resolution not in {"NONE", "STATIC"} and any("/" in text for text in addresses):
        yield Problem("spec.addresses", "CIDR blocks go with the resolutions NONE and STATIC")
    ports = spec.get("ports") or ()
    labels = metadata.get("labels") or {}
    allocated = resolution != "NONE" and (labels.get(_AUTO_ADDRESS) or "").lower() != "false"
    yield from _ports(ports, has_address=bool(addresses) or allocated)
    yield from _RESOLUTIONS[resolution](spec, labels)
    if resolution != "NONE" and len(hosts) > 1:
        for index, each in enumerate(ports):
            protocol = each.get("protocol") or ""
            if not is_http(protocol) and not is_tls(protocol):
                yield Problem(f"spec.ports[{index}]", "several hosts can be told apart on ports of HTTP and TLS only")
                break
    yield from export_to(spec.get("exportTo"), metadata["namespace"], to_none=True)


def _hosts(hosts: Sequence[str], resolution: str) -> Iterator[Problem]:
    if not hosts:
        yield Problem("spec.hosts", "a ServiceEntry has a host")
    for index, host in enumerate(hosts):
        at = f"spec.hosts[{index}]"
        if problem := "a ServiceEntry is not for every host" if host == "*" else wildcard_domain(host):
            yield Problem(at, problem)
        elif resolution != "DYNAMIC_DNS" and (problem := partial_wildcard(host)):
            yield warning(at, problem)


def _ports(ports: Sequence[Object], *, has_address: bool) -> Iterator[Problem]:
    names, numbers = set(), set()
    for index, each in enumerate(ports):
        at = f"spec.ports[{index}]"
        name, number, protocol = each.get("name") or "", each.get("number") or 0, each.get("protocol") or ""
        if name in names:
            yield Problem(f"{at}.name", f"there is a port {name} before it")
        if number in numbers:
            yield Problem(f"{at}.number", f"there is a port {number} before it")
        names.add(name)
        numbers.add(number)
        if each.get("targetPort"):
            yield from port(each["targetPort"], f"{at}.targetPort")
        if not has_address and protocol in {"", "TCP"}:
            yield warning(f"{at}.protocol", "TCP ports need addresses, as Istio allocates none here")
        yield from port_name(name, f"{at}.name")
        yield from known(protocol, f"{at}.protocol")
        yield from port(number, f"{at}.number")


def _unresolved(spec: Object, labels: Object) -> Iterator[Problem]:
    del labels
    if spec.get("endpoints"):
        yield Problem("spec.endpoints", "there are no endpoints with the resolution NONE")
    if spec.get("workloadSelector") is not None:
        yield warning("spec.workloadSelector", "it has no effect with the resolution NONE")


def _static(spec: Object, labels: Object) -> Iterator[Problem]:
    del labels
    names = _port_names(spec)
    for index, endpoint in enumerate(spec.get("endpoints") or ()):
        yield from workload(endpoint, f"spec.endpoints[{index}]", names)


def _dns(spec: Object, labels: Object) -> Iterator[Problem]:
    del labels
    endpoints, hosts = spec.get("endpoints") or (), spec.get("hosts") or ()
    for index, host in enumerate(() if endpoints else hosts):
        if problem := fqdn(host):
            yield Problem(f"spec.hosts[{index}]", f"without endpoints the host itself is resolved: {problem}")
            break
    if spec["resolution"] == "DNS_ROUND_ROBIN" and len(endpoints) > 1:
        yield Problem("spec.endpoints", "with DNS_ROUND_ROBIN there is one endpoint at most")
    names = _port_names(spec)
    for index, endpoint in enumerate(endpoints):
        at = f"spec.endpoints[{index}]"
        address = endpoint.get("address") or ""
        if not is_ip(address) and fqdn(address):
            yield Problem(f"{at}.address", f"{address!r} is neither an IP address nor a domain name")
        yield from endpoint_ports(endpoint, at, names)
    if (
        len(hosts) > 1
        and spec.get("addresses")
        and any(is_tcp(p.get("protocol") or "") for p in spec.get("ports") or ())
    ):
        yield warning("spec.hosts", "several hosts cannot be told apart on TCP ports of one address")


def _dynamic(spec: Object, labels: Object) -> Iterator[Problem]:
    for index, host in enumerate(spec.get("hosts") or ()):
        if host[:1] != "*":
            yield Problem(f"spec.hosts[{index}]", "a host with DYNAMIC_DNS begins with a wildcard")
    for field in ("addresses", "endpoints"):
        if spec.get(field):
            yield Problem(f"spec.{field}", f"with DYNAMIC_DNS there are no {field}: the requested host is resolved")
    for index, each in enumerate(spec.get("ports") or ()):
        if (each.get("protocol") or "").lower() not in {"http", "tls", "grpc", "http2"}:
            yield Problem(f"spec.ports[{index}].protocol", "with DYNAMIC_DNS it is HTTP, HTTP2, GRPC or TLS")
    waypoint = labels.get(_WAYPOINT) or ""
    if spec.get("location") == "MESH_INTERNAL" and waypoint and waypoint.lower() != "none":
        yield Problem("spec.location", "DYNAMIC_DNS inside of the mesh does not go with a waypoint")


def _port_names(spec: Object) -> set[str]:
    return {each.get("name") or "" for each in spec.get("ports") or ()}


_RESOLUTIONS = {
    "NONE": _unresolved,
    "STATIC": _static,
    "DNS": _dns,
    "DNS_ROUND_ROBIN": _dns,
    "DYNAMIC_DNS": _dynamic,
}
