"""Tests of one text, and regular expressions as Envoy has them."""

from __future__ import annotations

import re

from pulumi_mesh.proxy.regex import compiled
from pulumi_mesh.proxy.view.matching import StringMatch

_REFERENCE = re.compile(r"\\([0-9\\])")


def text_matches(test: StringMatch, text: str) -> bool:
    """envoy.type.matcher.v3.StringMatcher: a regex has to match the whole text."""
    if test.kind == "regex":
        return full_match(test.value, text)
    value = test.value
    if test.ignore_case:
        value, text = _lower(value), _lower(text)
    match test.kind:
        case "exact":
            return text == value
        case "prefix":
            return text.startswith(value)
        case "suffix":
            return text.endswith(value)
        case _:
            return value in text


def full_match(pattern: str, text: str) -> bool:
    """Whether RE2 matches the whole text."""
    return compiled(pattern).fullmatch(text) is not None


def replace_all(pattern: str, substitution: str, text: str) -> str:
    r"""Every match replaced, as RE2's GlobalReplace does: ``\1`` is a group, ``\0`` the match, ``\\`` a backslash.

    With a group that the pattern does not have nothing is replaced."""
    known = compiled(pattern)
    if any(mark.isdigit() and int(mark) > known.groups for mark in _REFERENCE.findall(substitution)):
        return text

    def made(found: re.Match[str]) -> str:
        return _REFERENCE.sub(lambda mark: _referred(mark[1], found), substitution)

    result: str = known.sub(made, text)
    return result


def _referred(mark: str, found: re.Match[str]) -> str:
    return (found[int(mark)] or "") if mark.isdigit() else mark


def _lower(text: str) -> str:
    """Envoy folds ASCII only."""
    return "".join(char.lower() if char.isascii() else char for char in text)
