"""The graph of a snapshot: what its gateways and clients send, and what the servers' proxies make of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pulumi_mesh.graph.access import access
from pulumi_mesh.graph.callers import named_callers
from pulumi_mesh.graph.model import Access, Edge, Graph, Node, Security
from pulumi_mesh.graph.security import speech, taken_by
from pulumi_mesh.graph.sent import Sent, sent_by
from pulumi_mesh.manifests.answering import Answering, answering
from pulumi_mesh.manifests.facts import KnownService, Proxy, Workload
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve import resolve_all
from pulumi_mesh.proxy.simulate.destinations import endpoints_of
from pulumi_mesh.proxy.simulate.onward import onward
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint
from pulumi_mesh.words.cluster_names import parsed
from pulumi_mesh.words.identities import spiffe_id

ANYONE = "workload:any"


def graph(snapshot: Snapshot, calls: Iterable[tuple[str, str]] = (), source: Proxy | None = None) -> Graph:
    """What is sent in a mesh.

    Gateways send what they have routes for. Sidecars may send anything anywhere; drawn are the calls that are declared,
    and those of clients that policies name. A host whose requests are routed though nothing is known to call it is
    shown with a client of its own, which stands for any.
    calls: (client, server) host names. source: only what this proxy may send, and what follows from that.
    """
    views = resolve_all(snapshot, snapshot.proxies)
    known = sorted({*calls, *named_callers(snapshot)})
    whole = _Whole(snapshot, views, {each.hostname: each for each in snapshot.services})
    if source is not None:
        edges = _following(whole, source, known)
    else:
        edges = [edge for each in snapshot.proxies if each.kind == "router" for edge in whole.edges(each)]
        edges += [edge for client, server in known for edge in whole.calls(client, server)]
        edges += whole.by_anyone({server for _, server in known})
    return Graph(_nodes(whole, edges, everything=source is None), _merged(edges))


@dataclass(frozen=True, slots=True)
class _Whole:
    """The snapshot, the views of all proxies, and the services by host."""

    snapshot: Snapshot
    views: Mapping[Proxy, ProxyView]
    services: Mapping[str, KnownService]
    _sidecars: dict[str, Proxy] = field(init=False)
    _answering: Answering = field(init=False)

    def __post_init__(self) -> None:
        found = {address: each for each in self.views if each.kind == "sidecar" for address in each.addresses}
        object.__setattr__(self, "_sidecars", found)
        object.__setattr__(self, "_answering", answering(self.snapshot.workloads))

    def edges(self, client: Proxy, host: str = "", node: str = "") -> list[Edge]:
        """What a proxy sends, or sends to a host."""
        view = self.views[client]
        clusters = {each.name: each for each in view.clusters}
        return [
            self._edge(node or self.node_of(client), client, view, clusters.get(each.cluster), each, anyone=bool(node))
            for each in sent_by(view, host)
        ]

    def calls(self, client: str, server: str) -> list[Edge]:
        """What the workloads of a service send to another."""
        return [edge for each in self.proxies_of(client) for edge in self.edges(each, server)]

    def by_anyone(self, called: set[str]) -> Iterator[Edge]:
        """What any client sends to hosts that have routes of their own and no known client."""
        for host, service in self.services.items():
            own = self.proxies_of(host)
            client = next((each for each in self.views if each.kind == "sidecar" and each not in own), None)
            client = client or next(iter(own), None)
            if host in called or client is None:
                continue
            routes = (each for config in self.views[client].routes for each in config.virtual_hosts)
            if any(host in each.domains and each.ref and each.ref.kind != "Service" for each in routes):
                yield from self.edges(client, service.hostname, ANYONE)

    def proxies_of(self, host: str) -> list[Proxy]:
        """The sidecars of the workloads of a service."""
        service = self.services.get(host)
        found = (self._sidecars.get(each.address) for each in self.workloads(service))
        return [each for each in found if each is not None]

    def workloads(self, service: KnownService | None) -> tuple[Workload, ...]:
        """The workloads that answer for a service; none for one that nobody knows."""
        return self._answering.for_service(service) if service else ()

    def node_of(self, proxy: Proxy) -> str:
        """The id of the node that stands for a proxy: a gateway, a service, or a workload that answers for none."""
        if proxy.kind == "router":
            return f"gateway:{proxy.namespace}/{proxy.name}"
        host = next((each.hostname for each, _, _ in self.snapshot.targets_of(proxy)), "")
        return f"service:{host}" if host else f"workload:{proxy.namespace}/{proxy.name}"

    def _edge(
        self, node: str, client: Proxy, view: ProxyView, cluster: Cluster | None, sent: Sent, *, anyone: bool
    ) -> Edge:
        target = f"version:{sent.host}|{sent.subset}" if sent.subset else f"service:{sent.host}"
        found: list[tuple[Security, Access, tuple[str, ...]]] = []
        for endpoint in endpoints_of(view, cluster) if cluster else ():
            found.append(self._between(client, cluster, endpoint, sent, anyone=anyone))
        securities = {security for security, _, _ in found}
        accesses = {access for _, access, _ in found}
        return Edge(
            source=node,
            target=target,
            labels=(sent.label,) if sent.label else (),
            weight=sent.weight,
            security=securities.pop() if len(securities) == 1 else ("mixed" if securities else "unknown"),
            access=accesses.pop() if len(accesses) == 1 else ("partly" if accesses else "allowed"),
            policies=tuple(sorted({policy for _, _, policies in found for policy in policies})),
            ref=sent.ref,
        )

    def _between(
        self, client: Proxy, cluster: Cluster | None, endpoint: Endpoint, what: Sent, *, anyone: bool
    ) -> tuple[Security, Access, tuple[str, ...]]:
        address = endpoint.address
        if cluster is None or not isinstance(address, SocketAddress):
            return "unknown", "allowed", ()
        own: Literal["plaintext", "tls"] = "tls" if what.server_name else "plaintext"
        request = Request(
            host=what.host,
            protocol=what.protocol,
            tls=own,
            sni=what.server_name,
            source="" if anyone else client.address,
        )
        identity = spiffe_id(self.snapshot.mesh.trust_domain, client.namespace, client.service_account)
        sent = onward(cluster, endpoint, address, request, identity=identity, own=own)
        server = self._sidecars.get(address.host)
        if server is None:
            return speech(sent), "allowed", ()
        taken = taken_by(self.views[server], sent)
        if taken is None:
            return "mismatch", "allowed", ()
        return (speech(sent), *access(*taken, anyone=anyone))


def _following(whole: _Whole, source: Proxy, known: list[tuple[str, str]]) -> list[Edge]:
    """What a proxy may send, and what those that it is known to call are known to send in turn."""
    edges = whole.edges(source)
    own = _host(whole.node_of(source))
    reached = {own}
    called = {server for client, server in known if client == own}
    waiting = [host for each in edges if (host := _host(each.target)) in called or source.kind == "router"]
    while waiting:
        client = waiting.pop()
        if client in reached:
            continue
        reached.add(client)
        new = [edge for one, server in known if one == client for edge in whole.calls(client, server)]
        edges += new
        waiting += [_host(each.target) for each in new]
    return edges


def _host(node: str) -> str:
    return node.partition(":")[2].partition("|")[0]


def _merged(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Edges that differ only in which requests they are for as one, in the order of what they join."""
    found: dict[tuple[object, ...], list[Edge]] = {}
    for each in edges:
        key = (each.source, each.target, each.weight, each.security, each.access, each.policies)
        found.setdefault(key, []).append(each)
    merged: list[Edge] = []
    for those in found.values():
        first = those[0]
        labels = tuple(dict.fromkeys(label for each in those for label in each.labels))
        labels = labels if all(each.labels for each in those) else ()
        merged.append(dataclasses.replace(first, labels=labels))
    return tuple(sorted(merged, key=lambda each: (each.source, each.target, each.labels, each.weight or 0)))


