"""What a field accepts and what it stores, for type checkers and at run time.

A type checker sees a descriptor with two types; at run time each name stands for what pydantic validates:
a list becomes a tuple, a mapping a ``FrozenMap`` or the nested class. Text leaves also take an Output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.typed.tokens import is_known, is_output

T = TypeVar("T")
InT = TypeVar("InT", contravariant=True)  # noqa: PLC0105 - In and Out say more
OutT = TypeVar("OutT", covariant=True)  # noqa: PLC0105 - In and Out say more

OUTPUT_REFUSED = "an Output may not stand here: this decides names or structure, so it must be plain text"


class FieldError(ValueError):
    """Raised in a ``__post_init__``: the named field (empty: the object as a whole) is wrong, and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@cache
def _pattern(pattern: str) -> Any:
    import re2  # the engine of Envoy and the syntax of Go, in which the CRDs' patterns are written

    return re2.compile(pattern)


@dataclass(frozen=True, slots=True)
class Chars:
    """Rules on known text, lengths in characters; Outputs and text with tokens are not judged.

    pattern: RE2, searched. form: the pattern in words. read: what is asked instead of text read from a manifest,
    whose verdict tells what else is wrong with it.
    """

    min: int = 0
    max: int | None = None
    pattern: str = ""
    form: str = ""
    read: Chars | None = None

    def __call__(self, value: Any) -> Any:
        if value is None or not is_known(value):
            return value
        if len(value) < self.min:
            raise ValueError("is empty" if not value else f"is shorter than {self.min} characters")
        if self.max is not None and len(value) > self.max:
            raise ValueError(f"is {len(value)} characters long; at most {self.max}")
        if self.pattern and not _pattern(self.pattern).search(value):
            raise ValueError(f"is {short(value)}; {self.form or 'must match ' + self.pattern}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if self.read is None:
            return core_schema.no_info_after_validator_function(self, handler(source))
        return core_schema.with_info_after_validator_function(self._judge, handler(source))

    def _judge(self, value: Any, info: ValidationInfo) -> Any:
        reading = bool(info.context and info.context.get("reading"))
        return self.read(value) if reading and self.read is not None else self(value)


@dataclass(frozen=True, slots=True)
class Each:
    """Rules on every text of a list or a map."""

    rule: Chars

    def __call__(self, value: Any) -> Any:
        if value is not None:
            pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
            for key, text in pairs:
                try:
                    self.rule(text)
                except ValueError as error:
                    raise FieldError(f"[{key!r}]", str(error)) from None
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self, handler(source))


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries a list or a map may have."""

    min: int = 0
    max: int | None = None

    def __call__(self, value: Any) -> Any:
        if value is not None:
            if len(value) < self.min:
                raise ValueError(f"has {len(value)} entries; at least {self.min}")
            if self.max is not None and len(value) > self.max:
                raise ValueError(f"has {len(value)} entries; at most {self.max}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self, handler(source))


def short(value: str) -> str:
    """Text as an error shows it: quoted, and cut where it is long."""
    return repr(value if len(value) <= 60 else value[:57] + "...")


def _output_only(value: Any) -> Any:
    if is_output(value):
        return value
    raise ValueError


class _TextSchema:
    """Text or an Output; the usual case, text, never leaves pydantic's core."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.union_schema(
            [core_schema.str_schema(strict=True), core_schema.no_info_plain_validator_function(_output_only)],
            mode="left_to_right",
            custom_error_type="text",
            custom_error_message="is not text",
        )


