"""What istiod knows beside objects: services, workloads, proxies, and its own config."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.refs import Ref

ISTIO_RELEASE = "1.31.0"
"""The Istio release whose behaviour is followed."""

NO_LABELS: FrozenMap[str, str] = FrozenMap()


@dataclass(frozen=True, slots=True)
class ExtensionProvider:
    """Something outside of a proxy that policy and telemetry name: an entry of MeshConfig's ``extensionProviders``.

    kind: the entry's other field, such as ``envoyExtAuthzHttp``. config: that field's value, in MeshConfig's words.
    """

    name: str
    kind: str
    config: FrozenMap[str, object] = FrozenMap()


@dataclass(frozen=True, slots=True)
class MeshConfig:
    """What of Istio's MeshConfig matters to a proxy.

    trust_domain: of identities. root_namespace: where mesh-wide policy lives. domain: of the cluster's services.
    outbound: what a sidecar does with traffic to unknown hosts (``outboundTrafficPolicy.mode``).
    inbound: where a sidecar hands requests to its workload (``inboundTrafficPolicy.mode``): to the address that was
    asked for, or to the loopback address.
    trust_domain_aliases: names that stand for ``trust_domain``. certificate_trust_domains: those of ``caCertificates``.
    mtls_minimum_version, mtls_cipher_suites: of sidecars' mutual TLS (``meshMTLS``); empty leaves Istio's.
    tls_defaults: ``tlsDefaults``, of other TLS, in MeshConfig's words.
    path_normalization: ``pathNormalization.normalization``.
    extension_providers: without Istio's own (``prometheus``, ``stackdriver``, ``envoy``), which are always there.
    access_log_providers, tracing_providers: names, ``defaultProviders.accessLogging`` and ``.tracing``.
    access_log_file: empty for none. access_log_service: ``enableEnvoyAccessLogService``. listener_log: not
    ``disableEnvoyListenerLog``.
    tracing: ``defaultConfig.tracing``, in MeshConfig's words.
    auto_mtls: ``enableAutoMtls``. service_export_to, virtual_service_export_to, destination_rule_export_to: what counts
    where an object says none (``defaultServiceExportTo`` and so on). default_http_retry_policy: in MeshConfig's words.
    protocol_detection_timeout: how long a sidecar waits for a client's first bytes; zero is for ever.
    connect_timeout: of connections to endpoints. dns_refresh_rate: of their names.
    tcp_keepalive, locality_lb_setting, mesh_networks: in MeshConfig's words; no ``locality_lb_setting`` turns it off.
    h2_upgrade: ``h2UpgradePolicy``. verify_certificate_at_client: whether TLS to the outside is checked against the
    system's roots. outbound_stat_name, inbound_stat_name: ``outboundClusterStatName`` and ``inboundClusterStatName``.
    ingress_class, ingress_mode, ingress_service, ingress_selector: who serves Kubernetes Ingress.
    proxy_port, inbound_port: ``proxyListenPort`` and ``proxyInboundListenPort``. http10: ``ISTIO_META_HTTP10`` of
    ``defaultConfig.proxyMetadata``. default_config: ``defaultConfig``, in the words of ProxyConfig. other: fields of
    MeshConfig that nothing here reads.
    remote_jwks: who gets the keys of tokens: istiod's environment variable PILOT_JWT_ENABLE_REMOTE_JWKS.
    sidecar_ingress_tls: whether ``tls`` of a Sidecar's ingress counts: ENABLE_TLS_ON_SIDECAR_INGRESS.
    http_proxy_port: ``proxyHttpPort``, where sidecars take requests as HTTP proxies; 0 for none.
    """

    trust_domain: str = "cluster.local"
    root_namespace: str = "istio-system"
    domain: str = "cluster.local"
    outbound: Literal["ALLOW_ANY", "REGISTRY_ONLY", "ALLOW_ANY_DYNAMIC_DNS"] = "ALLOW_ANY"
    inbound: Literal["PASSTHROUGH", "LOCALHOST"] = "PASSTHROUGH"
    trust_domain_aliases: tuple[str, ...] = ()
    certificate_trust_domains: tuple[str, ...] = ()
    mtls_minimum_version: Literal["", "TLSV1_2", "TLSV1_3"] = ""
    mtls_cipher_suites: tuple[str, ...] = ()
    tls_defaults: FrozenMap[str, object] = FrozenMap()
    path_normalization: Literal["DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] = "DEFAULT"
    extension_providers: tuple[ExtensionProvider, ...] = ()
    access_log_providers: tuple[str, ...] = ()
    access_log_file: str = ""
    access_log_format: str = ""
    access_log_encoding: Literal["TEXT", "JSON"] = "TEXT"
    access_log_service: bool = False
    listener_log: bool = True
    tracing_providers: tuple[str, ...] = ()
    enable_tracing: bool = True
    tracing: FrozenMap[str, object] = FrozenMap()
    auto_mtls: bool = True
    service_export_to: tuple[str, ...] = ("*",)
    virtual_service_export_to: tuple[str, ...] = ("*",)
    destination_rule_export_to: tuple[str, ...] = ("*",)
    default_http_retry_policy: FrozenMap[str, object] | None = None
    protocol_detection_timeout: timedelta = timedelta(0)
    connect_timeout: timedelta = timedelta(seconds=10)
    dns_refresh_rate: timedelta = timedelta(seconds=60)
    tcp_keepalive: FrozenMap[str, object] | None = None
    locality_lb_setting: FrozenMap[str, object] | None = FrozenMap()
    mesh_networks: FrozenMap[str, object] = FrozenMap()
    h2_upgrade: bool = False
    verify_certificate_at_client: bool = True
    outbound_stat_name: str = ""
    inbound_stat_name: str = ""
    ingress_class: str = "istio"
    ingress_mode: Literal["OFF", "DEFAULT", "STRICT"] = "STRICT"
    ingress_service: str = "istio-ingressgateway"
    ingress_selector: str = ""
    proxy_port: int = 15001
    inbound_port: int = 15006
    http10: bool = False
    default_config: FrozenMap[str, object] = FrozenMap()
    other: FrozenMap[str, object] = FrozenMap()
    remote_jwks: Literal["istiod", "hybrid", "envoy"] = "istiod"
    sidecar_ingress_tls: bool = False
    http_proxy_port: int = 0


Protocol: TypeAlias = Literal[
    "HTTP",
    "HTTP_PROXY",
    "HTTP2",
    "GRPC",
    "GRPC_WEB",
    "TCP",
    "TLS",
    "HTTPS",
    "MONGO",
    "MYSQL",
    "REDIS",
    "UDP",
    "UNSUPPORTED",
]
"""Istio's protocols. UNSUPPORTED: nobody says one, proxies look at the first bytes."""

