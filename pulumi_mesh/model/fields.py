"""Field types of the model: what a user may write, and what is stored.

A type checker sees ``Accepts[what is written, what is stored]``; pydantic sees the validator that turns one into
the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BeforeValidator

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model import values
from pulumi_mesh.typed import (
    Accepts,
    Many,
    MaybeText,
    OptionalText,
    Text,
    TextMap,
    is_formatted_output,
    is_known,
    is_output,
)
from pulumi_mesh.typed.leaves import OUTPUT_REFUSED
from pulumi_mesh.typed.tokens import FORMATTED_OUTPUT

T = TypeVar("T")


def plain(parse: Callable[[Any], Any]) -> BeforeValidator:
    """A validator that parses plain values and refuses an Output: the value decides names or structure."""

    def check(value: Any) -> Any:
        if is_output(value):
            raise ValueError(OUTPUT_REFUSED)
        return parse(value)

    return BeforeValidator(check)


def by_header(given: Mapping[str, T]) -> FrozenMap[str, T]:
    """A map by header name: in lower case, since names are compared so. Refuses what then is there twice."""
    found: dict[str, T] = {}
    for key, item in given.items():
        name = values.header_name(key)
        if name in found:
            raise ValueError(f"{name!r} is there twice, in other letter case; give it once")
        found[name] = item
    return FrozenMap(found)


if TYPE_CHECKING:
    Duration: TypeAlias = Accepts[str | timedelta, timedelta]
    OptionalDuration: TypeAlias = Accepts[str | timedelta | None, timedelta | None]
    OptionalLifetime: TypeAlias = Accepts[str | timedelta | None, timedelta | None]
    LineText: TypeAlias = Text
    OptionalHostText: TypeAlias = OptionalText
    PhysicalName: TypeAlias = OptionalText
    Addresses: TypeAlias = Accepts[Sequence[MaybeText], tuple[str, ...]]
    HeaderMap: TypeAlias = TextMap
else:

    def _optional(parse: Any) -> Any:
        return lambda value: None if value is None else parse(value)

    def _known(parse: Any) -> Any:
        return AfterValidator(lambda value: _parsed(parse, value))

    def _parsed(parse: Any, value: Any) -> Any:
        if is_formatted_output(value):
            raise ValueError(FORMATTED_OUTPUT)
        return parse(value) if value is not None and is_known(value) else value

    def _domain_name(value: str) -> str:
        return values.hostname(value, wildcard=False)

    def _header_map(given: Any) -> Any:
        return FrozenMap({name: _parsed(values.header_value, item) for name, item in by_header(given).items()})

    Duration = Annotated[timedelta, plain(values.duration)]
    OptionalDuration = Annotated[timedelta | None, plain(_optional(values.duration))]
    OptionalLifetime = Annotated[timedelta | None, plain(_optional(values.lifetime))]
    LineText = Annotated[Text, _known(values.one_line)]
    OptionalHostText = Annotated[OptionalText, _known(_domain_name)]
    PhysicalName = Annotated[OptionalText, _known(values.label_name)]
    Addresses = Many[Annotated[Text, _known(values.address)]]
    HeaderMap = Annotated[TextMap, AfterValidator(_header_map)]

Percent: TypeAlias = Annotated[float, plain(values.percent)]
PortNumber: TypeAlias = Annotated[int, plain(values.port)]
OptionalPort: TypeAlias = Annotated[int | None, plain(lambda value: None if value is None else values.port(value))]
Weight: TypeAlias = Annotated[int, plain(values.weight)]
Name: TypeAlias = Annotated[str, plain(values.name)]
LabelName: TypeAlias = Annotated[str, plain(values.label_name)]
OptionalLabelName: TypeAlias = Annotated[str, plain(lambda value: value if value == "" else values.label_name(value))]
OptionalHeaderName: TypeAlias = Annotated[
    str | None, plain(lambda value: None if value is None else values.header_name(value))
]
HeaderName: TypeAlias = Annotated[str, plain(values.header_name)]
Hostname: TypeAlias = Annotated[str, plain(values.hostname)]
DomainName: TypeAlias = Annotated[str, plain(lambda value: values.hostname(value, wildcard=False))]
