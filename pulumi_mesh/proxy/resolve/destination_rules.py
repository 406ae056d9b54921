"""Destination rules: several for one host made one, and the one that a client follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pulumi_mesh.istio import DestinationRule, destination_rule
from pulumi_mesh.manifests.facts import KnownService, Proxy
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of, selects
from pulumi_mesh.proxy.resolve.hosts import fqdn, is_wildcard, most_specific
from pulumi_mesh.proxy.resolve.virtual_services import by_age
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class Rule:
    """The destination rules of one host in one namespace, as one.

    source: the first of them. export_to: where it may be seen; empty is everywhere.
    """

    source: DestinationRule
    policy: destination_rule.TrafficPolicy | None
    subsets: tuple[tuple[destination_rule.Subset, Ref], ...]
    export_to: frozenset[str]
    selector: Mapping[str, str] | None

    @property
    def ref(self) -> Ref:
        """The first of the objects."""
        return ref_of(self.source)

    def subset(self, name: str) -> destination_rule.Subset | None:
        """The subset of that name."""
        return next((each for each, _ in self.subsets if each.name == name), None)


Rules = dict[str, tuple[Rule, ...]]


@dataclass(frozen=True, slots=True)
class Pool:
    """Rules by host: exact ones and wildcards."""

    specific: Rules
    wildcard: Rules

    def find(self, host: str) -> tuple[Rule, ...]:
        """The rules of the narrowest entry that covers a host."""
        return most_specific(host, self.specific, self.wildcard) or ()


NONE = Pool({}, {})


@dataclass(frozen=True, slots=True)
class DestinationRules:
    """All rules, by namespace. local: for clients of the namespace. exported: for clients of others too."""

    local: Mapping[str, Pool]
    exported: Mapping[str, Pool]
    root_private: Pool
    root_namespace: str

    def for_client(self, proxy: Proxy, service: KnownService) -> Rule | None:
        """The rule that a proxy follows for a service: of its own namespace, the service's, the root namespace.

        Mirrors PushContext.destinationRule and SidecarScope.DestinationRule (pilot/pkg/model).
        """
        fallback = None
        for rule in self._candidates(proxy.namespace, service):
            if rule.selector is None:
                fallback = rule
            elif rule.source.namespace == proxy.namespace and selects(rule.selector, proxy.labels):
                return rule
        return fallback

    def _candidates(self, namespace: str, service: KnownService) -> tuple[Rule, ...]:
        own = self.root_private if namespace == self.root_namespace else self.local.get(namespace, NONE)
        if found := own.find(service.hostname):
            return found
        for owner in (service.namespace, self.root_namespace):
            exported = self.exported.get(owner, NONE).find(service.hostname)
            if visible := tuple(each for each in exported if not each.export_to or {"*", namespace} & each.export_to):
                return visible
        return ()


def destination_rules(snapshot: Snapshot) -> DestinationRules:
    """Index and merge all destination rules. Mirrors PushContext.setDestinationRules (push_context.go)."""
    root = snapshot.mesh.root_namespace
    local: dict[str, Pool] = {}
    exported: dict[str, Pool] = {}
    root_private = Pool({}, {})
    # Of the mesh's default only this counts: whether it keeps rules to their own namespace.
    defaults = frozenset("." if "." in snapshot.mesh.destination_rule_export_to else "*")
    ordered = sorted(snapshot.of(DestinationRule), key=lambda each: (each.spec.workload_selector is None, by_age(each)))
    for each in ordered:
        host = fqdn(each.spec.host, each.namespace, snapshot.mesh.domain)
        rule = _rule(each)
        if not rule.export_to or rule.export_to & {"*", ".", each.namespace}:
            _add(local.setdefault(each.namespace, Pool({}, {})), host, rule)
        if (rule.export_to or defaults) not in ({"."}, {each.namespace}):
            _add(exported.setdefault(each.namespace, Pool({}, {})), host, rule)
        elif each.namespace == root:
            _add(root_private, host, rule)
    return DestinationRules(local, exported, root_private, root)


def _rule(item: DestinationRule) -> Rule:
    selector = item.spec.workload_selector
    return Rule(
        item,
        item.spec.traffic_policy,
        tuple(
            (subset, ref_of(item, f"spec.subsets[{position}]"))
            for position, subset in enumerate(item.spec.subsets or ())
        ),
        frozenset({"."} if selector else item.spec.export_to or ()),
        (selector.match_labels or {}) if selector else None,
    )


def _add(pool: Pool, host: str, rule: Rule) -> None:
    rules = pool.wildcard if is_wildcard(host) else pool.specific
    rules[host] = tuple(_merged(rules.get(host, ()), rule))


def _merged(existing: Iterable[Rule], new: Rule) -> Iterable[Rule]:
    """The rules of a host with one more: joined to those seen by the same clients, else beside them.

    Of two top-level policies the first counts, and of two subsets of one name. Mirrors mergeDestinationRule
    (destination_rule.go).
    """
    beside = True
    for rule in existing:
        same = rule.export_to == new.export_to
        if not same and not (rule.export_to and new.export_to >= rule.export_to):
            beside = True
            yield rule
            continue
        beside = not same
        if rule.selector is not None and new.selector is not None and dict(rule.selector) != dict(new.selector):
            beside = True
            yield rule
            continue
        if (rule.selector is None) == (new.selector is None):
            beside = False
        names = {subset.name for subset, _ in rule.subsets}
        yield replace(
            rule,
            policy=rule.policy or new.policy,
            subsets=(*rule.subsets, *(each for each in new.subsets if each[0].name not in names)),
        )
    if beside:
        yield new
