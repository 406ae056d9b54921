"""Requests that tell routes apart: made of what the matches of routes and policies ask for."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.texts import full_match
from pulumi_mesh.proxy.view.matching import HeaderMatch, QueryMatch, StringMatch
from pulumi_mesh.proxy.view.routes import PathMatch, Route, RouteMatch

_MOST = 40
"""Requests made for one host; those in which two views can differ are looked for one by one (``cells``)."""
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


@dataclass(frozen=True, slots=True)
class Ask:
    """What one match asks of a request. headers, query: names and values; None: the name is not to be there."""

    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str | None], ...] = ()
    query: tuple[tuple[str, str], ...] = ()


def requests_for(template: Request, asks: Iterable[Ask]) -> Iterator[Request]:
    """The template with what each match asks for, and with what they ask for together, the plainest first.

    Matches that overlap decide by their order, and what none of them takes comes to the next: so all combinations are
    tried of what any match asks for and of what none does; where these are too many, those of each two matches.
    """
    single = list(dict.fromkeys([Ask(), *asks]))
    for ask in dict.fromkeys(itertools.islice(itertools.chain(single, _together(single)), _MOST)):
        yield _request(template, ask)


def _together(asks: list[Ask]) -> Iterable[Ask]:
    """What several of the asks take."""
    given = list(dict.fromkeys(each.path for each in asks))
    paths = list(dict.fromkeys([*given, *(("/other",) if len(given) > 1 else ()), *_joined(given)]))
    methods = _values(each.method for each in asks)
    methods += [each for each in _METHODS if each not in methods][:1] if len(methods) > 1 else []
    headers = _choices(each.headers for each in asks)
    query = _choices(each.query for each in asks)
    count = len(methods) * math.prod(map(len, [*headers, *query]))
    if count * len(given) > _MOST:
        return itertools.chain.from_iterable(_both(one, other) for one, other in itertools.permutations(asks, 2))
    made = [
        Ask(path, method, chosen, tuple((name, value) for name, value in asked if value is not None))
        for path in paths[: max(len(given), _MOST // count)]
        for method in methods
        for chosen in itertools.product(*headers)
        for asked in itertools.product(*query)
    ]
    return sorted(made, key=_plainness)


def _plainness(ask: Ask) -> tuple[int, int]:
    """How little a request says beside its path, and how short that is."""
    said = sum(value is not None for _, value in ask.headers) + len(ask.query) + (ask.method != "GET")
    return said, ask.path.count("/")


def _joined(paths: list[str]) -> Iterator[str]:
    """A path below another: what a prefix and a pattern both may take."""
    for one, other in itertools.permutations(paths, 2):
        yield one.rstrip("/") + other
        if not one.endswith("/"):
            yield one + other.lstrip("/")


def _values(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def _choices(
    asked: Iterable[Iterable[tuple[str, str | None]]],
) -> list[list[tuple[str, str | None]]]:
    """Of each name: that it is not there, each value that is asked for, and one that nobody asks for."""
    found: dict[str, dict[str | None, None]] = {}
    for each in asked:
        for name, value in each:
            found.setdefault(name, {None: None})[value] = None
    return [
        [(name, value) for value in (*found[name], *(() if name == ":authority" else ("other",)))]
        for name in sorted(found)
    ]


def _both(one: Ask, other: Ask) -> Iterator[Ask]:
    """What meets both, if anything does: the headers of both, with the path of either, or one below the other."""
    headers = tuple(sorted((dict(other.headers) | dict(one.headers)).items(), key=str))
    query = tuple(sorted((dict(other.query) | dict(one.query)).items()))
    method = one.method if one.method != "GET" else other.method
    for path in (one.path, *itertools.islice(_joined([one.path, other.path]), 2)):
        yield Ask(path, method, headers, query)


def _request(template: Request, ask: Ask) -> Request:
    named = dict(ask.headers)
    host = named.pop(":authority", None) or template.host
    headers = tuple((name, value) for name, value in sorted(named.items()) if value is not None)
    query = "&".join(f"{name}={value}" for name, value in ask.query)
    path = ask.path + (f"?{query}" if query else "")
    return replace(template, host=host, path=path, method=ask.method, headers=(*template.headers, *headers))


def asks_of(route: Route) -> Iterator[Ask]:
    """What a route asks for: one request that it takes, one that misses it by each header, and those of pages."""
    yield from _matched(route.match)
    first = next(_matched(route.match), Ask())
    for origin in route.cors.allow_origins if route.cors else ():
        asking = ("origin", _text(origin))
        yield Ask(first.path, first.method, (*first.headers, asking), first.query)
        preflight = (*first.headers, asking, ("access-control-request-method", "GET"))
        yield Ask(first.path, "OPTIONS", preflight, first.query)


def _matched(match: RouteMatch) -> Iterator[Ask]:
    method, headers, missed = "GET", [], []
    for header in match.headers:
        value = _header(header)
        if header.name == ":method":
            method = value or method
        else:
            headers.append((header.name, value))
            missed.append((header.name, None if value is not None else "other"))
    query = tuple((each.name, _text(each.value) if each.value else "1") for each in match.query)
    for path in _paths(match.path):
        yield Ask(path, method, tuple(headers), query)
    first = next(_paths(match.path), "/")
    for position, each in enumerate(missed):
        yield Ask(first, method, (*headers[:position], each, *headers[position + 1 :]), query)
    if query:
        yield Ask(first, method, tuple(headers))
    if method != "GET":
        yield Ask(first, "GET", tuple(headers), query)


def _paths(match: PathMatch) -> Iterator[str]:
    if match.kind == "regex":
        yield from (each for each in regex_samples(match.value) if each.startswith("/"))
        return
    yield match.value
    if match.kind == "prefix" and match.value != "/":
        yield match.value + ("other" if match.value.endswith("/") else "/other")
        yield match.value + "-other"
    elif match.kind == "path_separated_prefix":
        yield match.value.rstrip("/") + "/other"


def _header(match: HeaderMatch) -> str | None:
    """A value that meets a header's test; None: it is met without the header."""
    if match.invert:
        return None if match.value is None else "other"
    return "1" if match.value is None else _text(match.value)


