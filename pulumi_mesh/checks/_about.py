"""What a check is: a module with ``ABOUT``, its metadata, and ``find``, a pure function from snapshot to findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pulumi_mesh.findings import Finding, Severity
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class About:
    """A check's metadata.

    code: of its findings, for ever. severities: what its findings may have, the gravest first; the first unless a
    finding says otherwise. title: one line for people. also: codes of Istio (IST) and Kiali (KIA) for the same.
    """

    code: str
    severities: tuple[Severity, ...]
    title: str
    also: str = ""

    def finding(
        self, message: str, *refs: Ref, fix: str, severity: Severity | None = None, also: str | None = None
    ) -> Finding:
        """A finding of this check. also: where other tools' code depends on the finding."""
        return Finding(
            self.code, severity or self.severities[0], message, refs, fix, self.also if also is None else also
        )


class Check(Protocol):
    """The shape of a check's module."""

    ABOUT: About

    def find(self, snapshot: Snapshot) -> Iterator[Finding]:
        """What is wrong in the snapshot, in any order."""
        ...
