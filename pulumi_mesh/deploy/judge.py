"""Findings before a deployment: errors stop it, warnings are told; what an Output decides waits for its value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pulumi

from pulumi_mesh.checks import waits
from pulumi_mesh.deploy.tokens import Places, fill, shown_text
from pulumi_mesh.errors import FindingsError, InvalidError
from pulumi_mesh.findings import Finding

T = TypeVar("T")


def judged(findings: tuple[Finding, ...]) -> list[str]:
    """The warnings, in words, but not of findings that touch an Output.

    Raises FindingsError with all findings if one is an error.
    """
    ready = [each for each in findings if not waits(each)]
    errors = [each for each in ready if each.severity == "error"]
    if errors:
        found = "one error" if len(errors) == 1 else f"{len(errors)} errors"
        raise FindingsError("\n".join([f"{found} found in the mesh:", *map(_told, errors)]), tuple(ready))
    return [_told(each) for each in ready if each.severity == "warning"]


def judge_later(
    described: T,
    places: Places,
    findings_of: Callable[[T], tuple[Finding, ...]],
    told: Collection[str],
    tell: Callable[[str], None],
) -> None:
    """Once the Outputs have values, validate and check ``described`` with them; the program fails if that fails.

    findings_of: everything found in a description. told: warnings known already. tell: takes the others, unless a
    value is secret. Where a value is unknown, as in a preview, or there is no Output, nothing happens.
    """
    if not places:
        return

    def judge(values: list[Any]) -> None:
        hidden, *known = values
        try:
            warnings = judged(findings_of(fill(described, dict(zip(places, known, strict=True)))))
        except (InvalidError, FindingsError) as error:
            if hidden:  # the message could hold the secret
                raise InvalidError([(path, "a secret value does not fit here") for path in _paths(places)]) from None
            raise error from None
        if not hidden:
            for warning in warnings:
                if warning not in told:
                    tell(warning)

    async def any_secret() -> bool:
        return any([await place.output.is_secret() for place in places.values()])

    pulumi.Output.all(any_secret(), *(place.output for place in places.values())).apply(judge)


@contextmanager
def in_words(places: Places) -> Iterator[None]:
    """Errors from inside name an Output's place where they would show its token."""
    try:
        yield
    except InvalidError as error:
        problems = [(shown_text(where, places), shown_text(message, places)) for where, message in error.problems]
        raise InvalidError(problems) from None


def _paths(places: Places) -> list[str]:
    return [place.path for place in places.values()]


def _told(finding: Finding) -> str:
    where = f"{finding.refs[0]}: " if finding.refs else ""
    fix = f" ({finding.fix})" if finding.fix else ""
    return f"{where}{finding.code}: {finding.message}{fix}"
