"""What single values may be: durations, ports, names, hostnames, shares, patterns.

Each parser takes what a user writes and returns what is stored, or raises ValueError with what would be right.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta

import re2

from pulumi_mesh.typed.leaves import short

_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile(rf"(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LARGEST_WEIGHT = 1_000_000
_COMMAND = re.compile(r"%%|%[A-Z][A-Z0-9_]*(\([^)]*\))?(:[0-9]+)?%")
_LONGEST = timedelta(hours=87600)


def duration(value: object) -> timedelta:
    """``"1h30m"``, ``"10m"``, ``"2s"``, ``"500ms"`` or a timedelta: whole milliseconds, at least one, as Istio asks."""
    finer = False
    if isinstance(value, timedelta):
        length = value
    elif isinstance(value, str):
        found = _DURATION.fullmatch(value)
        if not value or found is None:
            raise ValueError(f'{value!r} is not a duration; write it as "10m", "1h30m", "2s" or "500ms"')
        hours, minutes, seconds, millis = (float(part or 0) for part in found.groups())
        if hours > 87600 or minutes > 5256000 or seconds > 315360000 or millis > 315360000000:
            raise ValueError(f"{value!r} is longer than ten years; give a shorter duration")
        length = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=millis)
        finer = not millis.is_integer()  # a timedelta would round it
    else:
        raise ValueError(f'{value!r} is not a duration; write it as text with a unit, such as "10m" or "500ms"')
    if length < timedelta(milliseconds=1):
        raise ValueError(f"{value!r} is too short; the least is 1ms")
    if length > _LONGEST:
        raise ValueError(f"{value!r} is longer than ten years; give a shorter duration")
    if length.microseconds % 1000 or finer:
        raise ValueError(f"{value!r} is finer than a millisecond; give whole milliseconds")
    return length


def lifetime(value: object) -> timedelta:
    """A duration, or none at all: ``"0s"``."""
    return timedelta() if value in ("0s", timedelta()) else duration(value)


def duration_text(length: timedelta) -> str:
    """The shortest text that ``duration`` reads as the same length: ``1h30m``, ``2s``, ``500ms``."""
    millis = round(length / timedelta(milliseconds=1))
    parts = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, millis = divmod(millis, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def port(value: object) -> int:
    """A TCP port, 1 to 65535."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is not a port; give a whole number from 1 to 65535")
    if not 1 <= value <= 65535:
        raise ValueError(f"{value} is not a port; give a number from 1 to 65535")
    return value


def name(value: object) -> str:
    """A name as Kubernetes takes it for most objects: a DNS subdomain (RFC 1123), at most 253 characters."""
    text = _text(value, "name")
    if len(text) > 253 or not all(_LABEL.fullmatch(part) for part in text.split(".")):
        raise ValueError(
            f"{short(text)} is not a name; use lower-case letters, digits, '-' and '.', starting and ending with a"
            " letter or digit, at most 253 characters"
        )
    return text


def label_name(value: object) -> str:
    """A name that is one DNS label (RFC 1123), at most 63 characters: services, namespaces, versions, listeners."""
    text = _text(value, "name")
    if not _LABEL.fullmatch(text):
        raise ValueError(
            f"{short(text)} is not a name; use lower-case letters, digits and '-', starting and ending with a letter"
            " or digit, at most 63 characters"
        )
    return text


