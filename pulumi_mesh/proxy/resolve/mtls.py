"""Which mutual TLS mode a workload's ports take, from PeerAuthentication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pulumi_mesh.istio import PeerAuthentication, peer_authentication
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of, selects
from pulumi_mesh.proxy.resolve.virtual_services import by_age
from pulumi_mesh.refs import Ref

Mode = Literal["STRICT", "PERMISSIVE", "DISABLE"]


@dataclass(frozen=True, slots=True)
class WorkloadModes:
    """The modes of one workload.

    mode: for every port without its own. ports: modes by the workload's port (not the service's).
    ref, port_refs: the object, and the field in it, that decided; None for Istio's default.
    """

    mode: Mode
    ports: Mapping[int, Mode]
    ref: Ref | None
    port_refs: Mapping[int, Ref]

    def of(self, port: int | None) -> Mode:
        """The mode of a port; None asks for a port without its own."""
        return self.mode if port is None else self.ports.get(port, self.mode)

    def ref_of(self, port: int | None) -> Ref | None:
        """What decided the mode of a port."""
        return self.ref if port is None else self.port_refs.get(port, self.ref)


def modes_of(snapshot: Snapshot, namespace: str, labels: Mapping[str, str]) -> WorkloadModes:
    """The modes of the workloads with these labels; PERMISSIVE where no policy says one.

    The narrowest scope that sets a mode wins: selector, namespace, mesh. Of several in one scope the oldest counts
    where the age is known, else the first by name. A selector in the root namespace takes no workload.

    Mirrors ComposePeerAuthentication and GetMutualTLSModeForPort (pilot/pkg/security/authn), and
    addPeerAuthentication (pilot/pkg/model/authentication.go).
    """
    root = snapshot.mesh.root_namespace
    oldest_first = sorted(snapshot.of(PeerAuthentication), key=by_age)
    own = [each for each in oldest_first if each.namespace == namespace]
    mesh = _first(each for each in oldest_first if each.namespace == root and not _selector(each))
    beneath = [] if namespace == root else own
    wide = _first(each for each in beneath if not _selector(each))
    narrow = _first(each for each in beneath if _selector(each) and selects(_selector(each), labels))

    mode: Mode = "PERMISSIVE"
    ref: Ref | None = None
    for policy in (mesh, wide, narrow):
        if policy is not None and (found := _mode(policy.spec.mtls)) is not None:
            mode, ref = found, ref_of(policy, "spec.mtls.mode")
    if narrow is None:
        return WorkloadModes(mode, {}, ref, {})
    levels = sorted((int(port), each) for port, each in (narrow.spec.port_level_mtls or {}).items())
    return WorkloadModes(
        mode,
        {port: _mode(each) or mode for port, each in levels},
        ref,
        {port: ref_of(narrow, f"spec.portLevelMtls.{port}") for port, _ in levels},
    )


def _first(policies: Iterable[PeerAuthentication]) -> PeerAuthentication | None:
    return next(iter(policies), None)


def _selector(policy: PeerAuthentication) -> Mapping[str, str]:
    selector = policy.spec.selector
    return (selector.match_labels or {}) if selector else {}


def _mode(mtls: peer_authentication.Mtls | None) -> Mode | None:
    return None if mtls is None or mtls.mode is None or mtls.mode == "UNSET" else mtls.mode
