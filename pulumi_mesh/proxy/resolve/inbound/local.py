"""The clusters that lead to the workload itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import Sidecar, destination_rule
from pulumi_mesh.manifests.facts import KnownService, MeshConfig, Proxy, ServicePort
from pulumi_mesh.manifests.snapshot import ref_of
from pulumi_mesh.proxy.resolve.clusters import passthrough
from pulumi_mesh.proxy.resolve.connection_pool import (
    circuit_breakers,
    connect_timeout,
    http_options,
    keepalive,
)
from pulumi_mesh.proxy.resolve.destination_rules import Rule
from pulumi_mesh.proxy.resolve.inbound.endpoint import default_endpoint
from pulumi_mesh.proxy.resolve.inbound.families import BINDS, LOOPBACKS, families_of
from pulumi_mesh.proxy.resolve.inbound.ports import PASSTHROUGH, Target, parsed, targets
from pulumi_mesh.proxy.resolve.index import Index
from pulumi_mesh.proxy.resolve.metadata import config_path, service_metadata
from pulumi_mesh.proxy.resolve.proxy_headers import keeps_case
from pulumi_mesh.proxy.resolve.sidecars import sidecar_of
from pulumi_mesh.proxy.resolve.stat_names import stat_name
from pulumi_mesh.proxy.resolve.traffic_policy import policy_of, with_mesh_defaults
from pulumi_mesh.proxy.view.addresses import Address, SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint, LoadBalancing, LocalityEndpoints
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.typed.decorator import build
from pulumi_mesh.words.cluster_names import inbound_cluster

NEVER = "9223372035s"
"""The longest time that Istio writes: a connection's destination is not forgotten while it idles."""


def clusters(index: Index, proxy: Proxy) -> tuple[Cluster, ...]:
    """One cluster a port of the workload, then the one for every other port. Rules of services that the proxy does not
    see do not count, though it answers for them.

    Mirrors buildInboundClusters (pilot/pkg/networking/core/cluster.go).
    """
    # Toward the workload itself Istio takes no rule that selects workloads.
    anyone = replace(proxy, labels=FrozenMap())
    snapshot = index.snapshot
    found = sidecar_of(snapshot, proxy)
    if found is not None and found.spec.ingress:
        made = _of_sidecar(found, index, proxy, anyone)
    elif proxy.interception == "NONE":
        made = iter(())
    else:
        made = _of_services(found, index, proxy, anyone)
    return (*made, _passthrough(proxy, snapshot.mesh))


def _of_services(found: Sidecar | None, index: Index, proxy: Proxy, anyone: Proxy) -> Iterator[Cluster]:
    """Mirrors buildInboundClustersFromServiceInstances (core/cluster.go)."""
    snapshot = index.snapshot
    for number, leading in targets(snapshot, proxy).items():
        service, port = leading[0]
        address: Address | None = None
        if snapshot.mesh.inbound == "LOCALHOST":
            address = SocketAddress(LOOPBACKS[families_of(proxy)[0]], number)
        rule = index.rule(anyone, service.hostname)
        made = _cluster(number, address, port, rule, _sidecar_pool(found, number), proxy, snapshot.mesh)
        made = _counted(made, service.hostname, service, port, number, snapshot.mesh)
        yield replace(made, metadata=_metadata(leading, port, rule), ref=service.ref)


def _of_sidecar(found: Sidecar, index: Index, proxy: Proxy, anyone: Proxy) -> Iterator[Cluster]:
    """Mirrors buildInboundClustersFromSidecar and findOrCreateService (core/cluster.go)."""
    snapshot = index.snapshot
    leading = targets(snapshot, proxy)
    for place, ingress in enumerate(found.spec.ingress or ()):
        number = ingress.port.number or 0
        address = default_endpoint(ingress.default_endpoint or "", proxy)
        port = ServicePort(ingress.port.name or "", number, number, parsed(ingress.port.protocol))
        service = leading[number][0][0] if number in leading else None
        rule = index.rule(anyone, service.hostname) if service else None
        made = _cluster(number, address, port, rule, _sidecar_pool(found, number), proxy, snapshot.mesh)
        metadata = _metadata(((service, port),), port, rule) if service else EMPTY
        host = service.hostname if service else f"{found.name}.{found.namespace}"
        made = _counted(made, host, service, port, number, snapshot.mesh)
        yield replace(made, metadata=metadata, ref=ref_of(found, f"spec.ingress[{place}]"))