def _text(match: StringMatch) -> str:
    if match.kind == "regex":
        return next(regex_samples(match.value), "")
    return match.value


def query_text(match: QueryMatch) -> str:
    """``NAME=VALUE`` as a person reads a query's test."""
    return f"{match.name}={match.value.value}" if match.value else match.name


# What stands for each construct of a pattern, in the order in which they are replaced.
_STANDS = (
    (re.compile(r"\\d(\+|\{\d+(,\d*)?\})?"), "1"),
    (re.compile(r"\\w(\+|\{\d+(,\d*)?\})?"), "a"),
    (re.compile(r"\[\^[^\]]*\](\+|\*)?"), "a"),
    (re.compile(r"(?<!\\)\.(\+|\*)\??"), "a"),
)
_CLASS = re.compile(r"\[(\\?.)[^\]]*?(\\?.)?\](\+|\*|\{\d+(,\d*)?\})?")
_GROUP = re.compile(r"\((?:\?[:a-zA-Z<>]*)?([^()]*)\)([?*+])?")
_ALTERNATIVES = 16


def regex_samples(pattern: str) -> Iterator[str]:
    """Texts that a pattern (RE2) takes, as far as simple replacements find any."""
    text = re.sub(r"^\(\?i\)|^\^|\$$", "", pattern)
    for stand, sample in _STANDS:
        text = stand.sub(sample, text)
    found: dict[str, None] = {}
    for side in (r"\1", lambda part: part[2] or part[1]):
        for alternative in _alternatives(_CLASS.sub(side, text)):
            plain = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)[?*+]", "", alternative))
            fitting = [each for each in (plain, f"{plain}a") if full_match(pattern, each)]
            found.update(dict.fromkeys(fitting[:1]))
            # A path that is to fit begins with a slash.
            if not plain.startswith("/") and full_match(pattern, f"/{plain}"):
                found[f"/{plain}"] = None
    yield from found


def _alternatives(text: str) -> list[str]:
    """A pattern's texts, with one alternative of each group."""
    texts = [text]
    while any(_GROUP.search(each) for each in texts) and len(texts) < _ALTERNATIVES:
        texts = [
            each[: group.start()] + choice + each[group.end() :] if group else each
            for each in texts
            for group in [_GROUP.search(each)]
            for choice in (group[1].split("|") if group else [""])
        ]
    return [one for each in texts for one in each.split("|")]
