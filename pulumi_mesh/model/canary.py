"""A canary: the stages in which a new version takes over. Where it stands is never part of a mesh."""

from __future__ import annotations

from dataclasses import KW_ONLY
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, ValidationInfo

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.model.fields import OptionalDuration
from pulumi_mesh.model.service import Destination, ServiceReference
from pulumi_mesh.typed import Accepts, FieldError, Many, default, typed
from pulumi_mesh.typed.problems import TOLD_ELSEWHERE


@typed
class Stage:
    """weight: percent of requests that the candidate gets. duration: how long the stage lasts before the next."""

    _: KW_ONLY
    weight: Annotated[int, Field(strict=True, ge=0, le=100)]
    duration: OptionalDuration = default(None)


if TYPE_CHECKING:
    VersionReference: TypeAlias = Accepts[str | Destination, Destination]
else:

    def _version(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        if "service" not in info.data:
            raise ValueError(TOLD_ELSEWHERE)
        return info.data["service"][value]

    VersionReference = Annotated[Destination, BeforeValidator(_version)]


@typed
class Canary:
    """Move the requests of a service from one version to another, in stages.

    The canary acts wherever a rule sends requests to the service without naming a version, and on its clients in the
    mesh. stable, candidate: versions of ``service``, as ``reviews["v1"]`` or ``"v1"``. stages: weights that never fall.
    """

    service: ServiceReference
    _: KW_ONLY
    stable: VersionReference
    candidate: VersionReference
    stages: Many[Stage]
    _stands_alone = True

    def __post_init__(self) -> None:
        if not self.service.http_ports:
            raise FieldError(
                "service", f"{self.service.name} has no port that speaks HTTP, so its requests cannot be split"
            )
        for field, version in (("stable", self.stable), ("candidate", self.candidate)):
            if version.service != self.service:
                raise FieldError(field, f"it is a version of {version.service.name!r}, not of {self.service.name!r}")
            if not version.version:
                raise FieldError(field, f'name a version, such as {self.service.name}["v1"]')
            if version.declared_version and version.declared_version.retired:
                raise FieldError(field, f"version {version.version!r} is retired; no route may use it")
        if self.stable.version == self.candidate.version:
            raise FieldError("candidate", f"stable and candidate are both {self.stable.version!r}")
        if not self.stages:
            raise FieldError("stages", "a canary has at least one stage")
        weights = [each.weight for each in self.stages]
        for position, (before, after) in enumerate(pairwise(weights), start=1):
            if after < before:
                raise FieldError(f"stages[{position}].weight", f"weights never fall; {after} comes after {before}")

    @property
    def name(self) -> str:
        """What ``Mesh.at`` and ``--canary`` call it: the service's name."""
        return self.service.name

    def weights(self, stage: int) -> tuple[int, int]:
        """(stable, candidate) in percent at a stage: 0 is before the first, n the n-th. Raises InvalidError."""
        if isinstance(stage, bool) or not isinstance(stage, int) or not 0 <= stage <= len(self.stages):
            raise InvalidError([(f'Canary("{self.name}")', f"it has stages 0 to {len(self.stages)}, not {stage!r}")])
        candidate = self.stages[stage - 1].weight if stage else 0
        return 100 - candidate, candidate
