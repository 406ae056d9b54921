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
from pulumi_mesh.typed import Accepts, Many, MaybeText, Text, TextMap, is_known, is_output
from pulumi_mesh.typed.leaves import OUTPUT_REFUSED

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
    HostText: TypeAlias = Text
    Addresses: TypeAlias = Accepts[Sequence[MaybeText], tuple[str, ...]]
    HeaderMap: TypeAlias = TextMap
else:

    def _optional(parse: Any) -> Any:
        return lambda value: None if value is None else parse(value)

    def _host_text(value: str) -> Any:
        return value if not is_known(value) or value == "" else values.hostname(value, wildcard=False)

    def _address(value: str) -> Any:
        return values.address(value) if is_known(value) else value

    def _header_map(given: Any) -> Any:
        return FrozenMap({name: _header_value(item) for name, item in by_header(given).items()})

    def _header_value(value: Any) -> Any:
        return values.header_value(value) if is_known(value) else value

    Duration = Annotated[timedelta, plain(values.duration)]
    OptionalDuration = Annotated[timedelta | None, plain(_optional(values.duration))]
    HostText = Annotated[Text, AfterValidator(_host_text)]
    Addresses = Many[Annotated[Text, AfterValidator(_address)]]
    HeaderMap = Annotated[TextMap, AfterValidator(_header_map)]

Percent: TypeAlias = Annotated[float, plain(values.percent)]
PortNumber: TypeAlias = Annotated[int, plain(values.port)]
OptionalPort: TypeAlias = Annotated[int | None, plain(lambda value: None if value is None else values.port(value))]
Weight: TypeAlias = Annotated[int, plain(values.weight)]
Name: TypeAlias = Annotated[str, plain(values.name)]
LabelName: TypeAlias = Annotated[str, plain(values.label_name)]
OptionalLabelName: TypeAlias = Annotated[str, plain(lambda value: value if value == "" else values.label_name(value))]
HeaderName: TypeAlias = Annotated[str, plain(values.header_name)]
Hostname: TypeAlias = Annotated[str, plain(values.hostname)]
DomainName: TypeAlias = Annotated[str, plain(lambda value: values.hostname(value, wildcard=False))]
