"""What an unquoted YAML scalar means, as kubectl's reader has it: YAML 1.1 words, 1.2 numbers, dates as text."""

from __future__ import annotations

import math
import re

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_FLOATS = {
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?")


_LEAST, _MOST = -(2**63), 2**64 - 1
_LONGEST = 40  # digits of which none are left out; Python refuses to read thousands


def resolve(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar; text unless it is one of the words or a number. Dates stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _FLOATS:
        return _FLOATS[text]
    if _INT.fullmatch(text):
        return _int(text.replace("_", ""))
    if _FLOAT.fullmatch(text):
        return _float(text.replace("_", ""))
    return text


def _int(digits: str) -> int | float | str:
    """An integer; what 64 bits cannot hold is a float when it is decimal, else text, as Go's readers have it."""
    sign, plain = (-1, digits[1:]) if digits[0] == "-" else (1, digits.removeprefix("+"))
    if plain.isdigit() and len(plain) > _LONGEST:
        return _float(digits)
    octal = len(plain) > 1 and plain[0] == "0" and plain.isdigit()
    try:
        value = sign * (int(plain, 8) if octal else int(plain, 0))
    except ValueError:
        if not plain.isdigit():
            return digits
        value = sign * int(plain)
    if _LEAST <= value <= _MOST:
        return value
    return _float(digits) if plain.isdigit() else digits


def _float(digits: str) -> float | str:
    """A float; text when none is as large."""
    value = float(digits)
    return value if math.isfinite(value) else digits
