"""Walk a canary through its stages under live traffic, and measure what each stage does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pulumi_mesh.canary.binomial import acceptance
from pulumi_mesh.local.entry import way_to
from pulumi_mesh.local.load import Load, Target
from pulumi_mesh.local.mesh import LocalMesh

ALPHA = 1e-6
"""How likely chance alone may make a stage look wrong."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one stage showed.

    asked: the candidate's weight in percent. answers: of the service, by all versions; candidate: of the candidate.
    least, most: answers of the candidate that chance allows. p50, p99: latencies in seconds.
    """

    stage: int
    asked: int
    requests: int
    failed: int
    answers: int
    candidate: int
    least: int
    most: int
    p50: float
    p99: float

    @property
    def seen(self) -> float:
        """The candidate's share of the answers, in percent."""
        return 100.0 * self.candidate / self.answers if self.answers else 0.0

    @property
    def success_rate(self) -> float:
        """Percent of requests that did not fail."""
        return 100.0 * (1 - self.failed / self.requests) if self.requests else 100.0

    @property
    def passed(self) -> bool:
        """No request failed, and the share is what was asked for, as far as chance allows."""
        return not self.failed and self.answers > 0 and self.least <= self.candidate <= self.most


@dataclass(frozen=True, slots=True)
class Walk:
    """All stages, and the requests of the whole walk, those while weights moved among them."""

    canary: str
    stages: tuple[StageResult, ...]
    requests: int
    failed: int
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Every stage passed, and no request of the walk failed."""
        return not self.failed and all(each.passed for each in self.stages)


async def walk(
    running: LocalMesh,
    name: str,
    *,
    requests: int,
    connections: int,
    on_stage: Callable[[int, StageResult | None], None],
) -> Walk:
    """Move the canary ``name`` from its first to its last stage, with ``requests`` measured at each.

    on_stage: called with a stage's number and None as it begins, with its result as it ends.
    Raises MeshError where no gateway leads to the service.
    """
    canary = running.mesh.canary(name)
    entry = way_to(running.mesh, canary.service)
    target = Target(
        url=running.gateway_url(entry.gateway.name, entry.listener.port) + entry.path,
        host=entry.host,
        method=entry.method,
        headers=entry.headers,
        tls=running.client_tls() if entry.listener.protocol == "HTTPS" else None,
    )
    results = []
    async with Load(target, connections=connections) as load:
        for stage in range(1, len(canary.stages) + 1):
            on_stage(stage, None)
            await running.move({name: stage})
            tally = await load.measure(requests)
            versions = tally.versions(canary.service.name)
            answers = sum(versions.values())
            _, asked = canary.weights(stage)
            least, most = acceptance(answers, asked / 100, ALPHA)
            result = StageResult(
                stage=stage,
                asked=asked,
                requests=tally.requests,
                failed=tally.failed,
                answers=answers,
                candidate=versions.get(canary.candidate.version, 0),
                least=least,
                most=most,
                p50=tally.latency(50),
                p99=tally.latency(99),
            )
            results.append(result)
            on_stage(stage, result)
    total = load.total
    return Walk(name, tuple(results), total.requests, total.failed, tuple(sorted(total.failures)))
