"""A journey as a tree of lines, each with the object that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pulumi_mesh.explain.words import answer_text, changes, hop_title, limits, request_line
from pulumi_mesh.proxy.journey import Hop, Journey
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.outcome import TO_HTTPS, Error
from pulumi_mesh.refs import Ref


@dataclass(frozen=True, slots=True)
class Line:
    """text: one thing that is decided or done. ref: the object that asked for it. below: what follows from it.

    kind: ``hop`` is a proxy or workload, ``end`` what the client sees in the end, ``error`` why it goes no further.
    """

    text: str
    ref: Ref | None = None
    below: tuple[Line, ...] = field(default=())
    kind: Literal["step", "hop", "end", "error"] = "step"


def story(journey: Journey, request: Request) -> Line:
    """The request; below it its hops, each with its steps and the hops after it; then what the client sees."""
    ends = tuple(Line(answer_text(each), kind=_kind(each.error)) for each in journey.answers)
    return Line(request_line(request), below=(*map(_hop, journey.hops), Line("the client sees", below=ends)))


def _kind(error: Error) -> Literal["end", "error"]:
    """How a way ends: that a client is sent on to HTTPS is no failure."""
    return "error" if error and error != TO_HTTPS else "end"


def _hop(hop: Hop) -> Line:
    return Line(hop_title(hop), below=tuple(_steps(hop)), kind="hop")


def _steps(hop: Hop) -> Iterator[Line]:
    outcome = hop.outcome
    if hop.proxy is not None:
        if outcome.principal:
            yield Line(f"the client is {outcome.principal}")
        yield from (Line(each.text, each.ref) for each in outcome.why)
        if outcome.passes:
            yield from (Line(each, outcome.ref) for each in changes(hop.request, outcome))
            if not hop.inbound:
                yield from (Line(each, outcome.ref) for each in limits(outcome))
    if hop.error and not hop.next:
        text = f"{outcome.status} to {outcome.location}" if hop.error == TO_HTTPS else hop.error
        yield Line(text, kind=_kind(hop.error))
    yield from map(_hop, hop.next)
