"""How headers differ from what is expected of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pulumi_mesh.expectations.parts import ExpectedHeader
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view.matching import StringMatch

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_COMMA = re.compile(r",[ \t]+")


def header_mismatches(
    side: str,
    headers: tuple[tuple[str, str], ...],
    expected: Mapping[str, ExpectedHeader],
    absent: Iterable[str],
) -> Iterator[str]:
    """Each difference in a sentence. side: ``request`` or ``response``. absent: names that are not to be there."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    for name, test in expected.items():
        values = found.get(name.lower(), [])
        if not _holds(test, values):
            yield f"{side} header {name}: {_shown(values)}, not {_wanted(test)}"
    for name in absent:
        if name.lower() in found:
            yield f"{side} header {name}: {_shown(found[name.lower()])}, and is expected not to be there"


def _holds(test: ExpectedHeader, values: list[str]) -> bool:
    if not values:
        if test.or_absent or test.present is False:
            return True
        return test.present is None and not _positive(test) and not (test.not_ and _holds(test.not_, values))
    if test.present is False or (test.not_ is not None and _holds(test.not_, values)):
        return False
    whole = [each for each in (test.exact,) if each is not None] + list(test.one_of or ())
    if whole and not any(_same(test, each, ",".join(values)) for each in whole):
        return False
    return all(any(_passes(test, how, wanted, each) for each in values) for how, wanted in _of_each(test))


def _positive(test: ExpectedHeader) -> bool:
    """Whether it asks something of a value."""
    return test.exact is not None or test.one_of is not None or any(_of_each(test))


def _of_each(test: ExpectedHeader) -> Iterator[tuple[str, str | int]]:
    for how in ("has", "prefix", "suffix", "contains", "regex", "at_least", "below"):
        wanted = getattr(test, how)
        if wanted is not None:
            yield how, wanted


def _passes(test: ExpectedHeader, how: str, wanted: str | int, value: str) -> bool:
    if isinstance(wanted, int):
        number = int(value) if _INTEGER.fullmatch(value) else None
        return number is not None and (number >= wanted if how == "at_least" else number < wanted)
    match how:
        case "prefix" | "suffix" | "contains" | "regex":
            return text_matches(StringMatch(how, wanted, test.ignore_case and how != "regex"), value)
        case _:
            return text_matches(StringMatch("exact", wanted, test.ignore_case), value)


def _same(test: ExpectedHeader, wanted: str, value: str) -> bool:
    return text_matches(StringMatch("exact", _COMMA.sub(",", wanted), test.ignore_case), _COMMA.sub(",", value))


def _shown(values: list[str]) -> str:
    return ",".join(values) if values else "not set"


def _wanted(test: ExpectedHeader) -> str:
    said = [each for each in (test.exact,) if each is not None]
    if test.one_of is not None:
        said.append(" or ".join(test.one_of))
    said += [f"{how.replace('_', ' ')} {wanted}" for how, wanted in _of_each(test)]
    if test.not_ is not None:
        said.append(f"other than {_wanted(test.not_)}")
    if test.present is not None:
        said.append("there" if test.present else "absent")
    return " and ".join(said) + (", or absent" if test.or_absent else "")
