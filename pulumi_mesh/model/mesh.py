"""The mesh: everything that belongs together, listed; and what it uses of others."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY
from typing import Any, TypeVar

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.model.canary import Canary
from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.model.fields import LabelName
from pulumi_mesh.model.gateway import Gateway
from pulumi_mesh.model.namespace import Namespace
from pulumi_mesh.model.rate_limits import GlobalRateLimit, LocalRateLimit
from pulumi_mesh.model.request_authentication import RequestAuthentication
from pulumi_mesh.model.route import HTTPRoute
from pulumi_mesh.model.security import AuthorizationPolicy, MutualTLS
from pulumi_mesh.model.service import Destination, Service
from pulumi_mesh.model.staging import staged
from pulumi_mesh.model.stream_routes import StreamRoute, TCPRoute, TLSRoute
from pulumi_mesh.model.telemetry import Telemetry
from pulumi_mesh.refs import Identity
from pulumi_mesh.typed import FieldError, Many, default, is_known, typed

T = TypeVar("T")

_NAMED = (
    "namespaces",
    "services",
    "gateways",
    "routes",
    "tcp_routes",
    "tls_routes",
    "request_authentication",
    "authorization",
    "local_rate_limits",
    "global_rate_limits",
    "telemetry",
    "canaries",
)
"""The fields whose entries have a name of their own."""
_AUTHORIZERS = ("envoyExtAuthzHttp", "envoyExtAuthzGrpc")


@dataclasses.dataclass(frozen=True, slots=True)
class Replacement:
    """An object that stands in for the rendered one of the same identity; made by ``replace``."""

    object: Any


def replace(object: Any) -> Replacement:
    """Mark an entry of ``Mesh.objects`` as one that takes the place of a rendered object."""
    return Replacement(object)


@typed
class Mesh:
    """A mesh. What is listed here is owned and rendered; what is only reached is known and left alone.

    uses: meshes of other teams: known, never rendered.
    istio: the control plane; default: an installed one, default revision.
    routes: for HTTP. tcp_routes, tls_routes: for connections that nobody looks into.
    objects: typed objects (``pulumi_mesh.istio``, ``pulumi_mesh.kubernetes``) for what the model has no words for.
    """

    name: LabelName
    _: KW_ONLY
    uses: Many[Mesh] = default(())
    istio: Istio = default(factory=Istio)
    namespaces: Many[Namespace] = default(())
    services: Many[Service] = default(())
    gateways: Many[Gateway] = default(())
    routes: Many[HTTPRoute] = default(())
    tcp_routes: Many[TCPRoute] = default(())
    tls_routes: Many[TLSRoute] = default(())
    mutual_tls: Many[MutualTLS] = default(())
    request_authentication: Many[RequestAuthentication] = default(())
    authorization: Many[AuthorizationPolicy] = default(())
    local_rate_limits: Many[LocalRateLimit] = default(())
    global_rate_limits: Many[GlobalRateLimit] = default(())
    telemetry: Many[Telemetry] = default(())
    canaries: Many[Canary] = default(())
    objects: Many[Any] = default(())
    _stands_alone = True

    def __post_init__(self) -> None:
        for field in _NAMED:
            self._refuse_twice(field)
        self._refuse_two_scopes()
        self._refuse_two_mesh_wide()
        self._refuse_two_of_a_target()
        self._refuse_unknown_rules()
        self._refuse_unknown_providers()
        self._refuse_bad_objects()
        self._refuse_contradictions()

    def gateway(self, name: str) -> Gateway:
        """The gateway of that name, here or in a used mesh; raises InvalidError where there is none."""
        return self._find("gateway", self.known_gateways, name)

    def service(self, name: str) -> Service:
        """The service of that name (or ``NAMESPACE/NAME``), here or in a used mesh; raises InvalidError."""
        return self._find("service", self.known_services, name)

    def canary(self, name: str) -> Canary:
        """The canary of that name; raises InvalidError where there is none."""
        return self._find("canary", self.canaries, name)

    def at(self, stages: Mapping[str, int] | None = None) -> Mesh:
        """The same mesh with its canaries as plain weights.

        stages: canary name to stage: 0 (the default) before the first, n at the n-th. Raises InvalidError for a
        canary or a stage that is not there.
        """
        for name in stages or {}:
            self.canary(name)
        return self.replace(routes=staged(self.routes, self.canaries, stages or {}), canaries=())

    def replace(self, **changes: Any) -> Mesh:
        """A copy with other fields, checked as a new mesh is. Raises InvalidError."""
        return dataclasses.replace(self, **changes)

    @property
    def all_meshes(self) -> tuple[Mesh, ...]:
        """This mesh and those it uses, each once, this one first."""
        found: dict[int, Mesh] = {}
        waiting = [self]
        while waiting:
            mesh = waiting.pop(0)
            if id(mesh) not in found:
                found[id(mesh)] = mesh
                waiting.extend(mesh.uses)
        return tuple(found.values())

    @property
    def known_services(self) -> tuple[Service, ...]:
        """Services listed or reached, here and in used meshes, by namespace and name."""
        return tuple(dict(sorted(self._declared("Service"))).values())

    @property
    def known_gateways(self) -> tuple[Gateway, ...]:
        """Gateways listed or reached, here and in used meshes, by namespace and name."""
        return tuple(dict(sorted(self._declared("Gateway"))).values())

    @property
    def known_namespaces(self) -> tuple[Namespace, ...]:
        """Namespaces declared here and in used meshes, by name."""
        return tuple(dict(sorted(self._declared("Namespace"))).values())

    def physical_namespace(self, name: str) -> str:
        """What the cluster calls a namespace: its ``physical_name`` where one is declared."""
        return next((each.physical_name for each in self.known_namespaces if each.name == name), None) or name

    def _declared(self, kind: str) -> Iterator[tuple[tuple[str, str], Any]]:
        for mesh in self.all_meshes:
            match kind:
                case "Namespace":
                    yield from ((("", each.name), each) for each in mesh.namespaces)
                case "Gateway":
                    yield from (((each.namespace, each.name), each) for each in _reached_gateways(mesh))
                case _:
                    yield from (((each.namespace, each.name), each) for each in _reached_services(mesh))

    def _find(self, kind: str, candidates: tuple[T, ...], name: str) -> T:
        found = [each for each in candidates if name in _names(each)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(sorted(each.name for each in candidates)) or "none"  # type: ignore[attr-defined]  # all have one
        if found:
            problem = f"several {kind}s are named {name!r}; write NAMESPACE/NAME"
        else:
            problem = f"no {kind} is named {name!r}; known: {known}"
        raise InvalidError([(f'Mesh("{self.name}")', problem)])

    def _refuse_twice(self, field: str) -> None:
        seen: set[tuple[str, str]] = set()
        for position, each in enumerate(getattr(self, field)):
            key = (getattr(each, "namespace", ""), each.name)
            if key in seen:
                place = f" in namespace {key[0]!r}" if key[0] else ""
                raise FieldError(
                    f"{field}[{position}]",
                    f"{each.name!r} is declared twice{place}; each identity has one declaration",
                )
            seen.add(key)

    def _refuse_bad_objects(self) -> None:
        seen: set[Identity] = set()
        for position, entry in enumerate(self.objects):
            found = entry.object if isinstance(entry, Replacement) else entry
            identity = getattr(found, "identity", None)
            if not isinstance(identity, Identity):
                raise FieldError(
                    f"objects[{position}]", f"{type(found).__name__} is not a typed object; see pulumi_mesh.istio"
                )
            if identity in seen:
                raise FieldError(
                    f"objects[{position}]", f"{identity} is declared twice; each identity has one declaration"
                )
            seen.add(identity)

    def _refuse_two_scopes(self) -> None:
        for position, each in enumerate(self.mutual_tls):
            for other in self.mutual_tls[:position]:
                if each.scope == other.scope:
                    raise FieldError(f"mutual_tls[{position}]", f"{_scope(each)} has a mode already, {other.mode}")

    def _refuse_two_mesh_wide(self) -> None:
        holders = [mesh.name for mesh in self.all_meshes if any(each.mesh_wide for each in mesh.mutual_tls)]
        if len(holders) > 1:
            raise FieldError(
                "mutual_tls", f"only one mesh may set mutual TLS for the whole mesh; {', '.join(holders)} do"
            )

    def _refuse_two_of_a_target(self) -> None:
        """Istio uses one Telemetry of a scope; descriptors of one proxy are counted by every rate limit service."""
        for position, each in enumerate(self.telemetry):
            if any(each.scope == other.scope for other in self.telemetry[:position]):
                raise FieldError(f"telemetry[{position}]", "another one is for the same proxies; put them into one")
        for position, limit in enumerate(self.global_rate_limits):
            if any(limit.target == other.target for other in self.global_rate_limits[:position]):
                problem = "its target has a global rate limit already; put the descriptors into one"
                raise FieldError(f"global_rate_limits[{position}]", problem)

    def _refuse_unknown_rules(self) -> None:
        """A limit of a rule that is nowhere would limit nothing."""
        for position, limit in enumerate(self.local_rate_limits):
            rules = [
                rule.name
                for mesh in self.all_meshes
                for route in mesh.routes
                if limit.target in route.gateways
                for rule in route.rules
                if rule.name
            ]
            if limit.rule and limit.rule not in rules:
                known = ", ".join(sorted(set(rules))) or "none"
                problem = f"no route at the gateway has a rule named {limit.rule!r}; named rules: {known}"
                raise FieldError(f"local_rate_limits[{position}].rule", problem)

    def _refuse_unknown_providers(self) -> None:
        """Where no authorizer has the name that a CUSTOM policy gives, istiod refuses what its rules take."""
        asked = [(position, each) for position, each in enumerate(self.authorization) if each.action == "CUSTOM"]
        if not asked or (providers := self.istio.extension_providers) is None:
            return
        names = sorted(str(each.get("name")) for each in providers if any(kind in each for kind in _AUTHORIZERS))
        for position, policy in asked:
            if is_known(policy.provider) and policy.provider not in names:
                problem = (
                    f"meshConfig.extensionProviders of istio has no authorizer named {policy.provider!r}; "
                    f"known: {', '.join(names) or 'none'}"
                )
                raise FieldError(f"authorization[{position}].provider", problem)

    def _refuse_contradictions(self) -> None:
        for kind in ("Namespace", "Service", "Gateway"):
            seen: dict[tuple[str, str], Any] = {}
            for key, each in self._declared(kind):
                known = seen.setdefault(key, each)
                if known != each:
                    label = "/".join(part for part in key if part)
                    raise FieldError(
                        f"{kind.lower()}s",
                        f"{label} is declared in two different ways; use one object in every place",
                    )
        _refuse_shared("namespaces", {each.name: each.physical_name or each.name for each in self.known_namespaces})
        hosts = {f"{each.namespace}/{each.name}": each.hostname for each in self.known_services if each.hostname}
        _refuse_shared("services", hosts)


def _refuse_shared(field: str, names: dict[str, str]) -> None:
    """Two declarations may not stand for one thing of the cluster. names: what the cluster calls each."""
    seen: dict[str, str] = {}
    for ours, physical in names.items():
        other = seen.setdefault(physical, ours)
        if other != ours:
            raise FieldError(field, f"{other} and {ours} have one name in the cluster; declare it once")


def _reached_services(mesh: Mesh) -> Iterator[Service]:
    waiting: list[Service] = list(mesh.services)
    for route in mesh.routes:
        waiting.extend(route.services)
        for rule in route.rules:
            waiting.extend(backend.destination.service for backend in rule.backends)
            if rule.mirror:
                waiting.append(rule.mirror.destination.service)
    for stream in _stream_routes(mesh):
        waiting.extend(stream.services)
        waiting.extend(backend.destination.service for backend in stream.backends)
    waiting.extend(limit.service.service for limit in mesh.global_rate_limits)
    waiting.extend(canary.service for canary in mesh.canaries)
    targets: list[object] = [each.service for each in mesh.mutual_tls]
    targets += _targets(mesh)
    targets += [who for each in mesh.authorization for rule in each.rules for who in rule.principals]
    for target in targets:
        if isinstance(target, Service):
            waiting.append(target)
        elif isinstance(target, Destination):
            waiting.append(target.service)
    while waiting:
        service = waiting.pop(0)
        yield service
        waiting.extend(service.calls)


def _reached_gateways(mesh: Mesh) -> Iterator[Gateway]:
    yield from mesh.gateways
    for route in mesh.routes:
        yield from route.gateways
    for stream in _stream_routes(mesh):
        yield from stream.gateways
    yield from (target for target in _targets(mesh) if isinstance(target, Gateway))
    for policy in mesh.authorization:
        yield from (who for rule in policy.rules for who in rule.principals if isinstance(who, Gateway))


def _targets(mesh: Mesh) -> list[Service | Destination | Gateway | None]:
    """What policies are for."""
    every = (
        mesh.request_authentication,
        mesh.authorization,
        mesh.local_rate_limits,
        mesh.global_rate_limits,
        mesh.telemetry,
    )
    return [each.target for policies in every for each in policies]


def _stream_routes(mesh: Mesh) -> Iterator[StreamRoute]:
    yield from mesh.tcp_routes
    yield from mesh.tls_routes


def _names(each: Any) -> tuple[str, ...]:
    namespace = getattr(each, "namespace", "")
    return (each.name, f"{namespace}/{each.name}") if namespace else (each.name,)


def _scope(each: MutualTLS) -> str:
    if each.namespace:
        return f"namespace {each.namespace!r}"
    if isinstance(each.service, Destination):
        return f"{each.service.service.name} {each.service.version}".rstrip()
    return each.service.name if each.service is not None else "the mesh"
