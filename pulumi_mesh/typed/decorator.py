"""How user-facing types are made: frozen, hashable, validated, with errors and reprs for people."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from datetime import timedelta
from inspect import Parameter, Signature
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, ValidationError, with_config
from pydantic_core import ArgsKwargs

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.typed.fields import ALIAS, validator_of
from pulumi_mesh.typed.problems import problems_of
from pulumi_mesh.typed.tokens import is_output

T = TypeVar("T")

_CONFIG = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True, arbitrary_types_allowed=True)


def default(value: Any = None, *, factory: Callable[[], Any] | None = None, wire: str = "", shown: bool = True) -> Any:
    """A field's default.

    factory: makes the default instead. wire: the field's name in manifests, where it is not the Python one.
    shown: False keeps the field out of the repr (secrets).
    """
    given: dict[str, Any] = {"default_factory": factory} if factory else {"default": value}
    return dataclasses.field(**given, repr=shown, metadata={ALIAS: wire} if wire else None)


def required(*, wire: str = "", shown: bool = True) -> Any:
    """A keyword-only field that must be given, where it needs a wire name or stays out of the repr."""
    return dataclasses.field(repr=shown, metadata={ALIAS: wire} if wire else None)


@dataclass_transform(frozen_default=True, field_specifiers=(required,))
def typed(cls: type[T]) -> type[T]:
    """Make a frozen, validated dataclass; unknown fields are refused.

    Its constructor raises ``InvalidError`` with every problem found, each with its path. Fields after a
    ``_: KW_ONLY`` are keyword-only. In reprs a field that holds its default stays out, or what a property
    ``_implied`` (field name to value) says of it; and an object whose class says ``_stands_alone = True`` is shown
    inside others by its name only. What validates is made when the first object is.
    """
    # What the standard library would write and compile anew for each class is the same for all: see ``_frozen``.
    made: Any = with_config(_CONFIG)(dataclass(init=False, eq=False, repr=False)(cls))
    _frozen(made)
    positional = [field.name for field in fields(made) if field.init and not field.kw_only]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it becomes the class's own
        given = dict(zip(positional, args, strict=False))
        if len(args) > len(positional) or not given.keys().isdisjoint(kwargs):
            taken = " and ".join(positional) or "nothing"
            raise TypeError(f"{made.__name__} takes {taken} by position, the rest by keyword")
        given.update(kwargs)
        of: Any = type(self)
        try:
            validator_of(of).validate_python(ArgsKwargs((), given), self_instance=self)
        except ValidationError as error:
            root = root_of(of, given)
            raise InvalidError(problems_of(error, root, of), root=root) from None

    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__init__ = __init__
    made.__signature__ = _Signature()
    if "__repr__" not in cls.__dict__:
        made.__repr__ = _repr
    return made  # type: ignore[no-any-return]  # with_config returns the class it was given


class _Signature:
    """What a class's constructor takes, for ``help`` and editors, made when they ask."""

    def __get__(self, instance: object, owner: Any) -> Signature:
        """Of the class whose attribute it is."""
        kinds = {True: Parameter.KEYWORD_ONLY, False: Parameter.POSITIONAL_OR_KEYWORD}
        taken = [
            Parameter(each.name, kinds[bool(each.kw_only)], default=_default(each), annotation=each.type)
            for each in sorted(fields(owner), key=lambda each: bool(each.kw_only))
            if each.init
        ]
        return Signature(taken, return_annotation=None)


def _default(of: dataclasses.Field[Any]) -> Any:
    made = of.default_factory() if of.default_factory is not MISSING else of.default
    return Parameter.empty if made is MISSING else made


def _frozen(cls: Any) -> None:
    """Equality, hash and refusal of assignment, as a frozen dataclass has them; a class may bring its own."""
    names = [field.name for field in fields(cls) if field.compare]
    key: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807 - it becomes the class's own
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807 - it becomes the class's own
        return hash(key(self))

    methods = {"__eq__": __eq__, "__hash__": __hash__, "__setattr__": _refuse, "__delattr__": _refuse}
    for name, method in methods.items():
        if cls.__dict__.get(name) is None:
            setattr(cls, name, method)


def _refuse(self: Any, name: str, value: Any = None) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r}")


def root_of(cls: type, given: dict[str, Any]) -> str:
    """What paths into an object start with: ``Service("reviews")``, or the class alone if it has no name."""
    name = given.get("name")
    return f'{cls.__name__}("{name}")' if isinstance(name, str) and name.isprintable() else cls.__name__


def build(cls: type[T], data: Any, root: str = "", context: Mapping[str, Any] | None = None) -> T:
    """An object from a tree of mappings and lists, its keys the wire's names or Python's.

    root: what the paths of problems start with. context: what validators may look up.
    Raises InvalidError with all problems.
    """
    of: Any = cls
    try:
        return cast("T", validator_of(of).validate_python(data, context=context))
    except ValidationError as error:
        raise InvalidError(problems_of(error, root, cls), root=root) from None


def changed(of: T, values: Mapping[str, Any]) -> T:
    """The object with other values of fields, which have to be what the fields store: nothing is checked anew."""
    made = object.__new__(type(of))
    vars(made).update(vars(of), **values)
    return made


def _repr(self: Any) -> str:
    parts = []
    implied = getattr(self, "_implied", {})
    for field in fields(self):
        value = getattr(self, field.name)
        if not field.repr or _is_default(field, value) or (field.name in implied and implied[field.name] == value):
            continue
        shown = _shown(value)
        parts.append(shown if not field.kw_only else f"{field.name}={shown}")
    return f"{type(self).__name__}({', '.join(parts)})"


def _shown(value: Any) -> str:
    """The repr, but never an Output's own, which is a warning for people."""
    if is_output(value):
        return "<Output>"
    if isinstance(value, timedelta):
        return repr(f"{value.total_seconds():g}s")
    if getattr(type(value), "_stands_alone", False):
        return f"{type(value).__name__}({value.name!r})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return repr(value)


def _is_default(of: dataclasses.Field[Any], value: Any) -> bool:
    plain = _default(of)
    return bool(type(value) is type(plain) and value == plain)
