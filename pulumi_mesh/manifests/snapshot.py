"""The snapshot: objects, indexed, and what istiod knows beside them. The only input of check and resolve.

It comes from the model (``pulumi_mesh.render.snapshot``), from manifests, or from both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeVar

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.objects import Object
from pulumi_mesh.refs import Ref

O = TypeVar("O", bound=Object)  # noqa: E741 - an object

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
    remote_jwks: who gets the keys of tokens: istiod's environment variable PILOT_JWT_ENABLE_REMOTE_JWKS.
    default_service_export_to, default_virtual_service_export_to, default_destination_rule_export_to: who may see what
    says nothing of it; empty is everyone. http_proxy_port: ``proxyHttpPort``, where sidecars take requests as HTTP
    proxies; 0 for none. default_retries: ``defaultHttpRetryPolicy``, in MeshConfig's words; empty leaves Istio's.
    protocol_detection_timeout: how long a sidecar waits for a client's first bytes; zero is for ever.
    """

    trust_domain: str = "cluster.local"
    root_namespace: str = "istio-system"
    domain: str = "cluster.local"
    outbound: Literal["ALLOW_ANY", "REGISTRY_ONLY"] = "ALLOW_ANY"
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
    remote_jwks: Literal["istiod", "hybrid", "envoy"] = "istiod"
    default_service_export_to: tuple[str, ...] = ()
    default_virtual_service_export_to: tuple[str, ...] = ()
    default_destination_rule_export_to: tuple[str, ...] = ()
    http_proxy_port: int = 0
    default_retries: FrozenMap[str, object] = FrozenMap()
    protocol_detection_timeout: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a service. protocol: as Istio understood it from the port's name or appProtocol."""

    name: str
    number: int
    target_port: int
    protocol: Literal["HTTP", "HTTP2", "GRPC", "TCP", "TLS", "HTTPS"]


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service of the registry.

    hostname: the name that clients call. address: its virtual IP; empty for a headless one.
    selector: labels of the workloads that answer for it, in its namespace. ref: the object that it came from.
    """

    hostname: str
    name: str
    namespace: str
    ports: tuple[ServicePort, ...]
    address: str = ""
    selector: FrozenMap[str, str] = NO_LABELS
    ref: Ref | None = field(default=None, compare=False)

    def port(self, number: int) -> ServicePort | None:
        """The port of that number, if there is one."""
        return next((each for each in self.ports if each.number == number), None)


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload instance: a pod, or a virtual machine.

    labels: its pod labels. service_account: what it runs as. mesh: whether it has a sidecar, so that clients can
    reach it by Istio mutual TLS.
    """

    name: str
    namespace: str
    address: str
    labels: FrozenMap[str, str] = NO_LABELS
    service_account: str = "default"
    mesh: bool = True
    ref: Ref | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy to resolve for: a gateway (``router``), or a workload's sidecar.

    domain: the cluster's. more_addresses: beside ``address``, of another IP family. interception: how connections come
    to a sidecar (annotation ``sidecar.istio.io/interceptionMode``).
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

    @property
    def addresses(self) -> tuple[str, ...]:
        """All its addresses; the first decides where only one can be said."""
        return (self.address, *self.more_addresses)

    @property
    def node(self) -> str:
        """Envoy's node id, as Istio makes it."""
        return f"{self.kind}~{self.address}~{self.name}.{self.namespace}~{self.namespace}.svc.{self.domain}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that decides what proxies do. Make it with ``snapshot``."""

    objects: FrozenMap[str, tuple[Any, ...]]
    services: tuple[KnownService, ...]
    workloads: tuple[Workload, ...]
    proxies: tuple[Proxy, ...]
    namespaces: FrozenMap[str, FrozenMap[str, str]]
    mesh: MeshConfig = MeshConfig()

    def of(self, kind: type[O]) -> tuple[O, ...]:
        """The objects of a kind, by namespace and name."""
        return self.objects.get(_type(kind), ())

    def service(self, hostname: str) -> KnownService | None:
        """The service that clients call by that name, if it is known."""
        return next((each for each in self.services if each.hostname == hostname), None)

    def workloads_of(self, service: KnownService) -> tuple[Workload, ...]:
        """The workloads that answer for a service."""
        return tuple(
            each
            for each in self.workloads
            if each.namespace == service.namespace and service.selector and selects(service.selector, each.labels)
        )

    def services_of(self, labels: Mapping[str, str], namespace: str) -> tuple[KnownService, ...]:
        """The services that a workload with these labels answers for."""
        return tuple(
            each
            for each in self.services
            if each.namespace == namespace and each.selector and selects(each.selector, labels)
        )

    def proxy(self, name: str, namespace: str = "") -> Proxy | None:
        """The proxy of that name."""
        return next((p for p in self.proxies if p.name == name and namespace in ("", p.namespace)), None)


def snapshot(
    objects: Iterable[Object],
    *,
    services: Iterable[KnownService] = (),
    workloads: Iterable[Workload] = (),
    proxies: Iterable[Proxy] = (),
    mesh: MeshConfig = MeshConfig(),
) -> Snapshot:
    """Index objects and facts; the result does not depend on the order in which they are given."""
    kinds: dict[str, list[Object]] = {}
    for each in objects:
        kinds.setdefault(_type(each), []).append(each)
    namespaces = {each.name: each.labels for each in sorted(kinds.get("/Namespace", []), key=_by_place)}
    return Snapshot(
        objects=FrozenMap({kind: tuple(sorted(kinds[kind], key=_by_place)) for kind in sorted(kinds)}),
        services=tuple(sorted(services, key=lambda each: (each.namespace, each.name, each.hostname))),
        workloads=tuple(sorted(workloads, key=lambda each: (each.namespace, each.name, each.address))),
        proxies=tuple(sorted(proxies, key=lambda each: (each.kind, each.namespace, each.name))),
        namespaces=FrozenMap(namespaces),
        mesh=mesh,
    )


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether ``labels`` carry all that ``selector`` asks for."""
    return all(labels.get(key) == value for key, value in selector.items())


def ref_of(item: Object, path: str = "") -> Ref:
    """A pointer into an object."""
    return Ref(item.kind, item.namespace, item.name, path)


def _type(item: Object | type[Object]) -> str:
    """``GROUP/KIND``: Istio and the Gateway API both have a Gateway."""
    return f"{item.api_version.rpartition('/')[0]}/{item.kind}"


def _by_place(item: Object) -> tuple[str, str]:
    return item.namespace, item.name
