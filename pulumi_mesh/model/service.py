"""A service, its ports, and its versions: the workloads that answer for it."""

from __future__ import annotations

import dataclasses
from dataclasses import KW_ONLY, InitVar
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.fields import Addresses, LabelName, OptionalHostText, OptionalLabelName, OptionalPort, PortNumber
from pulumi_mesh.model.namespace import NamespaceName
from pulumi_mesh.model.references import named
from pulumi_mesh.model.traffic import TrafficPolicy
from pulumi_mesh.model.upstream_tls import UpstreamTLS
from pulumi_mesh.typed import Accepts, Bool, FieldError, Many, MaybeText, TextMap, default, typed

if TYPE_CHECKING:
    from collections.abc import Sequence

Protocol = Literal["HTTP", "HTTP2", "GRPC", "TCP", "TLS", "HTTPS"]
HTTP_PROTOCOLS = frozenset({"HTTP", "HTTP2", "GRPC"})


@typed
class Port:
    """A port of a service.

    number: the port that clients name. target_port: the port that the workload listens on; default: ``number``.
    protocol: what is spoken there; default HTTP. name: default: protocol and number, such as ``http-9080``, which
    Istio reads the protocol from.
    """

    number: PortNumber
    _: KW_ONLY
    name: OptionalLabelName = ""
    protocol: Protocol = "HTTP"
    target_port: OptionalPort = None

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self._implied["name"])
        if self.target_port is None:
            object.__setattr__(self, "target_port", self.number)

    @property
    def _implied(self) -> dict[str, Any]:
        return {"name": f"{self.protocol.lower()}-{self.number}", "target_port": self.number}


@typed
class Version:
    """A version of a service: the workloads that carry its labels.

    labels: what tells these workloads from those of other versions; default: ``version: NAME``.
    service_account: the account that they run as; default: the service's.
    addresses: IP addresses of the workloads, where they are known (virtual machines, tests).
    retired: no route may use it any more, but its subset stays until no proxy does: the first of the two steps in
        which a version is taken away.
    traffic_policy: where it differs from the service's.
    """

    name: LabelName
    _: KW_ONLY
    labels: TextMap = default(FrozenMap())
    service_account: OptionalLabelName = ""
    addresses: Addresses = default(())
    retired: Bool = False
    traffic_policy: TrafficPolicy | None = None

    def __post_init__(self) -> None:
        if not self.labels:
            object.__setattr__(self, "labels", self._implied["labels"])

    @property
    def _implied(self) -> dict[str, Any]:
        return {"labels": FrozenMap({"version": self.name})}


if TYPE_CHECKING:
    Versions: TypeAlias = Accepts[Sequence[str] | Sequence[Version] | Sequence[str | Version], tuple[Version, ...]]
    Ports: TypeAlias = Accepts[Sequence[int] | Sequence[Port] | Sequence[int | Port], tuple[Port, ...]]
else:

    def _from_scalar(make: type, scalar: type) -> Any:
        return BeforeValidator(
            lambda value: make(value) if isinstance(value, scalar) and not isinstance(value, bool) else value
        )

    Versions = Many[Annotated[Version, _from_scalar(Version, str)]]
    Ports = Many[Annotated[Port, _from_scalar(Port, int)]]


