"""Findings across objects, before anything is applied: ``check(snapshot)``.

One check a module: its metadata is ``ABOUT``, its work the pure function ``find``. A finding that would rest on text
whose value is not known yet (an Output) waits for the value.
"""

from __future__ import annotations

from pulumi_mesh.checks import (
    conflicting_gateways,
    conflicting_hosts,
    conflicting_routes,
    duplicate_policy,
    host_not_served,
    http_route_to_tcp,
    identity_without_mtls,
    selector_without_proxies,
    unknown_gateway,
    unknown_host,
    unknown_port,
    unknown_subset,
    unreachable_rule,
)
from pulumi_mesh.checks._about import About, Check
from pulumi_mesh.findings import Finding
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.typed import has_token

__all__ = ["CHECKS", "About", "Check", "check", "waits"]

# In the order in which a request meets what they are about, so that the first finding is the first to mend.
CHECKS: tuple[Check, ...] = (
    conflicting_gateways,  # the listener may be missing
    unknown_gateway,  # routes on no listener
    host_not_served,  # a listener, but no virtual host
    conflicting_hosts,  # which routes a sidecar has at all
    conflicting_routes,  # which of a gateway's come first
    unreachable_rule,  # then the rules in their order
    unknown_host,  # then where a rule sends: first the host,
    unknown_port,  # its port,
    unknown_subset,  # its subset,
    http_route_to_tcp,  # and whether HTTP is spoken there
    selector_without_proxies,  # then policy: whom it is for,
    duplicate_policy,  # which of several counts,
    identity_without_mtls,  # and whether it can know the caller
)


def check(snapshot: Snapshot) -> tuple[Finding, ...]:
    """All findings: in the order of ``CHECKS``, and for each by place and message."""
    return tuple(
        finding
        for each in CHECKS
        for finding in sorted(each.find(snapshot), key=lambda found: (found.refs, found.message))
        if not waits(finding)
    )


def waits(finding: Finding) -> bool:
    """Whether the finding would show text that is not known yet, and so waits for an Output's value."""
    places = (text for ref in finding.refs for text in (ref.namespace, ref.name, ref.path))
    return any(map(has_token, (finding.message, finding.fix, *places)))