def _cluster(
    number: int,
    address: Address | None,
    port: ServicePort,
    rule: Rule | None,
    own_pool: destination_rule.ConnectionPool | None,
    proxy: Proxy,
    mesh: MeshConfig,
) -> Cluster:
    """A port's cluster. Of the destination rule only the limits hold here too, so that they fit on both sides; a
    Sidecar's take their place.

    address: where the workload answers; None: where it was asked.

    Mirrors buildInboundCluster, buildCluster (cluster_builder.go) and applyTrafficPolicy (cluster_traffic_policy.go).
    """
    name = inbound_cluster(number)
    policy = with_mesh_defaults(policy_of(rule.policy if rule else None, port.number), mesh)
    pool = _not_upgraded(own_pool or policy.connection_pool)
    extra: dict[str, object] = {"alt_stat_name": f"{name};"}
    if address is None:
        extra["cleanup_interval"] = NEVER
    here = isinstance(address, SocketAddress) and address.host in LOOPBACKS.values()
    return Cluster(
        name=name,
        type="ORIGINAL_DST" if address is None else "STATIC",
        endpoints=(LocalityEndpoints((Endpoint(address),)),) if address else (),
        connect_timeout=connect_timeout(pool, mesh.connect_timeout),
        load_balancing=LoadBalancing("CLUSTER_PROVIDED") if address is None else LoadBalancing(),
        circuit_breakers=circuit_breakers(pool, policy.retry_budget),
        http=http_options(pool, port, keeps_case=keeps_case(mesh)),
        keepalive=keepalive(pool, mesh.tcp_keepalive),
        bind_address="" if here else BINDS[families_of(proxy)[0]],
        extra=FrozenMap(extra),
    )


def _counted(
    cluster: Cluster, host: str, service: KnownService | None, port: ServicePort, number: int, mesh: MeshConfig
) -> Cluster:
    """The cluster by the name that statistics have for it."""
    if not mesh.inbound_stat_name:
        return cluster
    name = stat_name(mesh.inbound_stat_name, host, service, port.number, port.name, target=number)
    return replace(cluster, extra=FrozenMap({**cluster.extra, "alt_stat_name": f"{name};"}))


def _sidecar_pool(found: Sidecar | None, number: int) -> destination_rule.ConnectionPool | None:
    """A Sidecar's limits for a port. Mirrors InboundConnectionPoolForPort (pilot/pkg/model/sidecar.go)."""
    if found is None:
        return None
    own = (each.connection_pool for each in found.spec.ingress or () if each.port.number == number)
    pool = next((each for each in own if each), found.spec.inbound_connection_pool)
    return build(destination_rule.ConnectionPool, asdict(pool)) if pool else None


def _not_upgraded(pool: destination_rule.ConnectionPool | None) -> destination_rule.ConnectionPool | None:
    """The workload is spoken to as its port declares: only clients upgrade to HTTP/2."""
    if pool is None or pool.http is None:
        return pool
    return replace(pool, http=replace(pool.http, h2_upgrade_policy=None))


def _metadata(leading: tuple[Target, ...], deciding: ServicePort, rule: Rule | None) -> FrozenMap[str, object]:
    """Mirrors addTelemetryMetadata (cluster_builder.go), which says nothing where the service is not in the mesh."""
    fields: dict[str, object] = {}
    if not leading[0][0].external:
        same = (service for service, port in leading if port.number == deciding.number)
        fields["services"] = tuple(service_metadata(each) for each in dict.fromkeys(same))
    if rule is not None and rule.policy is not None:
        fields["config"] = config_path(rule.source)
    return FrozenMap({"istio": FrozenMap(fields)}) if fields else EMPTY


def _passthrough(proxy: Proxy, mesh: MeshConfig) -> Cluster:
    """Mirrors buildInboundPassthroughCluster (cluster_builder.go); its statistics are named after the outbound one."""
    made = replace(passthrough(mesh), name=PASSTHROUGH)
    first, *others = (BINDS[each] for each in families_of(proxy))
    if not others:
        return replace(made, bind_address=first)
    bind = {
        "source_address": FrozenMap({"address": first, "port_value": 0}),
        "extra_source_addresses": tuple(
            FrozenMap({"address": FrozenMap({"address": each, "port_value": 0})}) for each in others
        ),
    }
    return replace(made, extra=FrozenMap({**made.extra, "upstream_bind_config": FrozenMap(bind)}))
