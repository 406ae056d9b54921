"""A mesh as a graph: who sends to whom, how much of it, how it is protected, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pulumi_mesh.refs import Ref

NodeKind = Literal["gateway", "service", "version", "external", "workload"]
Security = Literal["mtls", "tls", "plaintext", "mixed", "mismatch", "unknown"]
Access = Literal["allowed", "denied", "partly"]


@dataclass(frozen=True, slots=True)
class Node:
    """kind: ``version`` stands in a service (``within``, its id); ``external`` is a service without workloads here;
    ``workload`` is a client without a service. title: what it is called. details: hosts and ports.
    """

    id: str
    kind: NodeKind
    title: str
    namespace: str = ""
    details: tuple[str, ...] = ()
    within: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """Traffic from one node to another. A target that is a service is any of its versions.

    labels: which requests, such as ``/reviews*``; none is all of them. weight: percent of them, None when it is all.
    security: what holds between the two: ``mtls`` (the mesh's), ``tls`` (of another kind, begun by the proxy or before
    it), ``plaintext``, ``mixed`` where endpoints differ, ``mismatch`` where the server does not take what the client
    sends, ``unknown`` without an endpoint that is known. access: whether the server's policies let the client in;
    ``partly`` is for some requests. policies: those that say so. ref: the object that asked for the edge.
    """

    source: str
    target: str
    labels: tuple[str, ...] = ()
    weight: float | None = None
    security: Security = "unknown"
    access: Access = "allowed"
    policies: tuple[str, ...] = ()
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges, in an order that depends on the mesh alone."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
