"""What an operation of the engine did: its steps in their order, and what it said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi.automation import EngineEvent

_COLOUR = re.compile(r"<\{%[^%]*%\}>")
_TOLD = ("error", "warning", "info#err")


@dataclass(frozen=True, slots=True)
class Step:
    """One resource. op: ``create``, ``update``, ``replace``, ``delete``, ``refresh``, ``same``, and the like.

    name: the resource's logical name. differs: paths of fields, such as ``spec.hosts[0]``, with what happens to each.
    """

    op: str
    name: str
    urn: str
    differs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """changes: how many resources each kind of operation is for, without those that stay as they are.

    steps: in the order in which they ended, the stack's, providers' and components' among them, and failed ones not.
    failed: logical names. diagnostics: errors and warnings, one a line. output: all that the command showed.
    """

    succeeded: bool
    changes: Mapping[str, int]
    steps: tuple[Step, ...]
    failed: tuple[str, ...]
    diagnostics: str = field(repr=False)
    output: str = field(repr=False)

    @property
    def changed(self) -> dict[str, str]:
        """Logical name to operation, of single objects; those that stay are left out."""
        return {
            step.name: step.op
            for step in self.steps
            if step.op not in {"same", "refresh", "read"}
            and "kubernetes:" in step.urn.split("::")[2].rpartition("$")[2]
        }

    def names(self, op: str) -> list[str]:
        """The logical names of the objects with this operation, in the order in which they ended."""
        return [step.name for step in self.steps if step.op == op and step.name in self.changed]

    def step(self, name: str) -> Step:
        """The last step of a resource."""
        return next(step for step in reversed(self.steps) if step.name == name)


class FailedError(Exception):
    """An operation failed. The message is what the command printed; result: what it did before."""

    def __init__(self, result: Result, said: str) -> None:
        super().__init__(f"{result.diagnostics}\n{said}")
        self.result = result


class Recorder:
    """Takes the engine's events and what the command prints, as they come."""

    def __init__(self) -> None:
        self._events: list[EngineEvent] = []
        self._lines: list[str] = []

    def see(self, event: EngineEvent) -> None:
        """An event of the engine."""
        self._events.append(event)

    def hear(self, line: str) -> None:
        """A line of the command."""
        self._lines.append(line)

    def result(self) -> Result:
        """What happened until now."""
        summaries = [event.summary_event for event in self._events if event.summary_event is not None]
        told = [event.diagnostic_event for event in self._events if event.diagnostic_event is not None]
        return Result(
            succeeded=True,
            changes={
                _text(op): count
                for op, count in (summaries[-1].resource_changes if summaries else {}).items()
                if _text(op) != "same"
            },
            steps=tuple(
                _step(event.res_outputs_event.metadata) for event in self._events if event.res_outputs_event is not None
            ),
            failed=tuple(
                _name(event.res_op_failed_event.metadata.urn)
                for event in self._events
                if event.res_op_failed_event is not None
            ),
            diagnostics="\n".join(
                _COLOUR.sub("", each.message).strip() for each in told if each.severity in _TOLD and not each.ephemeral
            ),
            output="\n".join(self._lines),
        )


def _step(metadata: object) -> Step:
    found = {name: getattr(metadata, name) for name in ("op", "urn", "detailed_diff")}
    differs = {path: _text(diff.diff_kind) for path, diff in (found["detailed_diff"] or {}).items()}
    return Step(_text(found["op"]), _name(found["urn"]), found["urn"], differs)


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


def _text(value: object) -> str:
    return str(getattr(value, "value", value))
