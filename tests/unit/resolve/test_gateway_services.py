"""Which Gateways a proxy serves, and the ports where it listens for them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import Gateway
from pulumi_mesh.manifests.facts import NO_LABELS, KnownService, ServicePort, Workload
from pulumi_mesh.manifests.snapshot import snapshot
from pulumi_mesh.proxy.resolve.gateway_servers import servers_of
from tests.unit.resolve.shop import ROUTER

BY_SERVICE = "internal.istio.io/gateway-service"
UNTRANSLATED = FrozenMap({"experimental.istio.io/disable-gateway-port-translation": "true"})


def gateway(name: str, *ports: int, services: str = "", namespace: str = "istio-system", **more: str) -> Gateway:
    servers = [{"port": {"number": each, "protocol": "HTTP", "name": f"http-{each}"}, "hosts": ["*"]} for each in ports]
    notes = {**({BY_SERVICE: services} if services else {}), **{f"internal.istio.io/{k}": v for k, v in more.items()}}
    selector = {} if services else {"istio": "ingress"}
    return Gateway(name, namespace=namespace, annotations=notes, spec={"selector": selector, "servers": servers})


def kubernetes(name: str, *ports: tuple[int, int], namespace: str = "istio-system") -> KnownService:
    """A Service that selects the proxy. ports: number and target."""
    return KnownService(
        f"{name}.{namespace}.svc.cluster.local",
        name,
        namespace,
        tuple(ServicePort(f"http-{number}", number, target, "HTTP") for number, target in ports),
        "10.96.7.7",
        FrozenMap({"istio": "ingress"}),
    )


def entry(
    host: str, *ports: tuple[int, int], labels: FrozenMap[str, str] = NO_LABELS, namespace: str = "istio-system"
) -> tuple[KnownService, Workload]:
    """A ServiceEntry with the proxy's own address as its endpoint."""
    made = tuple(ServicePort(f"http-{number}", number, target, "HTTP") for number, target in ports)
    service = KnownService(host, host, namespace, made, registry="External", labels=labels)
    listed = FrozenMap({each.name: each.target_port for each in made})
    return service, Workload(f"{host}-1", namespace, ROUTER.address, hostname=host, ports=listed)


def listening(
    gateways: Iterable[Gateway], *known: KnownService | tuple[KnownService, Workload]
) -> list[tuple[str, int]]:
    """Gateways, and where the proxy listens for them."""
    services = [each if isinstance(each, KnownService) else each[0] for each in known]
    workloads = [each[1] for each in known if not isinstance(each, KnownService)]
    found = servers_of(snapshot(gateways, services=services, workloads=workloads), ROUTER)
    return [(each.owner.partition("/")[2], each.port) for each in found]


@pytest.mark.parametrize(
    ("ports", "services", "expected"),
    [
        ((80, 82), [kubernetes("in", (80, 8080))], [8080, 82]),
        ((80, 81), [kubernetes("in", (80, 8080), (81, 8080))], [8080, 81]),
        ((80, 81), [entry("in.com", (80, 8080), (81, 8080))], [8080, 8080]),
        ((80,), [kubernetes("in", (80, 8080), namespace="other")], [80]),
        ((80, 8081), [entry("a.com", (80, 8081), labels=UNTRANSLATED), entry("b.com", (80, 8080))], [8080, 8081]),
    ],
)
def test_by_selector(
    ports: tuple[int, ...], services: list[KnownService | tuple[KnownService, Workload]], expected: list[int]
) -> None:
    assert [port for _, port in listening([gateway("one", *ports)], *services)] == expected


def test_by_service() -> None:
    services = (
        kubernetes("in", (80, 8080)),
        entry("in.com", (81, 8081)),
        entry("else.com", (82, 8082)),
    )
    given = gateway("one", 80, 81, 82, 8080, services="in.istio-system.svc.cluster.local,in.com")
    assert listening([given], *services) == [("one", 8080), ("one", 8081)]


def test_every_service_that_is_named_counts() -> None:
    given = gateway("one", 80, services="a.com,b.com")
    assert listening([given], entry("a.com", (80, 9000)), entry("b.com", (80, 8000))) == [("one", 8000), ("one", 9000)]


def test_a_service_counts_for_gateways_of_its_namespace() -> None:
    far = entry("far.com", (80, 8080), namespace="far")
    assert listening([gateway("one", 80, services="far.com")], far) == []
    assert listening([gateway("one", 80, services="far.com", **{"parent-namespace": "far"})], far) == [("one", 8080)]


def test_beside_managed_gateways_only_those_of_their_namespaces() -> None:
    managed = {"gateway-semantics": "gateway", "service-account-name": "sa"}
    given = [
        gateway("api", 80, namespace="edge", **managed),
        gateway("near", 81, namespace="edge"),
        gateway("far", 82, namespace="far"),
    ]
    assert listening(given) == [("api", 80), ("near", 81)]
    assert [name for name, _ in listening(given[1:])] == ["far", "near"]
