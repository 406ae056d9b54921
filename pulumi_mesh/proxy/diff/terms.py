"""Conditions as terms: of each attribute the values that are taken, all of which must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.diff.attributes import CLAIMS, FIXED, PATH_KEY, SOURCE, Asked, Key, header, query
from pulumi_mesh.proxy.diff.patterns import Kind, TextTest
from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.conditions import holds, metadata_match
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.matches import mismatch
from pulumi_mesh.proxy.simulate.templates import pattern_of
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    AnyOf,
    Condition,
    Header,
    Metadata,
    Not,
    PathTemplate,
    Policy,
    Rules,
    SourceAddress,
    UrlPath,
)
from pulumi_mesh.proxy.view.routes import PathMatch, RouteMatch

Term = Mapping[Key, int]
"""The values of each attribute that are taken, as bits; an attribute that is not there may have any."""
Bits = Callable[[Key, Callable[[Exchange], bool]], int]
"""The values of an attribute with which a test holds."""

_ANY = PathMatch("prefix", "/")
_KINDS: Mapping[str, Kind] = {
    "path": "exact",
    "prefix": "prefix",
    "regex": "regex",
    "path_separated_prefix": "segments",
}
_EXTRA: Mapping[str, Key] = {
    "connect_matcher": PATH_KEY,
    "path_match_policy": PATH_KEY,
    "dynamic_metadata": CLAIMS,
    "tls_context": FIXED,
    "runtime_fraction": FIXED,
}
"""What a match has beside what is typed, and the attribute that it is about."""
_MOST = 256
"""Terms of one policy."""


class TooManyTermsError(Exception):
    """Conditions have more terms than are looked at, or are of a kind of which none are made. Its text says which."""


def ask_match(match: RouteMatch, asked: Asked) -> None:
    """Note what a route's match asks."""
    template = raw.part(match.extra, "path_match_policy", "typed_config").get("path_template")
    if template is not None:
        asked.test(PATH_KEY, TextTest("regex", pattern_of(str(template))))
    elif "connect_matcher" not in match.extra:
        kind = _KINDS[match.path.kind]
        asked.test(PATH_KEY, TextTest(kind, match.path.value, kind != "regex" and not match.path.case_sensitive))
    for each in match.headers:
        asked.text(header(each.name), each.value)
    for parameter in match.query:
        asked.text(query(parameter.name), parameter.value)
    for message in raw.each(match.extra, "dynamic_metadata"):
        if (test := metadata_match(message)) is not None:
            asked.claim(test)


def match_term(match: RouteMatch, bits: Bits) -> Term:
    """A route's match. Raises TooManyTermsError for what it asks that is not modelled."""
    if unknown := match.extra.keys() - _EXTRA.keys():
        raise TooManyTermsError(f"matches by {', '.join(sorted(unknown))}")
    way = FrozenMap({name: value for name, value in match.extra.items() if _EXTRA[name] == PATH_KEY})
    parts: dict[Key, list[RouteMatch]] = {PATH_KEY: [RouteMatch(match.path, extra=way)]}
    for each in match.headers:
        parts.setdefault(header(each.name), []).append(RouteMatch(_ANY, headers=(each,)))
    for parameter in match.query:
        parts.setdefault(query(parameter.name), []).append(RouteMatch(_ANY, query=(parameter,)))
    for name, value in match.extra.items():
        if (key := _EXTRA[name]) != PATH_KEY:
            parts.setdefault(key, []).append(RouteMatch(_ANY, extra=FrozenMap({name: value})))
    return {key: bits(key, _taken_by(tests)) for key, tests in parts.items()}


def _taken_by(tests: list[RouteMatch]) -> Callable[[Exchange], bool]:
    return lambda exchange: not any(mismatch(each, exchange) for each in tests)


def ask_rules(rules: Rules | None, asked: Asked) -> None:
    """Note what the conditions of policies ask."""
    for policy in rules.policies if rules else ():
        for each in (*policy.permissions, *policy.principals):
            _ask(each, asked)


def _ask(condition: Condition, asked: Asked) -> None:
    match condition:
        case AllOf(conditions) | AnyOf(conditions):
            for each in conditions:
                _ask(each, asked)
        case Not(inner):
            _ask(inner, asked)
        case Header(match):
            asked.text(header(match.name), match.value)
        case UrlPath(match):
            asked.text(PATH_KEY, match)
        case PathTemplate(template):
            asked.test(PATH_KEY, TextTest("regex", pattern_of(template)))
        case SourceAddress(_, prefix, length):
            asked.sources[prefix, length] = None
        case Metadata(match):
            asked.claim(match)


def policy_terms(policy: Policy, bits: Bits) -> tuple[Term, ...]:
    """A policy's conditions: it holds where one of the terms does. Raises TooManyTermsError."""
    both = AllOf((AnyOf(policy.permissions), AnyOf(policy.principals)))
    return tuple(each for each in _terms(both, bits, wanted=True) if all(each.values()))


def _key(condition: Condition) -> Key:
    match condition:
        case Header(match):
            return header(match.name)
        case UrlPath() | PathTemplate():
            return PATH_KEY
        case SourceAddress():
            return SOURCE
        case Metadata():
            return CLAIMS
    return FIXED


def _terms(condition: Condition, bits: Bits, *, wanted: bool) -> list[Term]:
    """The terms of a condition, or (not wanted) those of its contrary."""
    match condition:
        case Not(inner):
            return _terms(inner, bits, wanted=not wanted)
        case AllOf(conditions) | AnyOf(conditions):
            parts = [_terms(each, bits, wanted=wanted) for each in conditions]
            return _all(parts) if isinstance(condition, AllOf) == wanted else _any(parts)
    key = _key(condition)
    return [{key: bits(key, lambda exchange: holds(condition, exchange) == wanted)}]


def _any(parts: Iterable[list[Term]]) -> list[Term]:
    """Terms of which one holds: those about one attribute as one."""
    found: list[Term] = []
    alone: dict[Key, int] = {}
    for each in (term for part in parts for term in part):
        if len(each) == 1:
            ((key, taken),) = each.items()
            alone[key] = alone.get(key, 0) | taken
        else:
            found.append(each)
    return [*({key: taken} for key, taken in alone.items()), *found]


def _all(parts: Iterable[list[Term]]) -> list[Term]:
    """Terms that hold together: each combination of one of each part."""
    found: list[Term] = [{}]
    for part in parts:
        found = [meet(one, other) for one in found for other in part]
        if len(found) > _MOST:
            raise TooManyTermsError("a policy of many conditions")
    return found


def meet(one: Term, other: Term) -> Term:
    """Both terms."""
    found = dict(one)
    for key, taken in other.items():
        found[key] = found[key] & taken if key in found else taken
    return found
