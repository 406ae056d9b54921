"""A journey for a machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_mesh.explain.words import changes, limits, request_line
from pulumi_mesh.proxy.journey import Hop, Journey
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.refs import Ref


def journey_data(journey: Journey, request: Request, place: Callable[[Ref], str]) -> dict[str, Any]:
    """The request, its hops as a tree, and what the client sees. place: ``file:line`` of a Ref."""
    return {
        "request": request_line(request),
        "hops": [_hop(each, place) for each in journey.hops],
        "answers": [
            {
                "fraction": each.fraction,
                "status": each.status,
                "error": each.error,
                "by": each.hops[-1].workload,
                "location": each.hops[-1].outcome.location,
            }
            for each in journey.answers
        ],
    }


def _hop(hop: Hop, place: Callable[[Ref], str]) -> dict[str, Any]:
    outcome = hop.outcome
    sent = outcome.passes and hop.proxy is not None
    return {
        "workload": hop.workload,
        "proxy": hop.proxy.kind if hop.proxy else None,
        "direction": hop.request.direction,
        "fraction": hop.weight,
        "tls": hop.request.tls,
        "principal": outcome.principal,
        "listener": outcome.listener,
        "filter_chain": outcome.filter_chain,
        "route_config": outcome.route_config,
        "virtual_host": outcome.virtual_host,
        "route": outcome.route,
        "clusters": [
            {"cluster": each.cluster, "weight": each.weight, "transport": each.transport, "error": each.error}
            for each in outcome.clusters
        ],
        "host": outcome.host,
        "path": outcome.path,
        "status": outcome.status,
        "error": hop.error,
        "steps": [{"text": each.text, **_where(each.ref, place)} for each in outcome.why],
        "changes": list(changes(hop.request, outcome)) if sent else [],
        "limits": list(limits(outcome)) if sent and not hop.inbound else [],
        "next": [_hop(each, place) for each in hop.next],
    }


def _where(ref: Ref | None, place: Callable[[Ref], str]) -> dict[str, Any]:
    if ref is None:
        return {"ref": None, "place": ""}
    named = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name, "path": ref.path}
    return {"ref": named, "place": place(ref)}
