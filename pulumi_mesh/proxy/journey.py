"""A request's whole way: through a gateway or its client's sidecar, to the sidecars of what may get it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Literal

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.facts import KnownService, Proxy, Workload
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve import resolve
from pulumi_mesh.proxy.resolve.terms import in_istio_terms
from pulumi_mesh.proxy.simulate import Outcome, Request, Share, simulate
from pulumi_mesh.proxy.simulate.connection import without_port
from pulumi_mesh.proxy.simulate.destinations import cluster_of, endpoints_of
from pulumi_mesh.proxy.simulate.onward import onward
from pulumi_mesh.proxy.simulate.outcome import Error
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint
from pulumi_mesh.words.identities import spiffe_id

ViewOf = Callable[[Proxy], ProxyView]
_LONGEST = 8
"""Proxies on one way: more are a circle."""

# How far a request came at a gateway, the nearest first: of several gateways the one that takes it furthest is told of.
_FURTHEST: tuple[Error, ...] = (
    "no listener matched",
    "no filter chains matched",
    "multiple filter chains matched",
    "invalid TLS",
    "protocol error",
    "no virtual host matched",
    "no route matched",
)


@dataclass(frozen=True, slots=True)
class Hop:
    """A proxy, or a workload without one, that a share of the requests comes to.

    proxy: None where there is none: then ``workload`` gets the request as it is. workload: its name,
    ``NAME.NAMESPACE``, or the address of an endpoint that nothing else is known of. request: as it comes here.
    outcome: what the proxy does.
    share: of the hop before, that leads here. weight: the fraction of all requests, 0 to 1.
    error: why the request goes no further; empty when it goes on, or is answered.
    next: where the proxy's shares lead; empty where the way ends.
    """

    proxy: Proxy | None
    workload: str
    request: Request
    outcome: Outcome
    share: Share | None = None
    weight: float = 1.0
    error: Error = ""
    next: tuple[Hop, ...] = field(default=())

    @property
    def inbound(self) -> bool:
        """Whether the sidecar hands the request to its own workload."""
        return self.request.direction == "inbound"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a fraction of the requests gets in the end.

    status: None when there is no HTTP answer. An application that gets a request is taken to answer it with 200.
    hops: the way, from the first proxy on.
    """

    fraction: float
    status: int | None
    error: Error
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Journey:
    """The ways of one request. hops: the first proxy; none where no gateway is there."""

    hops: tuple[Hop, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What the client gets, way by way."""
        return tuple(answer for hop in self.hops for answer in _answers(hop, ()))


def journey(
    snapshot: Snapshot, request: Request, source: Proxy | None = None, *, view_of: ViewOf | None = None
) -> Journey:
    """Where a request goes, proxy by proxy.

    request: as ``request_of`` makes it of a URL: its port is that of the service, or of the gateway's Service.
    source: the sidecar whose workload sends it, or the gateway that a client outside comes by; None is the gateway that
    takes the request furthest. view_of: gives the views; default: ``resolve``. Raises MeshError when there is no
    gateway at all.
    """
    snapshot = in_istio_terms(snapshot)
    see = cache(view_of or partial(resolve, snapshot))
    way = _Way(snapshot, see)
    if source is not None and source.kind == "sidecar":
        sent = replace(request, direction="outbound", address=_address_of(snapshot, source, request))
        return Journey((way.hop(source, sent),))
    gateways = [source] if source else [each for each in snapshot.proxies if each.kind == "router"]
    if not gateways:
        raise MeshError("no gateway is known, so a client outside reaches nothing; name who sends the request")
    found = []
    for gateway in gateways:
        arrived = replace(request, direction="gateway", port=_own_port(snapshot, gateway, request.port))
        found.append((gateway, arrived, simulate(see(gateway), arrived)))
    gateway, arrived, _ = max(found, key=lambda each: _distance(each[2]))
    return Journey((way.hop(gateway, arrived),))


def _distance(outcome: Outcome) -> int:
    return _FURTHEST.index(outcome.error) if outcome.error in _FURTHEST else len(_FURTHEST)


def _own_port(snapshot: Snapshot, gateway: Proxy, port: int) -> int:
    """Where a gateway listens for a port of its Service."""
    for _, known, number in snapshot.targets_of(gateway):
        if known.number == port:
            return number
    return port


def service_of(snapshot: Snapshot, namespace: str, host: str) -> KnownService | None:
    """The service that a workload of a namespace reaches by a name, as its DNS completes it."""
    name = without_port(host).lower()
    domain = snapshot.mesh.domain
    for full in (name, f"{name}.{namespace}.svc.{domain}", f"{name}.svc.{domain}", f"{name}.{domain}"):
        if (found := snapshot.service(full)) is not None:
            return found
    return None


def _address_of(snapshot: Snapshot, source: Proxy, request: Request) -> str:
    """The address to which a name leads a client: the service's, or that of a workload where it has none."""
    host = request.host or request.sni
    service = service_of(snapshot, source.namespace, host)
    if service is None:
        literal = without_port(host).strip("[]")
        return request.address or (literal if literal.replace(".", "").isdigit() or ":" in literal else "")
    if service.address or (source.dns_capture and service.automatic_address):
        return service.address or service.automatic_address
    return next((each.address for each in snapshot.workloads_of(service)), "")


@dataclass(frozen=True, slots=True)
class _Way:
    """What each hop asks of the mesh."""

    snapshot: Snapshot
    view_of: ViewOf

    def hop(
        self, proxy: Proxy, request: Request, share: Share | None = None, weight: float = 1.0, behind: int = 0
    ) -> Hop:
        view = self.view_of(proxy)
        outcome = simulate(view, request)
        name = f"{proxy.name}.{proxy.namespace}"
        here = Hop(proxy, name, request, outcome, share, weight, outcome.error)
        if here.inbound or not outcome.passes:
            return here
        if behind >= _LONGEST:
            return replace(here, error="too many hops")
        total = sum(each.weight for each in outcome.clusters)
        shares = [each for each in outcome.clusters if each.weight]
        on = [hop for each in shares for hop in self._on(here, view, each, weight * each.weight / total, behind)]
        return replace(here, next=tuple(on))

    def _on(self, here: Hop, view: ProxyView, share: Share, weight: float, behind: int) -> Iterator[Hop]:
        """Where the requests of a share come to: each kind of workload among the endpoints once."""
        if share.error:
            yield Hop(None, share.cluster, here.request, here.outcome, share, weight, share.error)
            return
        cluster = cluster_of(view, share.cluster)
        if cluster is None:
            return
        kinds: dict[object, list[tuple[Endpoint | None, SocketAddress]]] = {}
        for endpoint, address in _reached(view, cluster, here.request):
            kinds.setdefault(self._kind(address.host), []).append((endpoint, address))
        count = sum(map(len, kinds.values()))
        for alike in kinds.values():
            endpoint, address = alike[0]
            sent = self._sent(here, share, cluster, endpoint, address)
            yield self._arrival(sent, share, weight * len(alike) / count, behind + 1)
        if not kinds:
            yield Hop(None, share.cluster, here.request, Outcome(), share, weight)

    def _kind(self, address: str) -> object:
        """What makes workloads alike: their labels and identity; else the address."""
        workload = self._workload(address)
        return (workload.namespace, workload.labels, workload.service_account) if workload else address

    def _workload(self, address: str) -> Workload | None:
        return next((each for each in self.snapshot.workloads if each.address == address), None)

    def _sent(
        self, here: Hop, share: Share, cluster: Cluster, endpoint: Endpoint | None, address: SocketAddress
    ) -> Request:
        """What the proxy sends to an endpoint."""
        proxy = here.proxy
        routed = here.request.protocol != "tcp" and bool(here.outcome.route_config)
        changed = replace(
            here.request,
            host=share.host or here.outcome.host or here.request.host,
            path=here.outcome.path or here.request.path,
            headers=(share.request_headers or here.outcome.request_headers) if routed else here.request.headers,
            protocol="http2" if routed and cluster.http and cluster.http.protocol == "http2" else here.request.protocol,
            source=proxy.address if proxy else here.request.source,
        )
        identity = _principal(self.snapshot, proxy) if proxy else ""
        return onward(cluster, endpoint, address, changed, identity=identity, own=_passed_on(here, routed=routed))

    def _arrival(self, sent: Request, share: Share, weight: float, behind: int) -> Hop:
        for proxy in self.snapshot.proxies:
            if sent.address in proxy.addresses:
                arrived = replace(sent, direction="gateway") if proxy.kind == "router" else sent
                return self.hop(proxy, arrived, share, weight, behind)
        workload = self._workload(sent.address)
        unknown = f"{sent.address or without_port(sent.host or sent.sni)}:{sent.port}"
        name = f"{workload.name}.{workload.namespace}" if workload else unknown
        # A workload of the mesh that has no sidecar cannot end mutual TLS.
        error: Error = (
            "invalid mTLS" if workload and not workload.mesh and sent.tls == "mtls" and sent.principal else ""
        )
        return Hop(None, name, sent, Outcome(), share, weight, error)


def _passed_on(here: Hop, *, routed: bool) -> Literal["plaintext", "tls", "mtls"]:
    """The TLS of what a proxy sends on without its own: the client's, unless it was ended to be read."""
    return "plaintext" if routed or here.outcome.ended_tls else here.request.tls


def _reached(view: ProxyView, cluster: Cluster, request: Request) -> Iterator[tuple[Endpoint | None, SocketAddress]]:
    """A cluster's endpoints that may get a request; of one without, where the client wanted to go."""
    if cluster.type == "ORIGINAL_DST":
        yield None, SocketAddress(request.address, request.port)
        return
    for endpoint in endpoints_of(view, cluster):
        if isinstance(endpoint.address, SocketAddress):
            yield endpoint, endpoint.address


def _principal(snapshot: Snapshot, proxy: Proxy) -> str:
    """The identity in a proxy's certificate."""
    return spiffe_id(snapshot.mesh.trust_domain, proxy.namespace, proxy.service_account)


def _answers(hop: Hop, before: tuple[Hop, ...]) -> Iterator[Answer]:
    hops = (*before, hop)
    if hop.next:
        for each in hop.next:
            yield from _answers(each, hops)
        return
    status = hop.outcome.status
    http = hops[0].request.protocol != "tcp"
    if status is None and http:
        # What fails between two proxies the first of them tells its client as 503.
        own = hop.share.status if hop.share else None
        status = (own or (503 if len(hops) > 1 else None)) if hop.error else 200
    yield Answer(hop.weight, status if http else None, hop.error, hops)
