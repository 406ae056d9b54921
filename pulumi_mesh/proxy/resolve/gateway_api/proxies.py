"""The proxies that istiod deploys for Gateways, and the Services in front of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.gateway_api import Gateway, ListenerSet
from pulumi_mesh.manifests.facts import KnownService, Protocol, Proxy, ServicePort, Workload
from pulumi_mesh.manifests.snapshot import Snapshot, ref_of
from pulumi_mesh.proxy.resolve.gateway_api import classes
from pulumi_mesh.proxy.resolve.gateway_api.listeners import attached_sets, listeners_of
from pulumi_mesh.proxy.resolve.gateway_api.words import GROUP

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
_NETWORK = "240.3"
_LONGEST_PORT_NAME = 63
_PROTOCOLS = ("HTTP", "HTTPS", "TLS", "TCP", "UDP")


@dataclass(frozen=True, slots=True)
class Managed:
    """What istiod deploys for a Gateway."""

    proxy: Proxy
    workload: Workload
    service: KnownService


def managed(snapshot: Snapshot) -> Iterator[Managed]:
    """The proxy, its workload and its Service, for each Gateway that is Istio's and is not said to have others; named
    as istiod names the Deployment.

    Mirrors configureIstioGateway (config/kube/gatewaycommon) and the template kube-gateway. Addresses, which only a
    cluster knows, come from 240.0.0.0/4 in the order of names.
    """
    ours = [each for each in snapshot.of(Gateway) if classes.is_ours(snapshot, each) and classes.is_managed(each)]
    for position, each in enumerate(ours):
        name, domain = classes.deployment_name(each), snapshot.mesh.domain
        labels, account = _labels(each), classes.service_account(each)
        address = f"{_NETWORK}.{position // 254}.{position % 254 + 1}"
        service = KnownService(
            hostname=f"{name}.{each.namespace}.svc.{domain}",
            name=name,
            namespace=each.namespace,
            ports=tuple(_ports(snapshot, each)),
            address=f"{_NETWORK}.{128 + position // 254}.{position % 254 + 1}",
            selector=FrozenMap({GATEWAY_NAME: each.name}),
            ref=ref_of(each),
        )
        workload = Workload(name, each.namespace, address, labels, account, mesh=True, ref=ref_of(each))
        yield Managed(Proxy("router", name, each.namespace, address, labels, account, domain), workload, service)


def with_managed(snapshot: Snapshot) -> Snapshot:
    """A snapshot with what istiod deploys, where it is not there yet: a proxy with the Gateway's label, its Service."""
    routers = {
        (each.namespace, each.labels[GATEWAY_NAME])
        for each in snapshot.proxies
        if each.kind == "router" and GATEWAY_NAME in each.labels
    }
    known = {each.hostname for each in snapshot.services}
    every = tuple(managed(snapshot))
    missing = [each for each in every if (each.proxy.namespace, each.proxy.labels[GATEWAY_NAME]) not in routers]
    return replace(
        snapshot,
        proxies=(*snapshot.proxies, *(each.proxy for each in missing)),
        workloads=(*snapshot.workloads, *(each.workload for each in missing)),
        services=(*snapshot.services, *(each.service for each in every if each.service.hostname not in known)),
    )


def _labels(item: Gateway) -> FrozenMap[str, str]:
    infrastructure = item.spec.infrastructure
    own: Mapping[str, Any] = item.labels
    if infrastructure is not None and infrastructure.labels is not None:
        own = {key: value for key, value in infrastructure.labels.items() if not key.startswith(f"{GROUP}/")}
    return FrozenMap(
        {
            "sidecar.istio.io/inject": "false",
            "service.istio.io/canonical-name": classes.deployment_name(item),
            "service.istio.io/canonical-revision": "latest",
            **own,
            GATEWAY_NAME: item.name,
            "gateway.networking.k8s.io/gateway-class-name": item.spec.gateway_class_name,
            "gateway.istio.io/managed": "istio.io-gateway-controller",
        }
    )


def _ports(snapshot: Snapshot, item: Gateway) -> Iterator[ServicePort]:
    """A port for each that a listener is on, and the one for health. Mirrors extractServicePorts (gatewaycommon)."""
    yield ServicePort("status-port", 15021, 15021, "TCP")
    names: set[str] = {"status-port"}
    numbers: set[int] = set()
    owners: list[Gateway | ListenerSet] = [item, *attached_sets(snapshot, item)]
    for each in (listener for owner in owners for listener in listeners_of(owner)):
        if each.port in numbers:
            continue
        numbers.add(each.port)
        name = _unique(each.name.replace(".", "-"), each.port, names)
        names.add(name)
        yield ServicePort(
            name,
            each.port,
            each.port,
            cast("Protocol", each.protocol if each.protocol in _PROTOCOLS else "UNSUPPORTED"),
        )


def _unique(name: str, port: int, used: set[str]) -> str:
    """Mirrors uniquePortName (gatewaycommon)."""
    candidate, suffix = name[:_LONGEST_PORT_NAME], f"-{port}"
    while candidate in used:
        candidate = f"{name[: _LONGEST_PORT_NAME - len(suffix)]}{suffix}"
        suffix += "x"
    return candidate
