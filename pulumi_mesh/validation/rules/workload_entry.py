"""What Istio's webhook adds for WorkloadEntries, and for the endpoints of ServiceEntries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.addresses import UNIX, is_ip, port, unix_path
from pulumi_mesh.validation.rules.names import fqdn, labels, port_name
from pulumi_mesh.validation.verdict import Problem, warning


def workload_entry(spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Problem]:
    """Address, ports and labels of a workload."""
    del metadata
    yield from workload(spec, "spec")


def workload(entry: Mapping[str, Any], path: str, ports: Collection[str] | None = None) -> Iterator[Problem]:
    """One workload. ports: the names of its ServiceEntry's, if it is an endpoint: then its address is no name."""
    address = entry.get("address") or ""
    is_socket = address.startswith(UNIX)
    if not address:
        if not entry.get("network"):
            yield Problem(f"{path}.address", "an address is required, or a network")
            return
        yield warning(f"{path}.address", f"without an address it is reached through network {entry['network']}")
    elif is_socket:
        yield from unix_path(address.removeprefix(UNIX), f"{path}.address")
        if entry.get("ports"):
            yield Problem(f"{path}.ports", "a Unix socket has no ports")
    elif not is_ip(address):
        if ports is not None:
            yield Problem(f"{path}.address", f"{address!r} is not an IP address")
        elif fqdn(address):
            yield Problem(f"{path}.address", f"{address!r} is neither an IP address nor a domain name")
    yield from endpoint_ports(entry, path, ports)
    if is_socket and ports is not None and len(ports) != 1:
        yield Problem(f"{path}.address", "a Unix socket is for a service with one port")


def endpoint_ports(entry: Mapping[str, Any], path: str, ports: Collection[str] | None) -> Iterator[Problem]:
    """The ports of a workload, and its labels. ports: the names that there are, where they are known."""
    for name, number in (entry.get("ports") or {}).items():
        at = f"{path}.ports[{name}]"
        if ports is not None and name not in ports:
            yield Problem(at, f"the service has no port {name}")
        yield from port_name(name, at)
        yield from port(number, at)
    yield from labels(entry.get("labels"), f"{path}.labels")
