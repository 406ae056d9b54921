"""What differs between two snapshots, for requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pulumi_mesh.proxy.diff.effects import Effect
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.refs import Ref

Side = Literal["gateway", "client", "server"]
"""Where a change is decided: at a gateway, in the sidecars of clients, or in those of servers."""

Severity = Literal["unreachable", "denied", "plaintext", "changed", "reachable"]
"""What becomes of requests: they reached something and no longer do, or are refused; are no longer encrypted; get
something else; or reach something now."""

SEVERITIES: tuple[Severity, ...] = ("unreachable", "denied", "plaintext", "changed", "reachable")
"""The worst first."""

BREAKING: tuple[Severity, ...] = ("unreachable", "denied", "plaintext")
"""What somebody has to look at before it is applied."""


@dataclass(frozen=True, slots=True)
class Change:
    """A class of requests whose outcome changes.

    proxies: which decide, ``NAME.NAMESPACE``. clients: who makes the requests, where a server tells clients apart.
    requests: the class in words, such as ``reviews:9080 /api* with end-user exact jason``. sample: one of them.
    old, new: what becomes of the sample. what: the differences in words, such as ``reviews (v2): 10 % → 25 %``.
    refs, old_refs: the objects that decide from now on, and those that did before.
    """

    severity: Severity
    side: Side
    proxies: tuple[str, ...]
    requests: str
    sample: Request
    old: Effect
    new: Effect
    what: tuple[str, ...]
    clients: tuple[str, ...] = ()
    refs: tuple[Ref, ...] = field(default=(), compare=False)
    old_refs: tuple[Ref, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Untried:
    """Requests of which not every kind was tried. requests: which, such as a host. why: what there was too much of, or
    the pattern of which not every text is known."""

    side: Side
    proxies: tuple[str, ...]
    requests: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes, the worst first. proxies_added, proxies_removed: those that only one of the snapshots has.

    untried: where there may be more changes than these.
    """

    changes: tuple[Change, ...] = ()
    proxies_added: tuple[str, ...] = ()
    proxies_removed: tuple[str, ...] = ()
    untried: tuple[Untried, ...] = ()

    @property
    def breaks(self) -> tuple[Change, ...]:
        """The changes by which requests fail that did not, or are no longer encrypted."""
        return tuple(each for each in self.changes if each.severity in BREAKING)
