"""Short ways to say what a snapshot holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pulumi_mesh.findings import Severity
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import (
    AuthorizationPolicy,
    DestinationRule,
    Gateway,
    PeerAuthentication,
    ServiceEntry,
    VirtualService,
)
from pulumi_mesh.manifests.facts import KnownService, Proxy, ServicePort, Workload
from pulumi_mesh.manifests.snapshot import Snapshot, snapshot
from pulumi_mesh.objects import Object
from pulumi_mesh.typed import TOKEN_END, TOKEN_START

TOKEN = f"{TOKEN_START}1{TOKEN_END}"
Protocol: TypeAlias = Literal["HTTP", "HTTP2", "GRPC", "TCP", "TLS", "HTTPS"]

REVIEWS = "reviews.shop.svc.cluster.local"


@dataclass(frozen=True)
class Expected:
    """A finding, by its first place; text: parts of its message and fix."""

    place: str
    text: tuple[str, ...] = ()
    severity: Severity | None = None


def say(place: str, *text: str, severity: Severity | None = None) -> Expected:
    """What a finding must say."""
    return Expected(place, text, severity)


def known(*given: Object | KnownService | Workload | Proxy) -> Snapshot:
    """A snapshot of these; every service, workload and proxy in the order of types."""
    return snapshot(
        [each for each in given if isinstance(each, Object)],
        services=[each for each in given if isinstance(each, KnownService)],
        workloads=[each for each in given if isinstance(each, Workload)],
        proxies=[each for each in given if isinstance(each, Proxy)],
    )


def service(
    name: str = "reviews",
    *ports: int,
    namespace: str = "shop",
    domain: str = "cluster.local",
    protocol: Protocol = "HTTP",
    **others: Protocol,
) -> KnownService:
    """A service; port 9080 unless others are given. others: protocols that differ, such as ``p443="HTTPS"``."""
    return KnownService(
        hostname=f"{name}.{namespace}.svc.{domain}",
        name=name,
        namespace=namespace,
        ports=tuple(
            ServicePort(f"port-{each}", each, each, others.get(f"p{each}", protocol)) for each in ports or (9080,)
        ),
        selector=FrozenMap({"app": name}),
    )


def workload(app: str = "reviews", namespace: str = "shop", *, mesh: bool = True) -> Workload:
    """A workload that answers for the service of that name."""
    return Workload(app, namespace, "10.0.0.1", FrozenMap({"app": app}), mesh=mesh)


def router(istio: str = "ingress", namespace: str = "edge", **labels: str) -> Proxy:
    """A gateway proxy with the label ``istio``."""
    return Proxy("router", istio, namespace, "10.0.0.2", FrozenMap({"istio": istio, **labels}))


def route(*http: dict[str, Any], name: str = "reviews", namespace: str = "shop", **spec: Any) -> VirtualService:
    """A VirtualService of HTTP rules; its host is ``reviews`` unless given."""
    return VirtualService(name, namespace=namespace, spec={"hosts": ["reviews"], "http": list(http), **spec})


def to(host: str = "reviews", subset: str | None = None, port: int | None = None, **rule: Any) -> dict[str, Any]:
    """An HTTP rule with one destination."""
    destination: dict[str, Any] = {"host": host}
    if subset is not None:
        destination["subset"] = subset
    if port is not None:
        destination["port"] = {"number": port}
    return {"route": [{"destination": destination}], **rule}


def rule(*subsets: str, host: str = "reviews", namespace: str = "shop", **spec: Any) -> DestinationRule:
    """A DestinationRule with these subsets."""
    named = [{"name": each, "labels": {"version": each}} for each in subsets]
    return DestinationRule("rule", namespace=namespace, spec={"host": host, "subsets": named, **spec})


def entry(host: str, *ports: int, namespace: str = "shop", **spec: Any) -> ServiceEntry:
    """A ServiceEntry of one host."""
    listed = [{"name": f"tls-{each}", "number": each, "protocol": "TLS"} for each in ports or (443,)]
    return ServiceEntry("entry", namespace=namespace, spec={"hosts": [host], "ports": listed, **spec})


def server(*hosts: str, port: int = 80, protocol: str = "HTTP", **fields: Any) -> dict[str, Any]:
    """A server of a Gateway; all hosts unless some are given."""
    return {"hosts": hosts or ["*"], "port": {"number": port, "name": f"p{port}", "protocol": protocol}, **fields}


def gateway(
    *servers: dict[str, Any], name: str = "public", namespace: str = "edge", istio: str = "ingress", **labels: str
) -> Gateway:
    """A Gateway served by proxies with the label ``istio``."""
    return Gateway(name, namespace=namespace, spec={"selector": {"istio": istio, **labels}, "servers": list(servers)})


def peer(
    mode: str | None = None, name: str = "default", namespace: str = "shop", app: str = "", **spec: Any
) -> PeerAuthentication:
    """A PeerAuthentication for a namespace, or for the workloads of an app."""
    given: dict[str, Any] = dict(spec)
    if mode:
        given["mtls"] = {"mode": mode}
    if app:
        given["selector"] = {"matchLabels": {"app": app}}
    return PeerAuthentication(name, namespace=namespace, spec=given)


def authorization(
    source: dict[str, Any] | None = None, action: str = "ALLOW", namespace: str = "shop", app: str = "", **rest: Any
) -> AuthorizationPolicy:
    """An AuthorizationPolicy of one rule; rest: other fields of the rule."""
    only = {**({"from": [{"source": source}]} if source else {}), **rest}
    spec: dict[str, Any] = {"action": action, "rules": [only]}
    if app:
        spec["selector"] = {"matchLabels": {"app": app}}
    return AuthorizationPolicy("policy", namespace=namespace, spec=spec)
