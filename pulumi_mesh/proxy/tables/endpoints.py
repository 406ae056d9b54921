"""The endpoints of a view as a table (``istioctl proxy-config endpoints``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pulumi_mesh.proxy.tables.listeners import host, port
from pulumi_mesh.proxy.tables.table import Table
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Pipe
from pulumi_mesh.proxy.view.clusters import Endpoint, EndpointSet

HEALTHY = "HEALTHY"
"""What Envoy takes an endpoint for whose health nobody told."""


@dataclass(frozen=True, slots=True)
class EndpointFilter:
    """Which endpoints are asked for; empty fields take any. status: Envoy's health status, in any case."""

    address: str = ""
    port: int = 0
    cluster: str = ""
    status: str = ""

    def takes(self, endpoint: Endpoint, cluster: str) -> bool:
        """Whether the endpoint of that cluster is asked for."""
        return (
            self.address.lower() in ("", host(endpoint.address).lower())
            and self.port in (0, port(endpoint.address))
            and self.cluster.lower() in ("", cluster.lower())
            and self.status.upper() in ("", _status(endpoint))
        )


def endpoint_sets(view: ProxyView, asked: EndpointFilter = EndpointFilter()) -> tuple[EndpointSet, ...]:
    """The endpoints that are asked for of every cluster, those that clusters hold themselves too; none empty."""
    return tuple(_asked(_sets(view), asked))


def endpoint_table(sets: Sequence[EndpointSet]) -> Table:
    """Each endpoint, by address, port and cluster. Outliers are known only to a proxy that runs, so all are OK."""
    found = [(each, one.cluster) for one in sets for locality in one.localities for each in locality.endpoints]
    found.sort(key=lambda pair: (host(pair[0].address), port(pair[0].address), pair[1]))
    rows = tuple((_address(each), _status(each), "OK", cluster) for each, cluster in found)
    return Table(("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER"), rows)


def _sets(view: ProxyView) -> Iterator[EndpointSet]:
    yield from view.endpoints
    for each in view.clusters:
        if each.endpoints:
            yield EndpointSet(each.name, each.endpoints)


def _asked(sets: Iterator[EndpointSet], asked: EndpointFilter) -> Iterator[EndpointSet]:
    for one in sets:
        localities = tuple(
            replace(locality, endpoints=those)
            for locality in one.localities
            if (those := tuple(each for each in locality.endpoints if asked.takes(each, one.cluster)))
        )
        if localities:
            yield replace(one, localities=localities)


def _status(endpoint: Endpoint) -> str:
    return endpoint.health if endpoint.health not in ("", "UNKNOWN") else HEALTHY


def _address(endpoint: Endpoint) -> str:
    if isinstance(endpoint.address, Pipe):
        return f"unix://{endpoint.address.path}" if endpoint.address.path else "unknown"
    return f"{endpoint.address.host}:{endpoint.address.port}"
