"""Who may talk to whom: mutual TLS and authorization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Tag, ValidationInfo

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.fields import LineText, Name, PortNumber
from pulumi_mesh.model.gateway import Gateway
from pulumi_mesh.model.match import Method
from pulumi_mesh.model.namespace import NamespaceName, NamespaceNames
from pulumi_mesh.model.references import named
from pulumi_mesh.model.service import Destination, Service
from pulumi_mesh.model.targets import PolicyTarget, WorkloadReference, check_target, listens
from pulumi_mesh.typed import Accepts, Bool, FieldError, Many, MapOf, Text, Texts, default, has_token, typed
from pulumi_mesh.typed.problems import SCALAR

Mode: TypeAlias = Literal["STRICT", "PERMISSIVE", "DISABLE"]
Action: TypeAlias = Literal["ALLOW", "DENY", "AUDIT", "CUSTOM"]
_NOT_CUSTOM = ("principals", "namespaces", "request_principals", "claims")
"""What istiod refuses in rules with CUSTOM (ValidateAuthorizationPolicy)."""
_WITHOUT_RULES = {"DENY": "denies nothing", "AUDIT": "marks nothing", "CUSTOM": "asks about nothing"}

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi

    from pulumi_mesh.typed import MaybeText

    Principals: TypeAlias = Accepts[
        Sequence[str]
        | Sequence[Service]
        | Sequence[Destination]
        | Sequence[Gateway]
        | Sequence[str | Service | Destination | Gateway | pulumi.Output[str]],
        tuple[str | Service | Destination | Gateway, ...],
    ]
    PortModes: TypeAlias = Accepts[Mapping[int, Mode], FrozenMap[int, Mode]]
    Claims: TypeAlias = Accepts[Mapping[str, Sequence[MaybeText]], FrozenMap[str, tuple[str, ...]]]
else:
    from pulumi_mesh.model.targets import IsDestination, IsGateway, IsService, one_of, target

    _service = named("service")

    def _principal(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return target(value, info)
        identity = "/" in value or "*" in value or has_token(value)
        if info.context is not None and (value in info.context["service"] or not identity):
            return _service(value, info)
        if identity:
            return value
        raise ValueError(f"{value!r} is not a principal; write TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT, or pass a service")

    def _by_number(value: Any) -> Any:
        """In a file a key is text."""
        if not isinstance(value, Mapping):
            return value
        return {int(key) if isinstance(key, str) and key.isdecimal() else key: mode for key, mode in value.items()}

    _PRINCIPAL = one_of(
        "text, a service, a version of one, or a gateway",
        Annotated[Text, Tag(SCALAR)],
        IsService,
        IsDestination,
        IsGateway,
    )
    Principals = Many[Annotated[_PRINCIPAL, BeforeValidator(_principal)]]
    PortModes = Annotated[dict[PortNumber, Mode], BeforeValidator(_by_number), AfterValidator(FrozenMap)]
    Claims = MapOf[Texts]


@typed
class MutualTLS:
    """Which connections workloads take, for the whole mesh, a namespace, or a service: PeerAuthentication.

    mode: ``STRICT`` takes mutual TLS only, ``PERMISSIVE`` plain text too, ``DISABLE`` plain text only.
    namespace: for its workloads. service: for the workloads of a service or of one version. Neither: the mesh.
    ports: of a service, the ports that its workloads listen on (target ports) with another mode (``portLevelMtls``).
    """

    mode: Mode
    _: KW_ONLY
    namespace: NamespaceName = default("")
    service: WorkloadReference = default(None)
    ports: PortModes = default(FrozenMap())

    def __post_init__(self) -> None:
        if self.namespace and self.service is not None:
            raise FieldError("namespace", "give either a namespace or a service")
        if self.ports and self.service is None:
            raise FieldError("ports", "only a mode for the workloads of a service tells ports apart; give the service")
        known = listens(self.service)
        for port in self.ports:
            if port not in known:
                problem = f"its workloads do not listen on {port}; they listen on {', '.join(map(str, known))}"
                raise FieldError(f"ports[{port}]", problem)

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
    """A rule holds when all that is given does; within one field one value is enough: AuthorizationPolicy ``rules[]``.

    principals: identities, proved by mutual TLS: text (``cluster.local/ns/NAMESPACE/sa/ACCOUNT``, ``*`` at one end)
    or the service, version or gateway that calls. namespaces: where the caller runs.
    methods, paths: of the request; a path may have ``*`` at one end.
    ports: that the workload itself listens on (a service's target ports).
    request_principals: ``ISSUER/SUBJECT`` of the request's token, ``*`` at one end; ``"*"`` is any valid token.
    claims: of the token, by name, with the values that will do, ``*`` at one end; a claim in another one is written
        ``[outer][inner]``. Tokens are verified by RequestAuthentication.
    """

    _: KW_ONLY
    principals: Principals = default(())
    namespaces: NamespaceNames = default(())
    methods: Many[Method] = default(())
    paths: Texts = default(())
    ports: Many[PortNumber] = default(())
    request_principals: Texts = default(())
    claims: Claims = default(FrozenMap())

    def __post_init__(self) -> None:
        for name, wanted in self.claims.items():
            if not name or (name[0] == "[") != (name[-1] == "]"):
                raise FieldError(f"claims[{name!r}]", "write a claim's name, or [outer][inner] for one in another")
            if not wanted:
                raise FieldError(f"claims[{name!r}]", 'no value is enough; name one, or "*" for any')
        given: list[tuple[str, Sequence[Any]]] = [
            ("principals", self.principals),
            ("paths", self.paths),
            ("request_principals", self.request_principals),
            *((f"claims[{name!r}]", wanted) for name, wanted in self.claims.items()),
        ]
        for field, patterns in given:
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
    """Allow or deny requests to workloads, mark them, or have someone else decide.

    namespace: default: the target's. target: the service, version or gateway that it protects; default: all
    workloads of ``namespace``.
    action: ``ALLOW`` refuses what no rule of any ALLOW policy takes; ``DENY`` refuses what a rule takes, and wins.
        ``AUDIT`` decides nothing: it marks what a rule takes, for access logs. ``CUSTOM`` asks ``provider`` about what
        a rule takes, before the others: what it refuses is refused.
    rules: none with ALLOW allows nothing. With CUSTOM only of methods, paths and ports.
    provider: with CUSTOM, the name of an ``envoyExtAuthzHttp`` or ``envoyExtAuthzGrpc`` among MeshConfig's
        ``extensionProviders``. istiod refuses everything where it knows none of that name, and where policies of one
        workload name several.
    dry_run: of ALLOW and DENY, refuses nothing and notes what it would have done in metrics, traces and debug logs
        (annotation ``istio.io/dry-run``).
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("")
    target: PolicyTarget = default(None)
    action: Action = "ALLOW"
    rules: Many[AuthorizationRule] = default(())
    provider: LineText = default("")
    dry_run: Bool = False
    _stands_alone = True

    def __post_init__(self) -> None:
        if self.target is None and not self.namespace:
            raise FieldError("namespace", "give the namespace or the target that it protects")
        object.__setattr__(self, "namespace", check_target(self.target, self.namespace))
        if self.target is not None:
            self._check_ports()
        if self.action in _WITHOUT_RULES and not self.rules:
            nothing = _WITHOUT_RULES[self.action]
            problem = f"{self.action} without rules {nothing}; give a rule (an empty one takes all)"
            raise FieldError("rules", problem)
        if self.dry_run and self.action not in ("ALLOW", "DENY"):
            raise FieldError("dry_run", f"Istio tries out ALLOW and DENY alone; leave it away with {self.action}")
        self._check_provider()

    def _check_provider(self) -> None:
        if self.action != "CUSTOM":
            if self.provider:
                raise FieldError("provider", f"only CUSTOM asks a provider; leave it away with {self.action}")
            return
        if not self.provider:
            raise FieldError("provider", "is required with CUSTOM: an authorizer among MeshConfig's extensionProviders")
        for position, rule in enumerate(self.rules):
            for field in _NOT_CUSTOM:
                if getattr(rule, field):
                    problem = "Istio takes no such rule with CUSTOM; methods, paths and ports say what is asked about"
                    raise FieldError(f"rules[{position}].{field}", problem)

    def _check_ports(self) -> None:
        """Ports of rules are the workload's own: one that it does not listen on would never match."""
        known_ports = listens(self.target)
        for position, rule in enumerate(self.rules):
            for index, port in enumerate(rule.ports):
                if port not in known_ports:
                    known = ", ".join(str(each) for each in known_ports)
                    problem = f"its workloads do not listen on {port}; they listen on {known}"
                    raise FieldError(f"rules[{position}].ports[{index}]", problem)
