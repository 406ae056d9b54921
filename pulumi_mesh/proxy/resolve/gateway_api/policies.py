"""BackendTLSPolicies as destination rules: how Istio's clients speak TLS to a backend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_mesh.gateway_api import BackendTLSPolicy, backend_tls_policy
from pulumi_mesh.istio import ServiceEntry
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.gateway_api import words
from pulumi_mesh.proxy.resolve.gateway_api.references import CONFIG_MAP, SERVICE, SERVICE_ENTRY, Kind
from pulumi_mesh.proxy.resolve.gateway_api.words import Json
from pulumi_mesh.proxy.view.tls import NEVER_GIVEN

_IGNORED = "istio.io/ignore-policy-attachment"


@dataclass(frozen=True, slots=True)
class _Target:
    """What a policy is for. kind: Service or ServiceEntry. host: one of its hosts."""

    kind: Kind
    namespace: str
    name: str
    host: str


@dataclass(frozen=True, slots=True)
class _Port:
    name: str
    number: int


def destination_rules(snapshot: Snapshot) -> Iterator[Json]:
    """A destination rule for each host that a policy is for.

    Mirrors BackendTLSPolicyCollection and DestinationRuleCollection (backend_policies.go). XBackendTrafficPolicy is
    left alone, as istiod does unless its alpha features are turned on.
    """
    found: dict[_Target, list[tuple[str | None, BackendTLSPolicy]]] = {}
    policies = sorted(
        (each for each in snapshot.of(BackendTLSPolicy) if str(each.annotations.get(_IGNORED, "")).lower() != "true"),
        key=_age,
    )
    for policy in policies:
        for reference in policy.spec.target_refs:
            if _loses(policy, reference, policies):
                continue
            for target in _targets(snapshot, policy, reference):
                found.setdefault(target, []).append((reference.section_name, policy))
    for target, those in found.items():
        yield _rule(target, those, _ports(snapshot, target))


def _age(policy: BackendTLSPolicy) -> tuple[str, str, str]:
    return str(policy.metadata.get("creationTimestamp", "")), policy.namespace, policy.name


def _loses(
    policy: BackendTLSPolicy, reference: backend_tls_policy.TargetRef, policies: Iterable[BackendTLSPolicy]
) -> bool:
    """Whether an older policy is for the very same. Mirrors btlsIsConflicted (backend_policies.go)."""
    return any(
        each.namespace == policy.namespace
        and _age(each) < _age(policy)
        and any(_same(reference, other) for other in each.spec.target_refs)
        for each in policies
    )


def _same(one: backend_tls_policy.TargetRef, other: backend_tls_policy.TargetRef) -> bool:
    return (one.group, one.kind, one.name, one.section_name) == (
        other.group,
        other.kind,
        other.name,
        other.section_name,
    )


def _targets(
    snapshot: Snapshot, policy: BackendTLSPolicy, reference: backend_tls_policy.TargetRef
) -> Iterator[_Target]:
    """A target for each host of what is referred to; none where it is not known, or has no port of that name."""
    kind = Kind(reference.group, reference.kind)
    if kind == SERVICE:
        hosts: tuple[str, ...] = (f"{reference.name}.{policy.namespace}.svc.{snapshot.mesh.domain}",)
        if snapshot.service(hosts[0]) is None:
            return
    elif kind == SERVICE_ENTRY:
        entry = _entry(snapshot, policy.namespace, reference.name)
        hosts = tuple(entry.spec.hosts or ()) if entry else ()
    else:
        return
    for host in hosts:
        target = _Target(kind, policy.namespace, reference.name, host)
        if reference.section_name is None or reference.section_name in {each.name for each in _ports(snapshot, target)}:
            yield target


def _entry(snapshot: Snapshot, namespace: str, name: str) -> ServiceEntry | None:
    items = snapshot.of(ServiceEntry)
    return next((each for each in items if (each.namespace, each.name) == (namespace, name)), None)


def _ports(snapshot: Snapshot, target: _Target) -> tuple[_Port, ...]:
    if target.kind == SERVICE_ENTRY:
        entry = _entry(snapshot, target.namespace, target.name)
        return tuple(_Port(each.name, each.number) for each in (entry.spec.ports if entry else None) or ())
    service = snapshot.service(target.host)
    return tuple(_Port(each.name, each.number) for each in (service.ports if service else ()))


def _rule(target: _Target, those: list[tuple[str | None, BackendTLSPolicy]], ports: tuple[_Port, ...]) -> Json:
    policy: Json = {}
    levels: dict[str, Json] = {}
    for section, each in those:
        tls = _tls(each)
        if section is None:
            policy.setdefault("tls", tls)
        elif section not in levels:
            number = next(port.number for port in ports if port.name == section)
            levels[section] = {"port": {"number": number}, "tls": tls}
    if levels:
        policy["portLevelSettings"] = [levels[each] for each in sorted(levels)]
    host = target.host.replace(".", "-")
    name = f"{target.name}~{host}" if target.kind == SERVICE_ENTRY else target.name
    parents = dict.fromkeys(f"{each.kind}/{each.namespace}.{each.name}" for _, each in those)
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {
            "name": words.shortened(f"{name}~{words.AUTOGENERATED}"),
            "namespace": target.namespace,
            "annotations": {words.PARENTS: ",".join(parents)},
        },
        "spec": {"host": target.host, "trafficPolicy": policy},
    }


def _tls(policy: BackendTLSPolicy) -> Json:
    validation = policy.spec.validation
    made: Json = {"mode": "SIMPLE", "sni": validation.hostname}
    if names := [each.hostname or each.uri for each in validation.subject_alt_names or ()]:
        made["subjectAltNames"] = names
    references = validation.ca_certificate_refs or ()
    if validation.well_known_ca_certificates is None and references:
        first = references[0]
        usable = Kind(first.group, first.kind) == CONFIG_MAP
        # A CA that cannot be used must not mean that none is asked for: no certificate ever fits this one.
        made["credentialName"] = f"configmap://{policy.namespace}/{first.name}" if usable else NEVER_GIVEN
    return made