Resolution: TypeAlias = Literal["STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS", "NONE"]
"""How clients find endpoints, in the words of ServiceEntry."""


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a service.

    target_port: of the workloads, where they have none of their own for it. protocol: as Istio understood it from the
    port's name or appProtocol. target_name: the name under which each workload has its port (``targetPort: web``).
    """

    name: str
    number: int
    target_port: int
    protocol: Protocol
    target_name: str = ""


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service of the registry: a Kubernetes Service, or a host of a ServiceEntry.

    hostname: the name that clients call. address: its virtual IP, empty where it has none. addresses: all of them,
    that one first; those of a ServiceEntry may be ranges (CIDR).
    selector: labels of the workloads that answer for it, in its namespace. ref: the object that it came from.
    registry: which kind of object that was. resolution: NONE where clients choose the address themselves, as with a
    headless Service. external: not in the mesh (``MESH_EXTERNAL``). export_to: the namespaces that see it, ``.`` and
    ``*`` as Istio has them; empty leaves it to the mesh. subject_alt_names: what its certificates carry beside the
    identities of its workloads. created: its time of creation, empty where nobody knows. labels: its own.
    listed: the registry lists its endpoints (Endpoints, EndpointSlice): the selector only says who it is for.
    alias_of: the name that it stands for (ExternalName): it has no endpoints of its own.
    automatic_address: the one that istiod allocated for it; for proxies that answer DNS.
    node_local: only endpoints of the client's node. traffic_distribution: which endpoints are preferred
    (``PreferSameZone`` and so on). annotations: its own. external_addresses: where a load balancer, or whoever runs
    the cluster, has it reached from outside.
    """

    hostname: str
    name: str
    namespace: str
    ports: tuple[ServicePort, ...]
    address: str = ""
    selector: FrozenMap[str, str] = NO_LABELS
    ref: Ref | None = field(default=None, compare=False)
    registry: Literal["Kubernetes", "External"] = "Kubernetes"
    resolution: Resolution = "STATIC"
    addresses: tuple[str, ...] = ()
    external: bool = False
    export_to: tuple[str, ...] = ()
    subject_alt_names: tuple[str, ...] = ()
    created: str = ""
    labels: FrozenMap[str, str] = NO_LABELS
    listed: bool = False
    alias_of: str = ""
    automatic_address: str = ""
    node_local: bool = False
    traffic_distribution: str = ""
    annotations: FrozenMap[str, str] = NO_LABELS
    external_addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        address = self.address or next(iter(self.addresses), "")
        object.__setattr__(self, "address", address)
        object.__setattr__(self, "addresses", (address, *self.addresses[1:]) if address else ())

    @property
    def headless(self) -> bool:
        """Whether it is a Kubernetes Service without an address, whose clients choose among its workloads."""
        return self.registry == "Kubernetes" and self.resolution == "NONE"

    def port(self, number: int) -> ServicePort | None:
        """The port of that number, if there is one."""
        return next((each for each in self.ports if each.number == number), None)


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload instance: a pod, or a virtual machine; or a listed endpoint of one service.

    labels: its pod labels. service_account: what it runs as. mesh: whether it has a sidecar, so that clients can
    reach it by Istio mutual TLS. address: an IP address, or a name where clients resolve it, or ``unix://PATH``.
    kind: ``Pod``, or ``WorkloadEntry`` for all else. locality: ``region/zone/subzone``. network: of the mesh; empty
    for the one without a name. weight: its share among others; 0 leaves it at 1.
    ports: numbers by name: a pod's container ports; a WorkloadEntry's, or a listed endpoint's, by names of service
    ports.
    hostname: the service that it is an endpoint of, and of no other; empty: of those that select its labels.
    node: where it runs. healthy: whether it is ready.
    """

    name: str
    namespace: str
    address: str
    labels: FrozenMap[str, str] = NO_LABELS
    service_account: str = "default"
    mesh: bool = True
    ref: Ref | None = field(default=None, compare=False)
    kind: Literal["Pod", "WorkloadEntry"] = "Pod"
    locality: str = ""
    network: str = ""
    weight: int = 0
    ports: FrozenMap[str, int] = FrozenMap()
    hostname: str = ""
    node: str = ""
    healthy: bool = True


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy to resolve for: a gateway (``router``), or a workload's sidecar.

    domain: the cluster's. more_addresses: beside ``address``, of another IP family. interception: how connections come
    to a sidecar (annotation ``sidecar.istio.io/interceptionMode``). locality, network: as of a Workload. host: the
    node of the cluster where it runs. cluster: the cluster's name, ``ISTIO_META_CLUSTER_ID``.
    dns_capture: whether it answers its workload's DNS. version: the Istio release that it is of, which EnvoyFilters
    may ask for; where nobody says, the one whose istiod is followed here.
    """

    kind: Literal["router", "sidecar"]
    name: str
    namespace: str
    address: str
    labels: FrozenMap[str, str] = NO_LABELS
    service_account: str = "default"
    domain: str = "cluster.local"
    more_addresses: tuple[str, ...] = ()
    interception: Literal["REDIRECT", "TPROXY", "NONE"] = "REDIRECT"
    locality: str = ""
    network: str = ""
    cluster: str = "Kubernetes"
    dns_capture: bool = False
    host: str = ""
    version: str = ISTIO_RELEASE

    @property
    def addresses(self) -> tuple[str, ...]:
        """All its addresses; the first decides where only one can be said."""
        return (self.address, *self.more_addresses)

    @property
    def node(self) -> str:
        """Envoy's node id, as Istio makes it."""
        return f"{self.kind}~{self.address}~{self.name}.{self.namespace}~{self.namespace}.svc.{self.domain}"

    @property
    def service_cluster(self) -> str:
        """Envoy's node cluster, ``APP.NAMESPACE``, as Istio's injection sets it."""
        return f"{self.labels.get('app', self.name)}.{self.namespace}"
