"""The errors that reach a user: what is wrong, where, and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_mesh.findings import Finding


class MeshError(Exception):
    """Something a user can mend.

    message: what is wrong and what would be right, one or two sentences.
    where: the place, as a path (``Service("reviews").port``) or ``file:line``; empty when the message says it.
    """

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class InvalidError(MeshError, ValueError):
    """One or more fields hold what they may not.

    problems: each as (where, message). root: what each where starts with; a larger object that the failed one was
    meant for puts its own path in its place.
    """

    def __init__(self, problems: list[tuple[str, str]], *, root: str = "") -> None:
        self.problems = problems
        self.root = root
        where, message = problems[0]
        super().__init__(message, where=where)

    def __str__(self) -> str:
        return "\n".join(f"{where}: {message}" if where else message for where, message in self.problems)


class OutputError(MeshError, TypeError):
    """A ``pulumi.Output`` stands where plain text is needed."""


class FindingsError(MeshError):
    """Findings of severity error that stop an effect before it starts. ``findings`` holds all of them."""

    def __init__(self, message: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(message)
        self.findings = findings
