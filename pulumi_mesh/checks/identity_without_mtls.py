"""Authorization by the caller's identity, where callers may have none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._selectors import all_known, gateway_pods, pods, selector_of
from pulumi_mesh.checks._wording import labels_text, listed
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import AuthorizationPolicy, DestinationRule, authorization_policy
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.hosts import fqdn, subset_of
from pulumi_mesh.proxy.resolve.mtls import modes_of
from pulumi_mesh.refs import Ref

ABOUT = About(
    "identity-without-mtls",
    ("error", "warning"),
    "An AuthorizationPolicy asks who calls, but its workloads take plain text, in which callers have no identity",
    also="KIA0105",
)

_ASKS = ("principals", "namespaces", "service_accounts", "trust_domains")
_WHEN = ("source.principal", "source.namespace", "source.serviceAccount", "source.trustDomain")

# What happens to a caller without identity, by action and by whether the rule asks for an identity or excludes some.
_THEN = {
    ("ALLOW", True): "it refuses them",
    ("ALLOW", False): "it lets them in",
    ("DENY", True): "it does not stop them",
    ("DENY", False): "it refuses them",
    ("CUSTOM", True): "it does not ask its provider about them",
    ("CUSTOM", False): "it asks its provider about all of them",
}


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """An error where every port concerned has mutual TLS disabled, a warning where some port takes plain text too.

    Disabled is also where workloads would take both, but a DestinationRule has clients send plain text.
    Ports are those that the rule names, else the known ones of the workload's services. Policies of gateway proxies and
    waypoints are left out: PeerAuthentication does not rule them.
    """
    for policy in snapshot.of(AuthorizationPolicy):
        action = policy.spec.action or "ALLOW"
        rules = [
            (place, wants, rule)
            for position, rule in enumerate(policy.spec.rules or ())
            for place, wants in _asked(policy, position, rule)
        ]
        if not rules or (action, True) not in _THEN:
            continue
        modes: dict[str, set[str]] = {}
        deciders: set[Ref] = set()
        for namespace, labels, name in _workloads(snapshot, policy):
            known = modes_of(snapshot, namespace, labels)
            served = [port.target_port for each in snapshot.services_of(labels, namespace) for port in each.ports]
            told = _told_plain(snapshot, namespace, labels)
            for _, _, rule in rules:
                for port in _ports(rule) or served or (None,):
                    mode, decider = known.of(port), known.ref_of(port)
                    if mode == "PERMISSIVE" and told:
                        mode, decider = "DISABLE", told
                    modes.setdefault(mode, set()).add(name)
                    if decider and mode != "STRICT":
                        deciders.add(decider)
        open_to = {name for mode in ("DISABLE", "PERMISSIVE") for name in modes.get(mode, ())}
        if not open_to:
            continue
        then = " and ".join(sorted({_THEN[action, wants] for _, wants, _ in rules}))
        off = modes.keys() == {"DISABLE"}
        how = "with mutual TLS disabled no caller has" if off else "callers in plain text do not have"
        yield ABOUT.finding(
            f"{action} by the caller's identity, which {how}, so {then}; plain text reaches {listed(open_to)}",
            *(place for place, _, _ in rules),
            *sorted(deciders),
            fix="have clients use mutual TLS (mode STRICT, no DestinationRule with tls mode DISABLE), or do not ask "
            "for the caller's identity",
            severity="error" if off else "warning",
            also=None if off else "",
        )


def _asked(policy: AuthorizationPolicy, position: int, rule: authorization_policy.Rule) -> Iterator[tuple[Ref, bool]]:
    """Where a rule looks at the caller's identity: True if the caller must have one, False if it only excludes some."""
    for index, each in enumerate(rule.from_ or ()):
        if each.source is None:
            continue
        wants = any(getattr(each.source, name) for name in _ASKS)
        if wants or any(getattr(each.source, f"not_{name}") for name in _ASKS):
            yield ref_of(policy, f"spec.rules[{position}].from[{index}].source"), wants
    for index, condition in enumerate(rule.when or ()):
        if condition.key in _WHEN:
            yield ref_of(policy, f"spec.rules[{position}].when[{index}]"), bool(condition.values)


def _ports(rule: authorization_policy.Rule) -> tuple[int, ...]:
    texts = [port for each in rule.to or () if each.operation for port in each.operation.ports or ()]
    return tuple(int(each) for each in texts if each.isdecimal())


def _told_plain(snapshot: Snapshot, namespace: str, labels: Mapping[str, str]) -> Ref | None:
    """The DestinationRule that has clients of every service of these workloads send plain text, if one does.

    The most specific host decides; rules count in the workloads' namespace and in the root namespace.
    """
    domain = snapshot.mesh.domain
    rules = [
        (fqdn(each.spec.host, each.namespace, domain), each.spec.traffic_policy.tls.mode, each)
        for each in snapshot.of(DestinationRule)
        if each.namespace in (namespace, snapshot.mesh.root_namespace)
        and each.spec.traffic_policy is not None
        and each.spec.traffic_policy.tls is not None
    ]
    found = None
    services = [each.hostname for each in snapshot.services_of(labels, namespace)]
    for host in services or [f"*.{namespace}.svc.{domain}"]:
        deciding = max(
            (each for each in rules if subset_of(host, each[0])), key=lambda each: len(each[0]), default=None
        )
        if deciding is None or deciding[1] != "DISABLE":
            return None
        found = ref_of(deciding[2], "spec.trafficPolicy.tls.mode")
    return found


def _workloads(snapshot: Snapshot, policy: AuthorizationPolicy) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Namespace, labels and name of what the policy applies to; where no workload is known, what it selects."""
    selector = selector_of(policy)
    if policy.spec.target_ref is not None or policy.spec.target_refs or not all_known(selector):
        return
    found = pods(snapshot, policy.namespace, selector)
    for each in found:
        if each.mesh:
            yield each.namespace, each.labels, f"{each.namespace}/{each.name}"
    if not found and not gateway_pods(snapshot, policy.namespace, selector):
        yield policy.namespace, selector, labels_text(selector) or f"namespace {policy.namespace}"
