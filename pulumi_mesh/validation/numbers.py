"""Numbers in texts. Python refuses to read thousands of digits, so none of more than 64 bits is read at all."""

from __future__ import annotations

_DIGITS = 19


def whole(text: str) -> int | None:
    """The number that decimal digits make; None for any other text, and for a number that 64 bits do not hold."""
    if not text.isascii() or not text.isdigit():
        return None
    digits = text.lstrip("0")
    return int(digits or "0") if len(digits) <= _DIGITS else None
