"""A VirtualService that names a Gateway that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._gateways import is_object, named_gateways
from pulumi_mesh.checks._wording import listed, may_become, meant
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import Gateway, VirtualService, virtual_service
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.full_names import gateway_name
from pulumi_mesh.typed import is_known

ABOUT = About(
    "unknown-gateway",
    ("error",),
    "A VirtualService names a Gateway that is not there",
    also="IST0101, KIA1102",
)


Match: TypeAlias = virtual_service.HttpMatch | virtual_service.TlsMatch | virtual_service.TcpMatch


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """In ``spec.gateways`` and in the gateways of matches."""
    known = [f"{each.namespace}/{each.name}" for each in snapshot.of(Gateway)]
    for route in snapshot.of(VirtualService):
        for path, name in (*named_gateways(route), *_in_matches(route)):
            if not is_known(name):
                continue
            wanted = gateway_name(name, route.namespace)
            if wanted in known or any(may_become(each, wanted) for each in known):
                continue
            elsewhere = [each for each in known if each.partition("/")[2] == name]
            close = f"; did you mean {min(elsewhere)}?" if elsewhere else meant(wanted, known)
            yield ABOUT.finding(
                f"there is no Gateway {wanted}, so these routes serve none of its requests",
                ref_of(route, path),
                fix=f"name a Gateway that is there, as namespace/name: {listed(known)}{close}",
            )


def _in_matches(route: VirtualService) -> Iterator[tuple[str, str]]:
    spec = route.spec
    matches: list[tuple[str, Match]] = []
    for position, http in enumerate(spec.http or ()):
        matches += [(f"spec.http[{position}].match[{index}]", each) for index, each in enumerate(http.match or ())]
    for position, tls in enumerate(spec.tls or ()):
        matches += [(f"spec.tls[{position}].match[{index}]", each) for index, each in enumerate(tls.match)]
    for position, tcp in enumerate(spec.tcp or ()):
        matches += [(f"spec.tcp[{position}].match[{index}]", each) for index, each in enumerate(tcp.match or ())]
    for path, match in matches:
        for place, name in enumerate(match.gateways or ()):
            if is_object(name):
                yield f"{path}.gateways[{place}]", name