@typed
class Service:
    """A service of the mesh.

    The Kubernetes Service, workloads and service accounts belong to whoever deploys the application; listing a
    service in a mesh renders what the mesh adds: its subsets and traffic policy. ``.external()`` renders nothing.

    port: short for ``ports=[port]``. ports: at least one.
    labels: what its workloads carry (the Service's selector); default: ``app: NAME``.
    versions: the versions that routes can tell apart; a service without any is one set of workloads.
    service_account: the account that its workloads run as; default: ``default``.
    addresses: IP addresses of the workloads of a service without versions.
    hostname: the name that clients call; default: ``NAME.NAMESPACE.svc.DOMAIN``, the domain being ``Istio.domain``.
    calls: the services that its workloads call.
    traffic_policy: how clients of the service treat it. tls: the TLS that they begin.
    resolution: of a service outside the mesh, of which a ServiceEntry tells Istio: ``DNS`` looks its host name up, or
        has ``addresses``; ``DNS_ROUND_ROBIN`` uses one at a time of those that DNS answers; ``STATIC`` has
        ``addresses``; with ``NONE`` the client chooses. Default: Istio knows the service.
    owner: ``external`` is what ``.external()`` sets; default: the mesh.
    """

    name: LabelName
    _: KW_ONLY
    namespace: NamespaceName
    port: InitVar[OptionalPort] = None
    ports: Ports = default(())
    labels: TextMap = default(FrozenMap())
    versions: Versions = default(())
    service_account: LabelName = "default"
    addresses: Addresses = default(())
    hostname: OptionalHostText = default(None)
    calls: Many[Annotated[Service, BeforeValidator(named("service"))]] = default(())
    traffic_policy: TrafficPolicy | None = None
    tls: UpstreamTLS | None = None
    resolution: Literal["DNS", "DNS_ROUND_ROBIN", "STATIC", "NONE"] | None = None
    owner: Literal["mesh", "external"] = "mesh"
    _stands_alone = True

    def __post_init__(self, port: int | None) -> None:
        if port is not None:
            if self.ports:
                raise FieldError("port", "give either port or ports")
            object.__setattr__(self, "ports", (Port(port),))
        if not self.ports:
            raise FieldError("ports", "a service has at least one port; give port=8080 or ports=[...]")
        if not self.labels:
            object.__setattr__(self, "labels", self._implied["labels"])
        _refuse_twice("ports", [str(each.number) for each in self.ports])
        _refuse_twice("ports", [each.name for each in self.ports])
        _refuse_twice("versions", [each.name for each in self.versions])
        for position, each in enumerate(self.versions):
            for other in self.versions[:position]:
                if each.labels == other.labels:
                    problem = (
                        f"{each.name} and {other.name} have the same labels, so nothing tells their workloads apart"
                    )
                    raise FieldError(f"versions[{position}].labels", problem)
        if self.addresses and self.versions:
            raise FieldError("addresses", "a service with versions has none of its own; give them to its versions")
        if self.resolution is not None:
            self._check_entry()
        self._check_failover()

    def _check_entry(self) -> None:
        """What a ServiceEntry asks for (ValidateServiceEntry)."""
        if self.hostname is None:
            raise FieldError("hostname", "a service outside the mesh has a name of its own; give the host name")
        addresses = [each for workload in self.workloads for each in workload.addresses]
        if self.resolution == "NONE" and (self.versions or addresses):
            field = "versions" if self.versions else "addresses"
            raise FieldError(field, "with NONE the client chooses the address; leave them away, or set STATIC or DNS")
        if self.resolution == "STATIC" and not addresses:
            raise FieldError("addresses", "with STATIC the addresses are given; give them, or set resolution='DNS'")
        if self.resolution == "DNS_ROUND_ROBIN" and len(addresses) > 1:
            raise FieldError("addresses", "DNS_ROUND_ROBIN has one endpoint at most; set resolution='DNS'")
        for position, version in enumerate(self.versions):
            if not version.addresses:
                problem = "no workload outside the mesh is known by its labels; give the version's addresses"
                raise FieldError(f"versions[{position}].addresses", problem)

    def _check_failover(self) -> None:
        """Failover without outlier detection never happens; a version may have either from the service."""
        own = self.traffic_policy
        policies = [("traffic_policy", own)]
        policies += [
            (f"versions[{place}].traffic_policy", each.traffic_policy) for place, each in enumerate(self.versions)
        ]
        for field, policy in policies:
            if policy is None or policy.locality is None or not policy.locality.fails_over:
                continue
            if policy.outlier_detection is None and (own is None or own.outlier_detection is None):
                problem = "without outlier_detection nothing fails over; OutlierDetection() takes Istio's defaults"
                raise FieldError(f"{field}.locality", problem)

    @property
    def _implied(self) -> dict[str, Any]:
        return {"labels": FrozenMap({"app": self.name})}

    def __getitem__(self, version: str) -> Destination:
        return Destination(self, version=version)

    @property
    def http_ports(self) -> tuple[int, ...]:
        """The ports that speak HTTP, which HTTP routes act on."""
        return tuple(each.number for each in self.ports if each.protocol in HTTP_PROTOCOLS)

    def version(self, name: str) -> Version:
        """The version of that name; raises InvalidError where there is none."""
        found = Destination(self, version=name).declared_version
        assert found is not None  # noqa: S101 - Destination has checked it
        return found

    def external(self, *, hostname: MaybeText | None = None) -> Service:
        """The same service, owned by another stack or tool: its facts count, nothing of it is rendered.

        hostname: the name that clients call, where it is not the default; an Output may stand here.
        """
        if hostname is None:
            return dataclasses.replace(self, owner="external")
        return dataclasses.replace(self, owner="external", hostname=hostname)

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The sets of workloads that answer for the service: one a version, or one in all."""
        if not self.versions:
            return (Workload(self.name, self, None),)
        return tuple(Workload(f"{self.name}-{each.name}", self, each) for each in self.versions)


ServiceReference: TypeAlias = Annotated[Service, BeforeValidator(named("service"))]


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """The workloads of one version of a service (or of all of it), which share labels and a service account."""

    name: str
    service: Service
    version: Version | None

    @property
    def labels(self) -> FrozenMap[str, str]:
        """Labels of the pods: the service's and the version's."""
        return FrozenMap({**self.service.labels, **(self.version.labels if self.version else {})})

    @property
    def service_account(self) -> str:
        """The account that the pods run as."""
        return (self.version.service_account if self.version else "") or self.service.service_account

    @property
    def addresses(self) -> tuple[str, ...]:
        """Their IP addresses, where known."""
        return self.version.addresses if self.version else self.service.addresses


@typed
class Destination:
    """Where requests can be sent: a service, or one version of it (``reviews["v1"]``).

    version: a name among the service's versions; empty takes them all.
    port: default: the service's only port. With several ports a backend names one; a policy or a canary names none.
    """

    service: ServiceReference
    _: KW_ONLY
    version: str = ""
    port: OptionalPort = None

    def __post_init__(self) -> None:
        if self.version and self.declared_version is None:
            known = ", ".join(each.name for each in self.service.versions) or "none"
            raise FieldError("version", f"{self.service.name} has no version {self.version!r}; it has: {known}")
        numbers = [each.number for each in self.service.ports]
        if self.port is None and len(numbers) == 1:
            object.__setattr__(self, "port", numbers[0])
        elif self.port is not None and self.port not in numbers:
            raise FieldError("port", f"{self.service.name} has no port {self.port}; it has {numbers}")

    def __repr__(self) -> str:
        version = f", version={self.version!r}" if self.version else ""
        return f'Destination(Service("{self.service.name}"){version}, port={self.port})'

    @property
    def declared_version(self) -> Version | None:
        """The version as the service declares it; None for the whole service."""
        return next((each for each in self.service.versions if each.name == self.version), None)


def _refuse_twice(field: str, names: list[str]) -> None:
    for position, each in enumerate(names):
        if each in names[:position]:
            raise FieldError(f"{field}[{position}]", f"{each} is there twice; each may be there once")
