"""What a Helm value may be: for type checkers the Python types, Outputs included; at run time markers to check by.

None removes a chart's default, as null does in Helm, so it may stand anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi import Output

    Text: TypeAlias = str | Output[str] | None
    Flag: TypeAlias = bool | Output[bool] | None
    Whole: TypeAlias = int | Output[int] | None
    Number: TypeAlias = float | Output[float] | None
    Items: TypeAlias = Sequence[T] | Output[Sequence[Any]] | None
    Entries: TypeAlias = Mapping[str, T] | Output[Mapping[str, Any]] | None
else:

    class Text:
        """Text."""

    class Flag:
        """True or false."""

    class Whole:
        """A whole number."""

    class Number:
        """A number."""

    class Items(Generic[T]):
        """A list."""

    class Entries(Generic[T]):
        """A mapping whose keys a user chooses."""
