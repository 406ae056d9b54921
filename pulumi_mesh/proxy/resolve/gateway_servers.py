"""The Gateways that a proxy serves, and their servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_mesh.istio import Gateway, gateway
from pulumi_mesh.manifests.facts import KnownService, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of, selects
from pulumi_mesh.proxy.resolve.origins import places
from pulumi_mesh.proxy.resolve.virtual_services import by_age
from pulumi_mesh.refs import Ref

HTTP_PROTOCOLS = frozenset({"HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY"})
"""Protocols of servers that speak plain HTTP."""

SERVICES = "internal.istio.io/gateway-service"
"""The annotation of a Gateway that names the Services before its proxies, by host, instead of selecting proxies."""
PARENT_NAMESPACE = "internal.istio.io/parent-namespace"
ACCOUNT = "internal.istio.io/service-account-name"
SEMANTICS = "internal.istio.io/gateway-semantics"

Target = tuple[KnownService, ServicePort, int]
"""A port of a Service in front of a proxy, and the proxy's own port behind it."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server of a Gateway, at one of the ports where the proxy listens.

    owner: ``NAMESPACE/NAME`` of the Gateway. hosts: without ``./`` and ``*/``. port: where the proxy listens.
    route_name: of its route table; empty where it has none.
    """

    spec: gateway.Server
    owner: str
    hosts: tuple[str, ...]
    port: int
    route_name: str
    ref: Ref

    @property
    def protocol(self) -> str:
        """In upper case."""
        return self.spec.port.protocol.upper()

    @property
    def bind(self) -> str:
        """The address that it asks for; empty for any."""
        return self.spec.bind or ""

    @property
    def is_http(self) -> bool:
        """Plain HTTP."""
        return self.protocol in HTTP_PROTOCOLS

    @property
    def is_tls(self) -> bool:
        """TLS of any mode; plain HTTP has ``tls`` only for its redirect. Mirrors IsTLSServer (pkg/config/gateway)."""
        return self.spec.tls is not None and not self.is_http

    @property
    def terminates_https(self) -> bool:
        """HTTPS that ends here."""
        return self.protocol == "HTTPS" and self.spec.tls is not None and not self.passes_through

    @property
    def passes_through(self) -> bool:
        """TLS that is not ended here."""
        return self.spec.tls is not None and self.spec.tls.mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH")

    @property
    def redirects(self) -> bool:
        """Whether plain HTTP is sent on to HTTPS."""
        return bool(self.spec.tls and self.spec.tls.https_redirect)

    @property
    def server_names(self) -> tuple[str, ...]:
        """The hosts without namespaces, sorted. Mirrors GetSNIHostsForServer (pilot/pkg/model/gateway.go)."""
        return tuple(sorted({each.rpartition("/")[2] for each in self.hosts}))


def servers_of(snapshot: Snapshot, proxy: Proxy) -> Iterator[Server]:
    """The servers of all Gateways that a proxy serves, oldest Gateway first, each at each port where it listens.

    Mirrors PushContext.mergeGateways (push_context.go) and resolvePorts (pilot/pkg/model/gateway.go).
    """
    targets = _targets(snapshot, proxy)
    for item, translated in _strict(list(_selected(snapshot, proxy, targets))):
        written = places(item)
        for position, spec in enumerate(item.spec.servers or ()):
            for port in _ports(spec.port.number, translated, by_selector=SERVICES not in item.annotations):
                yield Server(
                    spec,
                    f"{item.namespace}/{item.name}",
                    _hosts(spec.hosts, item.namespace),
                    port,
                    _route_name(spec, port, item),
                    written[position] if written else ref_of(item, f"spec.servers[{position}]"),
                )


def _targets(snapshot: Snapshot, proxy: Proxy) -> tuple[Target, ...]:
    """Of Service ports with one target port and protocol the first counts.

    Mirrors Controller.GetProxyServiceTargetsByPod (pilot/pkg/serviceregistry/kube/controller).
    """
    found: dict[tuple[object, ...], Target] = {}
    for service, port, number in snapshot.targets_of(proxy):
        known = port.number if service.registry == "External" else port.protocol
        found.setdefault((service.hostname, service.namespace, known, number), (service, port, number))
    return tuple(found.values())


def _selected(
    snapshot: Snapshot, proxy: Proxy, targets: tuple[Target, ...]
) -> Iterator[tuple[Gateway, tuple[Target, ...]]]:
    """Gateways for a proxy, each with the ports that its own are translated by."""
    for item in sorted(snapshot.of(Gateway), key=by_age):
        if SERVICES in item.annotations:
            named = str(item.annotations[SERVICES]).split(",")
            namespace = item.annotations.get(PARENT_NAMESPACE) or item.namespace
            theirs = tuple(each for each in targets if each[0].hostname in named and each[0].namespace == namespace)
            if theirs:
                yield item, theirs
        elif selects(item.spec.selector or {}, proxy.labels):
            yield item, targets


def _strict(
    selected: list[tuple[Gateway, tuple[Target, ...]]],
) -> list[tuple[Gateway, tuple[Target, ...]]]:
    """Beside the Gateway API's managed gateways no Gateway of another namespace counts: it could use their secrets.

    Mirrors filterStrictGatewayMerging (push_context.go).
    """
    managed = {item.namespace for item, _ in selected if _of_api(item) and item.annotations.get(ACCOUNT)}
    if not managed:
        return selected
    return [(item, ports) for item, ports in selected if _of_api(item) or item.namespace in managed]


def _of_api(item: Gateway) -> bool:
    return item.annotations.get(SEMANTICS) == "gateway"


def _ports(number: int, targets: tuple[Target, ...], *, by_selector: bool) -> tuple[int, ...]:
    """Where the proxy listens for a port of a Gateway: behind the Service's port of that number.

    A Gateway that selects proxies means the first Service, and the port itself where there is none.
    """
    behind = tuple(
        dict.fromkeys(
            target
            for service, port, target in targets
            if port.number == number
            and not (by_selector and "experimental.istio.io/disable-gateway-port-translation" in service.labels)
        )
    )
    return (behind[:1] or (number,)) if by_selector else tuple(sorted(behind))


def _route_name(spec: gateway.Server, port: int, owner: Gateway) -> str:
    """Mirrors gatewayRDSRouteName (pilot/pkg/model/gateway.go)."""
    bind = f".{spec.bind}" if spec.bind else ""
    protocol = spec.port.protocol.upper()
    if protocol in HTTP_PROTOCOLS:
        return f"http.{port}{bind}"
    if protocol == "HTTPS" and not (spec.tls and spec.tls.mode in ("PASSTHROUGH", "AUTO_PASSTHROUGH")):
        return f"https.{spec.port.number}.{spec.port.name}.{owner.name}.{owner.namespace}{bind}"
    return ""


def _hosts(hosts: Iterable[str], namespace: str) -> tuple[str, ...]:
    """Hosts with their namespace written out, or without where it is any.

    Mirrors sanitizeServerHostNamespace (pilot/pkg/model/gateway.go).
    """
    found = []
    for each in hosts:
        owner, slash, host = each.partition("/")
        if not slash:
            found.append(each)
        elif owner == "*":
            if host == "*":
                return ("*",)
            found.append(host)
        else:
            found.append(f"{namespace if owner == '.' else owner}/{host}")
    return tuple(found)
