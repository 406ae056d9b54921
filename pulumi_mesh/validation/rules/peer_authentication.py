"""What Istio's webhook adds for PeerAuthentications (ValidatePeerAuthentication)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.addresses import port
from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.rules.selectors import selector
from pulumi_mesh.validation.verdict import Problem


def peer_authentication(spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Problem]:
    """Ports are of the workloads that a selector chooses."""
    del metadata
    chosen, by_port = spec.get("selector"), spec.get("portLevelMtls")
    if by_port and not (chosen or {}).get("matchLabels"):
        yield Problem("spec.portLevelMtls", "only a policy for selected workloads has modes of ports")
    if by_port is not None and not by_port:
        yield Problem("spec.portLevelMtls", "where it is set, it has a port")
    for number in by_port or ():
        yield from port(whole(str(number)) or 0, f"spec.portLevelMtls[{number}]")
    if chosen is not None:
        yield from selector(chosen.get("matchLabels"), "spec.selector")
