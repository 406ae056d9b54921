"""What is expected of a part of a request's fate: a destination, a header, a redirect, a mirror."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from pulumi_mesh.errors import MeshError
from pulumi_mesh.proxy.regex import compiled
from pulumi_mesh.typed import (
    Accepts,
    Bool,
    FieldError,
    Int,
    MapOf,
    Number,
    OptionalMany,
    PlainText,
    default,
    kind_of,
    typed,
)

OptionalPlain: TypeAlias = PlainText | None
Port: TypeAlias = Annotated[Int, Field(ge=1, le=65535)]
_TESTS = ("exact", "one_of", "has", "prefix", "suffix", "contains", "regex", "at_least", "below", "present", "not_")
Percent: TypeAlias = Annotated[Number, Field(ge=0, le=100)]


def _named(value: Any) -> Any:
    """Text stands for a host."""
    return {"host": value} if isinstance(value, str) else value


def _header(value: Any) -> Any:
    """Text stands for the exact value, a list for values of which one is right."""
    if isinstance(value, str):
        return {"exact": value}
    if isinstance(value, list | tuple):
        return {"one_of": value}
    if isinstance(value, bool | int | float) or value is None:
        raise ValueError(f"needs text, a list of texts, or tests such as regex, not {kind_of(value)}; quote a number")
    return value


def _statuses(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    return value


@typed
class ExpectedDestination:
    """Where requests are to end: at a service, in the terms of a VirtualService's ``route``, or at workloads.

    host: of a service, whole (``reviews.bookinfo.svc.cluster.local``) or its beginning (``reviews.bookinfo``).
    workload: what gets it there: a pod, or the Deployment whose pods they all are, ``NAME`` or ``NAME.NAMESPACE``.
    subset, port: of the service; default any. weight: percent of the requests; default any share.
    """

    host: OptionalPlain = None
    _: KW_ONLY
    workload: OptionalPlain = None
    subset: OptionalPlain = None
    port: Port | None = None
    weight: float | None = None

    def __post_init__(self) -> None:
        if self.host == "":
            raise FieldError("host", "names no service")
        if self.workload == "":
            raise FieldError("workload", "names no workload")
        if self.host is None and self.workload is None:
            raise FieldError("host", "is missing; name the service, or its workload with workload")
        if self.weight is not None and not 0 <= self.weight <= 100:
            raise FieldError("weight", f"{self.weight:g} is no share; give percent, 0 to 100")


@typed
class ExpectedHeader:
    """What a header is to be: all that is said has to hold.

    exact, one_of: its value, several joined by commas; blanks behind a comma do not count. What follows is of each
    value by itself, and one that passes is enough: has is all of it; prefix, suffix and contains are parts of it;
    regex (RE2) is for all of it; at_least and below are for a whole number. ignore_case: letters, not in a regex.
    present: whether it is there; without, a header that is not there is not as expected.
    or_absent: it is right, too, when it is not there. not_ (``not``): tests none of which, taken together, may hold.
    """

    _: KW_ONLY
    exact: OptionalPlain = None
    one_of: OptionalMany[PlainText] = default(None)
    has: OptionalPlain = None
    prefix: OptionalPlain = None
    suffix: OptionalPlain = None
    contains: OptionalPlain = None
    regex: OptionalPlain = None
    at_least: Int | None = None
    below: Int | None = None
    ignore_case: Bool = False
    present: Bool | None = None
    or_absent: Bool = False
    not_: Annotated[ExpectedHeader | None, BeforeValidator(_header)] = default(None, wire="not")

    def __post_init__(self) -> None:
        if self.regex is not None:
            try:
                compiled(self.regex)
            except MeshError as error:
                raise FieldError("regex", error.message) from None
        if self.one_of is not None and not self.one_of:
            raise FieldError("one_of", "is empty, so nothing is as expected; list the values that are right")
        if self.present is False and self.or_absent:
            raise FieldError("or_absent", "says nothing beside present: false")
        if all(getattr(self, name) is None for name in _TESTS):
            raise FieldError("", "tests nothing; give its value as text, or a test such as present or regex")


@typed
class ExpectedRedirect:
    """Where a redirect leads. What is left out is not looked at.

    host: without a port. port: the scheme's own where the location has none. path: without the query.
    query: without its question mark; empty for none.
    """

    _: KW_ONLY
    scheme: OptionalPlain = None
    host: OptionalPlain = None
    port: Port | None = None
    path: OptionalPlain = None
    query: OptionalPlain = None

    def __post_init__(self) -> None:
        if self.host is not None and re.search(r"[^\]:]:\d+$|\]:\d+$", self.host):
            raise FieldError("host", f"{self.host!r} holds a port, which is port")
        if self.path is not None and "?" in self.path:
            raise FieldError("path", f"{self.path!r} holds a query, which is query")


@typed
class ExpectedMirror:
    """Who gets copies of requests. host, subset, port: as in a destination. percent: of the requests; default any."""

    host: PlainText
    _: KW_ONLY
    subset: OptionalPlain = None
    port: Port | None = None
    percent: Percent | None = None

    def __post_init__(self) -> None:
        if not self.host:
            raise FieldError("host", "names no service")


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_mesh.frozen import FrozenMap

    Statuses: TypeAlias = Accepts[int | Sequence[int] | None, tuple[int, ...] | None]
    ExpectedDestinations: TypeAlias = Accepts[
        Sequence[ExpectedDestination] | Sequence[str] | Sequence[ExpectedDestination | str] | None,
        tuple[ExpectedDestination, ...] | None,
    ]
    ExpectedMirrors: TypeAlias = Accepts[
        Sequence[ExpectedMirror] | Sequence[str] | Sequence[ExpectedMirror | str] | None,
        tuple[ExpectedMirror, ...] | None,
    ]
    ExpectedHeaders: TypeAlias = Accepts[
        Mapping[str, ExpectedHeader]
        | Mapping[str, str]
        | Mapping[str, Sequence[str]]
        | Mapping[str, ExpectedHeader | str | Sequence[str]],
        FrozenMap[str, ExpectedHeader],
    ]
else:
    Statuses = Annotated[OptionalMany[Int], BeforeValidator(_statuses)]
    ExpectedDestinations = OptionalMany[Annotated[ExpectedDestination, BeforeValidator(_named)]]
    ExpectedMirrors = OptionalMany[Annotated[ExpectedMirror, BeforeValidator(_named)]]
    ExpectedHeaders = MapOf[Annotated[ExpectedHeader, BeforeValidator(_header)]]