def hostname(value: object, *, wildcard: bool = True) -> str:
    """A DNS name; with ``wildcard`` also ``*`` or one whose first label is ``*``."""
    text = _text(value, "host name")
    if wildcard and text == "*":
        return text
    plain = text[2:] if wildcard and text.startswith("*.") else text
    if not text.isascii():
        raise ValueError(f"{short(text)} holds letters beyond ASCII; write it in its xn-- form (IDNA)")
    if text.endswith("."):
        raise ValueError(f"{short(text)} ends with a dot; leave it away")
    if len(text) > 253:
        raise ValueError(f"{short(text)} has {len(text)} characters; a host name has at most 253")
    if "*" in plain:
        right = (
            'a "*" may only be the whole first label, as in "*.example.com"' if wildcard else 'no "*" may stand here'
        )
        raise ValueError(f"{short(text)} is not a host name; {right}")
    if _is_address(plain):
        raise ValueError(f"{text!r} is an IP address; give a DNS name")
    if plain != plain.lower() and all(_LABEL.fullmatch(part) for part in plain.lower().split(".")):
        raise ValueError(f"{short(text)} has capitals; write it as {text.lower()!r}")
    if not all(_LABEL.fullmatch(part) for part in plain.split(".")):
        raise ValueError(
            f"{short(text)} is not a host name; labels are letters, digits and '-', at most 63 characters, joined by"
            " dots"
        )
    return text


def address(value: object) -> str:
    """An IPv4 or IPv6 address in its canonical form."""
    text = _text(value, "address")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f"{short(text)} is not an IP address; give one such as 10.0.0.7") from None


def percent(value: object) -> float:
    """A share from 0 to 100, in steps of 0.0001, the finest that Envoy takes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a percentage; give a number from 0 to 100")
    if not 0 <= value <= 100:
        raise ValueError(f"{value} is not a percentage; give a number from 0 to 100")
    if abs(value * 10_000 - round(value * 10_000)) > 1e-6:
        raise ValueError(f"{value} is finer than 0.0001 %, the finest share that Envoy takes")
    return float(value)


def weight(value: object) -> int:
    """A relative weight, 0 to 1,000,000, as the Gateway API takes."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is not a weight; give a whole number, 0 or more")
    if not 0 <= value <= LARGEST_WEIGHT:
        raise ValueError(f"{value} is not a weight; give a whole number from 0 to {LARGEST_WEIGHT}")
    return value


def regex(text: str) -> str:
    """A pattern that RE2, Envoy's engine, takes."""
    if not text:
        raise ValueError("an empty pattern matches nothing but the empty text; give a pattern")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(
            f"{short(text)} is not a pattern that Envoy takes ({reason}); its engine is RE2, without lookaheads and"
            " back references"
        ) from None
    return text


def one_line(text: str) -> str:
    """Text that a request or a config can hold: no control characters, no line breaks."""
    if any(not character.isprintable() for character in text):
        raise ValueError(f"{short(text)} holds a character that cannot be printed; give one line of text")
    return text


def rule_name(value: object) -> str:
    """What logs and statistics call a rule: one line of text; empty where it has no name."""
    return one_line(_text(value, "name"))


def locality(value: object) -> str:
    """``REGION``, ``REGION/ZONE`` or ``REGION/ZONE/SUBZONE``; the last part may be ``*``."""
    text = _text(value, "locality")
    parts = text.split("/")
    if len(parts) > 3 or not all(parts) or any("*" in part for part in parts[:-1]) or "*" in parts[-1][:-1]:
        raise ValueError(f"{short(text)} is not a locality; write REGION/ZONE/SUBZONE, at its end perhaps '*'")
    return text


def header_name(value: object) -> str:
    """An HTTP header name in lower case; pseudo headers (``:path``) have fields of their own."""
    text = _text(value, "header name")
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", text):
        raise ValueError(f"{short(text)} is not a header name; use letters, digits and '-'")
    return text.lower()


def header_value(text: str) -> str:
    """A header's value. Envoy fills in ``%COMMAND%`` and ``%COMMAND(ARGUMENT):LENGTH%``; ``%%`` is a percent sign."""
    if any(character < " " and character != "\t" for character in text):
        raise ValueError(f"{short(text)} holds a control character; a header value is one line of text")
    rest = _COMMAND.sub("", text)
    if "%" in rest:
        raise ValueError(
            f"{short(text)} holds a lone '%'; write '%%' for the character, since Envoy fills in %COMMAND%"
        )
    return text


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        quoted = "; quote it" if value is None or isinstance(value, bool | int | float) else ""
        raise ValueError(f"{value!r} is not a {what}; give text{quoted}")
    return value


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
