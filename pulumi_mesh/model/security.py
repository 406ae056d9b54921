"""Who may talk to whom: mutual TLS and authorization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag, ValidationInfo

from pulumi_mesh.model.fields import Name, PortNumber
from pulumi_mesh.model.gateway import Gateway
from pulumi_mesh.model.match import Method
from pulumi_mesh.model.namespace import NamespaceName, NamespaceNames
from pulumi_mesh.model.references import named
from pulumi_mesh.model.service import Destination, Service
from pulumi_mesh.typed import Accepts, FieldError, Many, Text, Texts, default, has_token, is_output, typed
from pulumi_mesh.typed.problems import SCALAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi

    WorkloadReference: TypeAlias = Accepts[Service | Destination | None, Service | Destination | None]
    PolicyTarget: TypeAlias = Accepts[Service | Destination | Gateway | None, Service | Destination | Gateway | None]
    Principals: TypeAlias = Accepts[
        Sequence[str]
        | Sequence[Service]
        | Sequence[Destination]
        | Sequence[Gateway]
        | Sequence[str | Service | Destination | Gateway | pulumi.Output[str]],
        tuple[str | Service | Destination | Gateway, ...],
    ]
else:
    _service = named("service")
    _gateway = named("gateway")

    def _target(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Mapping) and "gateway" in value:
            if len(value) > 1:
                raise ValueError("a gateway is the whole target; leave the other keys away")
            return _gateway(value["gateway"], info)
        return _service(value, info)

    def _principal(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return _target(value, info)
        identity = "/" in value or "*" in value or has_token(value)
        if info.context is not None and (value in info.context["service"] or not identity):
            return _service(value, info)
        if identity:
            return value
        raise ValueError(f"{value!r} is not a principal; write TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT, or pass a service")

    def _tag(value: Any) -> str | None:
        """Which alternative a value is meant for, so that only its problems are told."""
        if isinstance(value, str) or is_output(value):
            return SCALAR
        return "Destination" if isinstance(value, Mapping) else type(value).__name__

    def _one_of(text: str, *alternatives: Any) -> Any:
        chosen = Discriminator(_tag, custom_error_type="reference", custom_error_message=f"needs {text}")
        return Annotated[reduce(or_, alternatives), chosen]

    _IsService = Annotated[Service, Tag("Service")]
    _IsDestination = Annotated[Destination, Tag("Destination")]
    _IsGateway = Annotated[Gateway, Tag("Gateway")]
    _WORKLOAD = _one_of("a service or a version of one", _IsService, _IsDestination)
    _TARGET = _one_of("a service, a version of one, or a gateway", _IsService, _IsDestination, _IsGateway)
    _PRINCIPAL = _one_of(
        "text, a service, a version of one, or a gateway",
        Annotated[Text, Tag(SCALAR)],
        _IsService,
        _IsDestination,
        _IsGateway,
    )
    WorkloadReference = Annotated[_WORKLOAD | None, BeforeValidator(_service)]
    PolicyTarget = Annotated[_TARGET | None, BeforeValidator(_target)]
    Principals = Many[Annotated[_PRINCIPAL, BeforeValidator(_principal)]]


@typed
class MutualTLS:
    """Which connections workloads take, for the whole mesh, a namespace, or a service.

    mode: ``STRICT`` takes mutual TLS only, ``PERMISSIVE`` plain text too, ``DISABLE`` plain text only.
    namespace: for its workloads. service: for the workloads of a service or of one version. Neither: the mesh.
    """

    mode: Literal["STRICT", "PERMISSIVE", "DISABLE"]
    _: KW_ONLY
    namespace: NamespaceName = default("")
    service: WorkloadReference = default(None)

    def __post_init__(self) -> None:
        if self.namespace and self.service is not None:
            raise FieldError("namespace", "give either a namespace or a service")

    @property
    def scope(self) -> tuple[str, str, str]:
        """(namespace, service, version) that it holds for; empty text takes all."""
        if isinstance(self.service, Destination):
            return self.service.service.namespace, self.service.service.name, self.service.version
        if self.service is not None:
            return self.service.namespace, self.service.name, ""
        return self.namespace, "", ""

    @property
    def mesh_wide(self) -> bool:
        """Whether it holds for every workload that nothing nearer says otherwise of."""
        return not self.namespace and self.service is None


@typed
class AuthorizationRule:
    """A rule holds when all that is given does; within one field one value is enough.

    principals: identities, proved by mutual TLS: text (``cluster.local/ns/NAMESPACE/sa/ACCOUNT``, ``*`` at one end)
    or the service, version or gateway that calls. namespaces: where the caller runs.
    methods, paths: of the request; a path may have ``*`` at one end.
    ports: that the workload itself listens on (a service's target ports).
    """

    _: KW_ONLY
    principals: Principals = default(())
    namespaces: NamespaceNames = default(())
    methods: Many[Method] = default(())
    paths: Texts = default(())
    ports: Many[PortNumber] = default(())

    def __post_init__(self) -> None:
        for field, patterns in (("principals", self.principals), ("paths", self.paths)):
            for position, pattern in enumerate(patterns):
                if isinstance(pattern, str) and not _takes_something(pattern):
                    problem = f"{pattern!r} has a '*' inside, which stands for itself; put it at one end, or '*' alone"
                    raise FieldError(f"{field}[{position}]", problem)


def _takes_something(pattern: str) -> bool:
    """Whether each ``*`` is at one end of the text, or in a path template of Istio's (``/a/{*}``, ``/a/{**}``)."""
    plain = pattern.replace("{**}", "").replace("{*}", "")
    ends = plain.startswith("*") + plain.endswith("*")
    return plain == "*" or (plain.count("*") <= 1 and plain.count("*") == ends)


@typed
class AuthorizationPolicy:
    """Allow or deny requests to workloads.

    namespace: default: the target's. target: the service, version or gateway that it protects; default: all
    workloads of ``namespace``.
    action: ``ALLOW`` refuses what no rule of any ALLOW policy takes; ``DENY`` refuses what a rule takes, and wins.
    rules: none with ALLOW allows nothing.
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("")
    target: PolicyTarget = default(None)
    action: Literal["ALLOW", "DENY"] = "ALLOW"
    rules: Many[AuthorizationRule] = default(())
    _stands_alone = True

    def __post_init__(self) -> None:
        if self.target is None:
            if not self.namespace:
                raise FieldError("namespace", "give the namespace or the target that it protects")
        else:
            home = self.target.service.namespace if isinstance(self.target, Destination) else self.target.namespace
            if self.namespace and self.namespace != home:
                raise FieldError("namespace", f"a policy lives in the namespace of its target, {home!r}; leave it away")
            object.__setattr__(self, "namespace", home)
            self._check_ports()
        if self.action == "DENY" and not self.rules:
            raise FieldError(
                "rules", "a DENY policy without rules denies nothing; give a rule (an empty one takes all)"
            )

    def _check_ports(self) -> None:
        """Ports of rules are the workload's own: one that it does not listen on would never match."""
        if isinstance(self.target, Destination) and self.target.port is not None and len(self.target.service.ports) > 1:
            raise FieldError("target.port", "a policy protects workloads, not one port; name ports in its rules")
        listens = _listens(self.target)
        for position, rule in enumerate(self.rules):
            for index, port in enumerate(rule.ports):
                if port not in listens:
                    known = ", ".join(str(each) for each in listens)
                    problem = f"its workloads do not listen on {port}; they listen on {known}"
                    raise FieldError(f"rules[{position}].ports[{index}]", problem)


def _listens(target: Service | Destination | Gateway | None) -> tuple[int, ...]:
    """The ports that the workloads of a target listen on."""
    if isinstance(target, Gateway):
        return tuple(sorted({each.port for each in target.listeners}))
    service = target.service if isinstance(target, Destination) else target
    return tuple(sorted({each.target_port or each.number for each in service.ports})) if service else ()
