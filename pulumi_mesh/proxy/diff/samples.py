"""Requests that tell routes apart: made of what the matches of routes and policies ask for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.texts import full_match
from pulumi_mesh.proxy.view.matching import HeaderMatch, QueryMatch, StringMatch
from pulumi_mesh.proxy.view.routes import PathMatch, RouteMatch

_MOST = 4000
"""Requests tried for one host: what more there would be are combinations of ever more routes."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What one match asks of a request. headers, query: names and values; None: the name is not to be there."""

    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str | None], ...] = ()
    query: tuple[tuple[str, str], ...] = ()


def requests_for(template: Request, asks: Iterable[Ask]) -> Iterator[Request]:
    """The template with what each match asks for, and what each two ask for together, the plainest first.

    Two matches that overlap decide by their order: only a request that both take shows which comes first.
    """
    single = list(dict.fromkeys([Ask(), *asks]))
    pairs = (_both(one, other) for one, other in itertools.permutations(single, 2))
    seen: set[Ask] = set()
    for ask in itertools.islice(itertools.chain(single, itertools.chain.from_iterable(pairs)), _MOST):
        if ask not in seen:
            seen.add(ask)
            yield _request(template, ask)


def _both(one: Ask, other: Ask) -> Iterator[Ask]:
    """What meets both, if anything does: the headers of both, with the path of either."""
    headers = dict(other.headers) | dict(one.headers)
    query = dict(other.query) | dict(one.query)
    method = one.method if one.method != "GET" else other.method
    yield Ask(one.path, method, tuple(sorted(headers.items(), key=str)), tuple(sorted(query.items())))
    if one.path.endswith("/") != other.path.startswith("/"):
        yield Ask(one.path + other.path, method, tuple(sorted(headers.items(), key=str)), tuple(sorted(query.items())))


def _request(template: Request, ask: Ask) -> Request:
    named = dict(ask.headers)
    host = named.pop(":authority", None) or template.host
    headers = tuple((name, value) for name, value in sorted(named.items()) if value is not None)
    query = "&".join(f"{name}={value}" for name, value in ask.query)
    path = ask.path + (f"?{query}" if query else "")
    return replace(template, host=host, path=path, method=ask.method, headers=(*template.headers, *headers))


def asks_of(match: RouteMatch) -> Iterator[Ask]:
    """What a route's match asks for: one request that it takes, and one that misses it by each header."""
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
        yield from regex_samples(match.value)
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
_CLASS = re.compile(r"\[(\\?.)[^\]]*\](\+|\*|\{\d+(,\d*)?\})?")
_GROUP = re.compile(r"\((?:\?[:a-zA-Z<>]*)?([^()|]*)(?:\|[^()]*)?\)([?*+])?")


def regex_samples(pattern: str) -> Iterator[str]:
    """Texts that a pattern (RE2) takes, as far as simple replacements find any."""
    text = re.sub(r"^\(\?i\)|^\^|\$$", "", pattern)
    for stand, sample in _STANDS:
        text = stand.sub(sample, text)
    text = _CLASS.sub(r"\1", text)
    while (shorter := _GROUP.sub(r"\1", text)) != text:
        text = shorter
    for alternative in text.split("|"):
        plain = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)[?*+]", "", alternative))
        for candidate in (plain, f"{plain}a", f"/{plain}"):
            if full_match(pattern, candidate):
                yield candidate
                break