def _nodes(whole: _Whole, edges: list[Edge], *, everything: bool) -> tuple[Node, ...]:
    ends = {end for each in edges for end in (each.source, each.target)}
    hosts = {_host(each) for each in ends if each.startswith(("service:", "version:"))}
    found: list[Node] = []
    for proxy in whole.views:
        node = whole.node_of(proxy)
        if proxy.kind == "router" and (everything or node in ends):
            found.append(Node(node, "gateway", proxy.name, proxy.namespace, _served(whole.views[proxy])))
        elif node.startswith("workload:") and node in ends:
            found.append(Node(node, "workload", proxy.name, proxy.namespace))
    if ANYONE in ends:
        found.append(Node(ANYONE, "workload", "any client in the mesh"))
    subsets: dict[str, set[str]] = {}
    for key in {parsed(each.name) for view in whole.views.values() for each in view.clusters}:
        if key and key.direction == "outbound" and key.subset:
            subsets.setdefault(key.host, set()).add(key.subset)
    for host in sorted({*hosts, *(whole.services if everything else ())}):
        found += _service_nodes(whole, host, sorted(subsets.get(host, ())))
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (_ORDER.index(each.kind), each.id)))


_ORDER = ("gateway", "workload", "service", "external", "version")


def _service_nodes(whole: _Whole, host: str, subsets: list[str]) -> Iterator[Node]:
    service = whole.services.get(host)
    name, namespace = (service.name, service.namespace) if service else (host, "")
    ports = tuple(f"{each.number} {each.protocol}" for each in service.ports) if service else ()
    kind = "service" if whole.workloads(service) else "external"
    yield Node(f"service:{host}", "service" if kind == "service" else "external", name, namespace, ports)
    for subset in subsets:
        yield Node(f"version:{host}|{subset}", "version", subset, within=f"service:{host}")


def _served(view: ProxyView) -> tuple[str, ...]:
    """The hosts and ports that a gateway serves."""
    ports = [each.address.port for each in view.listeners if isinstance(each.address, SocketAddress)]
    hosts = {domain for config in view.routes for each in config.virtual_hosts for domain in each.domains}
    return (*sorted(each for each in hosts if ":" not in each), *(f"port {each}" for each in sorted(set(ports))))
