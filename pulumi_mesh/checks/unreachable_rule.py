"""A rule of a VirtualService that no request reaches."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_mesh.checks._about import About
from pulumi_mesh.checks._rules import Match, Rule, bare, rule_name, takes_all
from pulumi_mesh.findings import Finding
from pulumi_mesh.istio import VirtualService, virtual_service
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of

ABOUT = About(
    "unreachable-rule",
    ("warning",),
    "Earlier rules of a VirtualService take every request that a rule matches",
    also="IST0130",
)


def find(snapshot: Snapshot) -> Iterator[Finding]:
    """Rules are tried in their order; a rule counts as reachable unless earlier ones have all its matches, as written.

    A rule that delegates takes only what its delegate matches, so it hides nothing.
    """
    for route in snapshot.of(VirtualService):
        yield from _among(route, "http", route.spec.http or ())
        yield from _among(route, "tls", route.spec.tls or ())
        yield from _among(route, "tcp", route.spec.tcp or ())


def _among(route: VirtualService, kind: str, rules: tuple[Rule, ...]) -> Iterator[Finding]:
    taken: dict[Match, int] = {}
    catch_all: int | None = None
    for position, rule in enumerate(rules):
        place = ref_of(route, f"spec.{kind}[{position}]")
        keys = [bare(each) for each in rule.match or ()]
        if catch_all is not None:
            yield ABOUT.finding(
                f"{rule_name(kind, rules, position)} is never used: {rule_name(kind, rules, catch_all)} before it "
                "takes every request",
                place,
                ref_of(route, f"spec.{kind}[{catch_all}]"),
                fix="put the rule that takes every request last",
            )
        elif keys and all(each in taken for each in keys):
            before = sorted({taken[each] for each in keys})
            yield ABOUT.finding(
                f"{rule_name(kind, rules, position)} is never used: "
                f"{' and '.join(rule_name(kind, rules, each) for each in before)} before it has the same matches",
                place,
                *(ref_of(route, f"spec.{kind}[{each}]") for each in before),
                fix="give it a match of its own, move it up, or take it out",
            )
        if isinstance(rule, virtual_service.Http) and rule.delegate is not None:
            continue
        for each in keys:
            taken.setdefault(each, position)
        if catch_all is None and (not keys or any(map(takes_all, keys))):
            catch_all = position
