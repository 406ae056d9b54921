"""Servers of different Gateways that the same proxies cannot both have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._gateways import server_host
from pulumi_mesh.checks._selectors import all_known, gateway_selector, routers
from pulumi_mesh.checks._wording import labels_text, listed
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import Gateway, gateway
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of, selects
from pulumi_mesh.proxy.resolve.gateway_servers import HTTP_PROTOCOLS
from pulumi_mesh.typed import is_known

ABOUT = About(
    "conflicting-gateways",
    ("error",),
    "Servers of two Gateways take the same hosts, or other protocols, on one port of the same proxies",
    also="IST0145, KIA0301",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """Gateways share proxies if their selectors are equal, or if both select some known proxy.

    Mirrors MergeGateways (pilot/pkg/model/gateway.go): of two servers that conflict, the newer Gateway's is dropped.
    """
    for one, other in combinations(snapshot.of(Gateway), 2):
        if not _share_proxies(snapshot, one, other):
            continue
        for position, ours in enumerate(one.spec.servers or ()):
            for index, theirs in enumerate(other.spec.servers or ()):
                if ours.port.number != theirs.port.number or (ours.bind or "") != (theirs.bind or ""):
                    continue
                if found := _conflict(one, ours, other, theirs):
                    what, fix = found
                    on = labels_text(gateway_selector(one)) or "all gateway proxies"
                    yield ABOUT.finding(
                        f"Gateways {one.namespace}/{one.name} and {other.namespace}/{other.name} {what} on port "
                        f"{ours.port.number} of the same proxies ({on}); one of the servers is dropped",
                        ref_of(one, f"spec.servers[{position}]"),
                        ref_of(other, f"spec.servers[{index}]"),
                        fix=fix,
                    )


def _conflict(one: Gateway, ours: gateway.Server, other: Gateway, theirs: gateway.Server) -> tuple[str, str] | None:
    """What is in conflict, and how to mend it."""
    kinds = _family(ours), _family(theirs)
    if kinds[0] != kinds[1] or kinds == ("TCP", "TCP"):
        speak = f"speak {ours.port.protocol} and {theirs.port.protocol}"
        return speak, "give one of them another port; only HTTP shares a port with HTTP, and TLS with TLS"
    known = {server_host(each, one.namespace) for each in ours.hosts if is_known(each)}
    same = known & {server_host(each, other.namespace) for each in theirs.hosts if is_known(each)}
    if same:
        hosts = listed(host for _, host in same)
        return f"both take {hosts}", "leave the host to one of them, or put the servers into one Gateway"
    return None


def _family(server: gateway.Server) -> str:
    protocol = server.port.protocol.upper()
    if protocol in HTTP_PROTOCOLS:
        return "HTTP"
    return "TLS" if protocol in ("HTTPS", "TLS") or server.tls is not None else "TCP"


def _share_proxies(snapshot: Snapshot, one: Gateway, other: Gateway) -> bool:
    ours, theirs = gateway_selector(one), gateway_selector(other)
    if not all_known(ours) or not all_known(theirs):
        return False
    if ours == theirs:
        return True
    labels = [each.labels for each in routers(snapshot)] + [each.labels for each in snapshot.workloads]
    return any(selects(ours, each) and selects(theirs, each) for each in labels)
