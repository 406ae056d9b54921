"""Which requests a rule takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model import values
from pulumi_mesh.model.fields import LineText, OptionalPort, by_header
from pulumi_mesh.typed import Accepts, FieldError, Many, MapOf, default, is_known, is_output, typed


@typed
class Path:
    """A test of the request's path, without the query.

    kind: ``prefix`` compares text, so ``/a`` takes ``/a``, ``/a/b`` and ``/ab``; ``exact`` takes just this path;
    ``regex`` is an RE2 pattern of the whole path. These are Istio's kinds.
    """

    value: LineText
    _: KW_ONLY
    kind: Literal["exact", "prefix", "regex"] = "prefix"

    def __post_init__(self) -> None:
        if self.kind == "regex":
            _check_regex(self.value)
        elif is_known(self.value) and not self.value.startswith("/"):
            raise FieldError("value", f"{self.value!r} is not a path; it begins with '/'")


@typed
class TextMatch:
    """A test of a header's or query parameter's value.

    kind: ``exact``, ``prefix``, ``regex`` (RE2, the whole value) or ``present`` (any value; ``value`` stays empty).
    """

    value: LineText = default("")
    _: KW_ONLY
    kind: Literal["exact", "prefix", "regex", "present"] = "exact"

    def __post_init__(self) -> None:
        if self.kind == "regex":
            _check_regex(self.value)
        if self.kind == "present" and (is_output(self.value) or self.value):
            raise FieldError("value", "kind 'present' takes any value; leave the value away")
        if self.kind != "present" and not is_output(self.value) and not self.value:
            raise FieldError("value", "an empty value matches nothing; kind='present' takes any value")


def _from_text(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) or is_output(value) else value


text_match = BeforeValidator(_from_text)
"""Takes text for an exact match of it."""

if TYPE_CHECKING:
    TextMatches: TypeAlias = Accepts[
        Mapping[str, str] | Mapping[str, TextMatch] | Mapping[str, str | TextMatch], FrozenMap[str, TextMatch]
    ]
    HeaderMatches: TypeAlias = TextMatches
    PathMatch: TypeAlias = Accepts[str | Path | None, Path | None]
else:

    def _path(value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value

    TextMatches = MapOf[Annotated[TextMatch, text_match]]
    HeaderMatches = Annotated[TextMatches, AfterValidator(by_header)]
    PathMatch = Annotated[Path | None, BeforeValidator(_path)]

Method = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]


@typed
class Match:
    """All that is given must hold.

    path: text stands for a prefix. method: the HTTP method.
    port: that the request was made to: a service's, or a gateway listener's.
    headers, query_parameters: text stands for an exact value; names of headers are compared without case, and kept in
    lower case.
    """

    _: KW_ONLY
    path: PathMatch = default(None)
    method: Method | None = None
    port: OptionalPort = None
    headers: HeaderMatches = default(FrozenMap())
    query_parameters: TextMatches = default(FrozenMap())

    def __post_init__(self) -> None:
        if "" in self.query_parameters:
            raise FieldError("query_parameters", "a query parameter has a name; the key is empty")
        if all(part is None for part in (self.path, self.method, self.port)) and not (
            self.headers or self.query_parameters
        ):
            raise FieldError("path", "the match says nothing; a rule without matches takes every request")


if TYPE_CHECKING:
    from collections.abc import Sequence

    Matches: TypeAlias = Accepts[Sequence[Match] | Sequence[Path] | Sequence[Match | Path], tuple[Match, ...]]
else:

    def _match(value: Any) -> Any:
        return {"path": value} if isinstance(value, Path | str) else value

    Matches = Many[Annotated[Match, BeforeValidator(_match)]]


def _check_regex(text: Any) -> None:
    if not is_known(text):
        return
    try:
        values.regex(text)
    except ValueError as error:
        raise FieldError("value", str(error)) from None
