"""What a series of requests showed: how many, how many failed and why, how long they took, who answered."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Latencies are kept as counts of steps of 1 %, so that a run of any length needs the same memory.
_STEP = math.log(1.01)
_SHORTEST = 1e-6
_REASON_LENGTH = 160


@dataclass(frozen=True, slots=True)
class Result:
    """One request. status: None when no answer came. latency: seconds. error: empty when it succeeded.

    seen: (service, version) of every workload that had a part in the answer.
    """

    status: int | None
    latency: float
    error: str = ""
    seen: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Tally:
    """Results, counted. failures: reason to number of requests that got no answer or one of 500 and above."""

    requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    _latencies: Counter[int] = field(default_factory=Counter, repr=False)

    def add(self, result: Result) -> None:
        """Count one result."""
        self.requests += 1
        if result.status is not None:
            self.statuses[result.status] += 1
        if result.error:
            self.failures[result.error] += 1
        self.seen.update(result.seen)
        self._latencies[math.ceil(math.log(max(result.latency, _SHORTEST)) / _STEP)] += 1

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return self.failures.total()

    @property
    def success_rate(self) -> float:
        """Percent of requests that did not fail; 100 when there were none."""
        return 100.0 * (1.0 - self.failed / self.requests) if self.requests else 100.0

    def latency(self, percent: float) -> float:
        """The latency (seconds, to 1 %) that ``percent`` of the requests did not exceed; 0 without requests."""
        rank = math.ceil(self.requests * percent / 100.0)
        counted = 0
        for step in sorted(self._latencies):
            counted += self._latencies[step]
            if counted >= rank:
                return math.exp(step * _STEP)
        return 0.0

    def versions(self, service: str) -> dict[str, int]:
        """For each version of ``service``, how many answers it had a part in."""
        return {version: count for (name, version), count in sorted(self.seen.items()) if name == service}


def answerers(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(service, version) of a stub's answer and of every answer nested in it."""
    yield answer["service"], answer["version"]
    for call in answer["calls"]:
        if call["answer"] is not None:
            yield from answerers(call["answer"])


def reason(status: int, answer: Mapping[str, Any] | None, text: str) -> str:
    """Why a request with this answer failed: the innermost error that a stub tells of, or the text itself."""
    what = (_innermost(answer) if answer is not None else "") or text.strip() or "no body"
    return f"{status}: {what}"[:_REASON_LENGTH]


def _innermost(answer: Mapping[str, Any]) -> str:
    for call in answer["calls"]:
        if call["error"] is not None:
            inner = _innermost(call["answer"]) if call["answer"] is not None else ""
            return inner or f"{answer['service']} to {call['to']}: {call['error']}"
    return f"{answer['service']}: {answer['error']}" if "error" in answer else ""