def _as_sequence(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return tuple(value)
    raise ValueError(f"needs a list, not {kind_of(value)}")


def _as_dict(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _as_mapping(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise ValueError(f"needs a mapping, not {kind_of(value)}")


def _no_text(value: Any) -> Any:
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        raise ValueError(f"needs a number, not {kind_of(value)}")
    return value


def kind_of(value: object) -> str:
    """A value's kind in words that fit Python and YAML alike."""
    if is_output(value):
        return "an Output"
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", type(None): "nothing (null)"}
    for of, name in names.items():
        if type(value) is of:
            return name
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def freeze_json(value: Any) -> Any:
    """JSON-like data, frozen at every depth; Outputs stay. Raises ValueError for what JSON cannot say."""
    if isinstance(value, Mapping):
        if bad := [key for key in value if not isinstance(key, str)]:
            raise ValueError(f"holds the key {bad[0]!r}, which is not text")
        return FrozenMap({key: freeze_json(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze_json(item) for item in value)
    if value is None or isinstance(value, str | bool | int) or is_output(value):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError(f"holds {kind_of(value)}, which JSON cannot say")


def _plain(value: Any) -> Any:
    if is_output(value):
        raise ValueError(OUTPUT_REFUSED)
    return value


Bool: TypeAlias = Annotated[bool, Field(strict=True)]
Int: TypeAlias = Annotated[int, BeforeValidator(_no_text)]
Int32: TypeAlias = Annotated[Int, Field(ge=-(2**31), le=2**31 - 1)]
Int64: TypeAlias = Annotated[Int, Field(ge=-(2**63), le=2**63 - 1)]
UInt32: TypeAlias = Annotated[Int, Field(ge=0, le=2**32 - 1)]
Number: TypeAlias = Annotated[float, BeforeValidator(_no_text), Field(allow_inf_nan=False)]
"""A double; whole numbers may be given as int."""
PlainText: TypeAlias = Annotated[str, Field(strict=True), BeforeValidator(_plain)]
"""Text where no Output may stand: names of our own objects, discriminators."""
Name: TypeAlias = Annotated[
    PlainText,
    Chars(
        1,
        253,
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "a name is lower-case letters, digits, '-' and '.', and starts and ends with a letter or digit",
        read=Chars(1, 253, r"^[^/%]*[^/%.][^/%]*$", "a name has no '/' or '%' and is not dots alone"),
    ),
]
"""An object's name: a DNS subdomain in lower case, as Kubernetes asks."""
NamespaceName: TypeAlias = Annotated[
    PlainText,
    Chars(
        0,
        63,
        r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$",
        "a namespace is lower-case letters, digits and '-', and starts and ends with a letter or digit",
        read=Chars(0, 253, r"^([^/%]*[^/%.][^/%]*)?$", "a namespace has no '/' or '%' and is not dots alone"),
    ),
]
"""A namespace's name: a DNS label; empty where there is none or where the default applies."""

if TYPE_CHECKING:
    from pulumi import Output

    class Accepts(Generic[InT, OutT]):
        """A field that takes one type and stores another."""

        def __get__(self, obj: Any, owner: Any) -> OutT: ...
        def __set__(self, obj: object, value: InT) -> None: ...

    MaybeText: TypeAlias = str | Output[str]
    Text: TypeAlias = Accepts[MaybeText, str]
    OptionalText: TypeAlias = Accepts[MaybeText | None, str | None]
    Texts: TypeAlias = Accepts[Sequence[MaybeText], tuple[str, ...]]
    OptionalTexts: TypeAlias = Accepts[Sequence[MaybeText] | None, tuple[str, ...] | None]
    TextMap: TypeAlias = Accepts[Mapping[str, MaybeText], FrozenMap[str, str]]
    OptionalTextMap: TypeAlias = Accepts[Mapping[str, MaybeText] | None, FrozenMap[str, str] | None]
    Many: TypeAlias = Accepts[Sequence[T], tuple[T, ...]]
    OptionalMany: TypeAlias = Accepts[Sequence[T] | None, tuple[T, ...] | None]
    MapOf: TypeAlias = Accepts[Mapping[str, T], FrozenMap[str, T]]
    OptionalMapOf: TypeAlias = Accepts[Mapping[str, T] | None, FrozenMap[str, T] | None]
    Part: TypeAlias = Accepts[T | Mapping[str, Any], T]
    OptionalPart: TypeAlias = Accepts[T | Mapping[str, Any] | None, T | None]
    Parts: TypeAlias = Accepts[Sequence[T | Mapping[str, Any]], tuple[T, ...]]
    OptionalParts: TypeAlias = Accepts[Sequence[T | Mapping[str, Any]] | None, tuple[T, ...] | None]
    PartMap: TypeAlias = Accepts[Mapping[str, T | Mapping[str, Any]], FrozenMap[str, T]]
    OptionalPartMap: TypeAlias = Accepts[Mapping[str, T | Mapping[str, Any]] | None, FrozenMap[str, T] | None]
    JsonMap: TypeAlias = Accepts[Mapping[str, Any], FrozenMap[str, Any]]
    OptionalJsonMap: TypeAlias = Accepts[Mapping[str, Any] | None, FrozenMap[str, Any] | None]
    Json: TypeAlias = Any
else:
    _text = Annotated[str, _TextSchema]

    def _many(item: Any) -> Any:
        return Annotated[tuple[item, ...], BeforeValidator(_as_sequence)]

    def _map(item: Any) -> Any:
        return Annotated[dict[str, item], BeforeValidator(_as_mapping), AfterValidator(FrozenMap)]

    def _part(item: Any) -> Any:
        return Annotated[item, BeforeValidator(_as_dict)]

    def _alias(name: str, make: Any) -> Any:
        return type(name, (), {"__class_getitem__": classmethod(lambda _, item: make(item))})

    Accepts = _alias("Accepts", lambda both: both[1])
    MaybeText = _text
    Text = _text
    OptionalText = _text | None
    Texts = _many(_text)
    OptionalTexts = _many(_text) | None
    TextMap = _map(_text)
    OptionalTextMap = _map(_text) | None
    Many = _alias("Many", _many)
    OptionalMany = _alias("OptionalMany", lambda item: _many(item) | None)
    MapOf = _alias("MapOf", _map)
    OptionalMapOf = _alias("OptionalMapOf", lambda item: _map(item) | None)
    Part = _alias("Part", _part)
    OptionalPart = _alias("OptionalPart", lambda item: _part(item) | None)
    Parts = _alias("Parts", lambda item: _many(_part(item)))
    OptionalParts = _alias("OptionalParts", lambda item: _many(_part(item)) | None)
    PartMap = _alias("PartMap", lambda item: _map(_part(item)))
    OptionalPartMap = _alias("OptionalPartMap", lambda item: _map(_part(item)) | None)
    Json = Annotated[Any, AfterValidator(freeze_json)]
    JsonMap = Annotated[Any, BeforeValidator(_as_mapping), AfterValidator(freeze_json)]
    OptionalJsonMap = JsonMap | None
