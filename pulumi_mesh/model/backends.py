"""Backends: where a rule of a route sends requests or connections, each with its share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from pulumi_mesh.model.fields import Weight
from pulumi_mesh.model.references import named
from pulumi_mesh.model.service import Destination, Service
from pulumi_mesh.typed import Accepts, FieldError, Many, typed

if TYPE_CHECKING:
    DestinationReference: TypeAlias = Accepts[Service | Destination, Destination]
else:
    _look_up = named("service")

    def _destination(value: Any, info: Any) -> Any:
        value = _look_up(value, info)
        return Destination(value) if isinstance(value, Service) else value

    DestinationReference = Annotated[Destination, BeforeValidator(_destination)]


@typed
class Backend:
    """One destination of a rule.

    destination: a service, or a version of one (``reviews["v1"]``). weight: its share, relative to the sum of the
    rule's weights; default 1.
    """

    destination: DestinationReference
    _: KW_ONLY
    weight: Weight = 1

    def __post_init__(self) -> None:
        need_port(self.destination)


if TYPE_CHECKING:
    Backends: TypeAlias = Accepts[
        Sequence[Service] | Sequence[Destination] | Sequence[Backend] | Sequence[Service | Destination | Backend],
        tuple[Backend, ...],
    ]
else:

    def _backend(value: Any, info: Any) -> Any:
        value = _look_up(value, info)
        if isinstance(value, Service | Destination):
            return Backend(value)
        if isinstance(value, Mapping) and "service" in value:
            # in files the destination's fields stand beside the weight
            rest = {key: item for key, item in value.items() if key in ("service", "version", "port")}
            return {"destination": rest, **{key: item for key, item in value.items() if key not in rest}}
        return value

    Backends = Many[Annotated[Backend, BeforeValidator(_backend)]]


def need_port(destination: Destination, field: str = "destination") -> None:
    """Refuse a destination of a service with several ports that names none of them."""
    if destination.port is None:
        service, numbers = destination.service, [each.number for each in destination.service.ports]
        version = f", version={destination.version!r}" if destination.version else ""
        raise FieldError(
            field,
            f"{service.name} has several ports; name one of {numbers}: Destination({service.name}{version}, port=...)",
        )


def check_backends(backends: Sequence[Backend]) -> None:
    """Refuse shares that are all 0, a destination that is there twice, and a retired version."""
    if backends and not sum(each.weight for each in backends):
        raise FieldError("backends", "all weights are 0; give at least one backend a share")
    seen: list[Destination] = []
    for position, each in enumerate(backends):
        refuse_retired(f"backends[{position}]", each.destination)
        if each.destination in seen:
            label = f"{each.destination.service.name} {each.destination.version}".rstrip()
            raise FieldError(f"backends[{position}]", f"{label} is there twice; add its weights up")
        seen.append(each.destination)


def refuse_retired(field: str, destination: Destination) -> None:
    """Refuse a version that no route may use any more."""
    version = destination.declared_version
    if version and version.retired:
        raise FieldError(field, f"version {version.name!r} of {destination.service.name} is retired; send it nothing")
