"""What a policy acts on: the workloads of a service or of a version, or a gateway; a namespace; or the whole mesh."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag, ValidationInfo

from pulumi_mesh.model.gateway import Gateway
from pulumi_mesh.model.references import named
from pulumi_mesh.model.service import Destination, Service
from pulumi_mesh.typed import Accepts, FieldError, is_output
from pulumi_mesh.typed.problems import SCALAR

if TYPE_CHECKING:
    WorkloadReference: TypeAlias = Accepts[Service | Destination | None, Service | Destination | None]
    PolicyTarget: TypeAlias = Accepts[Service | Destination | Gateway | None, Service | Destination | Gateway | None]
    RequiredTarget: TypeAlias = Accepts[Service | Destination | Gateway, Service | Destination | Gateway]
else:
    _service = named("service")
    _gateway = named("gateway")

    def target(value: Any, info: ValidationInfo) -> Any:
        """The object that a name or a mapping of a file stands for."""
        if isinstance(value, Mapping) and "gateway" in value:
            if len(value) > 1:
                raise ValueError("a gateway is the whole target; leave the other keys away")
            return _gateway(value["gateway"], info)
        return _service(value, info)

    def _tag(value: Any) -> str | None:
        """Which alternative a value is meant for, so that only its problems are told."""
        if isinstance(value, str) or is_output(value):
            return SCALAR
        return "Destination" if isinstance(value, Mapping) else type(value).__name__

    def one_of(text: str, *alternatives: Any) -> Any:
        """A union that tells only of the alternative that was meant. text: all of them, in words."""
        chosen = Discriminator(_tag, custom_error_type="reference", custom_error_message=f"needs {text}")
        return Annotated[reduce(or_, alternatives), chosen]

    IsService = Annotated[Service, Tag("Service")]
    IsDestination = Annotated[Destination, Tag("Destination")]
    IsGateway = Annotated[Gateway, Tag("Gateway")]
    _WORKLOAD = one_of("a service or a version of one", IsService, IsDestination)
    _TARGET = one_of("a service, a version of one, or a gateway", IsService, IsDestination, IsGateway)
    WorkloadReference = Annotated[_WORKLOAD | None, BeforeValidator(_service)]
    PolicyTarget = Annotated[_TARGET | None, BeforeValidator(target)]
    RequiredTarget = Annotated[_TARGET, BeforeValidator(target)]


def home_of(target: Service | Destination | Gateway) -> str:
    """The namespace of a target's workloads, where policies for them live."""
    return target.service.namespace if isinstance(target, Destination) else target.namespace


def check_target(target: Service | Destination | Gateway | None, namespace: str) -> str:
    """The namespace that a policy lives in. Refuses another one than the target's, and a target that is one port."""
    if target is None:
        return namespace
    home = home_of(target)
    if namespace and namespace != home:
        raise FieldError("namespace", f"a policy lives in the namespace of its target, {home!r}; leave it away")
    if isinstance(target, Destination) and target.port is not None and len(target.service.ports) > 1:
        raise FieldError("target.port", "a policy acts on workloads, not on one port; leave the port away")
    return home


def listens(target: Service | Destination | Gateway | None) -> tuple[int, ...]:
    """The ports that the workloads of a target listen on."""
    if isinstance(target, Gateway):
        return tuple(sorted({each.port for each in target.listeners}))
    service = target.service if isinstance(target, Destination) else target
    return tuple(sorted({each.target_port or each.number for each in service.ports})) if service else ()
