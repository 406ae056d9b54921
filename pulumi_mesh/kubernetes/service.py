"""v1 Service: how istiod learns of hosts and ports."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from pulumi_mesh.objects import Object
from pulumi_mesh.typed import (
    Bool,
    OptionalJsonMap,
    OptionalParts,
    OptionalText,
    OptionalTextMap,
    OptionalTexts,
    Part,
    PlainText,
    default,
    typed,
)

Port: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=65535)]
NodePort: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=65535)]


@typed
class ServicePort:
    """One port. target_port: the workload's port, by number or name; the same number where absent.

    app_protocol: what Istio takes the protocol from before the name's prefix (``http-web``).
    """

    _: KW_ONLY
    port: Port
    name: OptionalText = default()
    protocol: Literal["TCP", "UDP", "SCTP"] | None = default()
    app_protocol: OptionalText = default(wire="appProtocol")
    target_port: Port | PlainText | None = default(wire="targetPort")
    node_port: NodePort | None = default(wire="nodePort")


@typed
class ServiceSpec:
    """The ``spec``. cluster_ip: ``None`` (the word) makes the service headless."""

    _: KW_ONLY
    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] | None = default()
    ports: OptionalParts[ServicePort] = default()
    selector: OptionalTextMap = default()
    cluster_ip: OptionalText = default(wire="clusterIP")
    cluster_ips: OptionalTexts = default(wire="clusterIPs")
    external_name: OptionalText = default(wire="externalName")
    external_ips: OptionalTexts = default(wire="externalIPs")
    publish_not_ready_addresses: Bool | None = default(wire="publishNotReadyAddresses")
    internal_traffic_policy: OptionalText = default(wire="internalTrafficPolicy")
    external_traffic_policy: OptionalText = default(wire="externalTrafficPolicy")
    traffic_distribution: OptionalText = default(wire="trafficDistribution")
    ip_families: OptionalTexts = default(wire="ipFamilies")
    ip_family_policy: OptionalText = default(wire="ipFamilyPolicy")
    session_affinity: OptionalText = default(wire="sessionAffinity")
    session_affinity_config: OptionalJsonMap = default(wire="sessionAffinityConfig")
    load_balancer_class: OptionalText = default(wire="loadBalancerClass")
    load_balancer_ip: OptionalText = default(wire="loadBalancerIP")
    load_balancer_source_ranges: OptionalTexts = default(wire="loadBalancerSourceRanges")
    allocate_load_balancer_node_ports: Bool | None = default(wire="allocateLoadBalancerNodePorts")
    health_check_node_port: NodePort | None = default(wire="healthCheckNodePort")


@typed
class Service(Object):
    """v1 Service."""

    _: KW_ONLY
    spec: Part[ServiceSpec] = default(factory=ServiceSpec)

    api_version: ClassVar[str] = "v1"
    kind: ClassVar[str] = "Service"
    namespaced: ClassVar[bool] = True
    served_versions: ClassVar[tuple[str, ...]] = ("v1",)
