"""What policies ask about: the paths, methods, headers and clients that their conditions tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_mesh.proxy.diff.samples import Ask, regex_samples
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager
from pulumi_mesh.proxy.view.matching import StringMatch
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    AnyOf,
    Authenticated,
    Condition,
    Header,
    HttpRbac,
    NetworkRbac,
    Not,
    PathTemplate,
    Rules,
    SourceAddress,
    UrlPath,
)


@dataclass(frozen=True, slots=True)
class Questions:
    """asks: requests that conditions tell apart. principals: tests of identities. sources: networks of clients."""

    asks: tuple[Ask, ...]
    principals: tuple[StringMatch, ...]
    sources: tuple[tuple[str, int], ...]


def questions(chains: Iterable[FilterChain]) -> Questions:
    """What the policies of filter chains ask about."""
    conditions: list[Condition] = []
    for chain in chains:
        for each in chain.filters:
            if isinstance(each, NetworkRbac):
                conditions += _conditions(each.rules)
            elif isinstance(each, HttpConnectionManager):
                for inner in each.http_filters:
                    if isinstance(inner, HttpRbac):
                        conditions += _conditions(inner.rules)
    leaves = list(dict.fromkeys(conditions))
    return Questions(
        tuple(ask for leaf in leaves for ask in _asks(leaf)),
        tuple(leaf.match for leaf in leaves if isinstance(leaf, Authenticated) and leaf.match is not None),
        tuple(dict.fromkeys((leaf.prefix, leaf.length) for leaf in leaves if isinstance(leaf, SourceAddress))),
    )


def _conditions(rules: Rules | None) -> Iterator[Condition]:
    for policy in rules.policies if rules else ():
        for each in (*policy.permissions, *policy.principals):
            yield from _leaves(each)


def _leaves(condition: Condition) -> Iterator[Condition]:
    match condition:
        case AllOf(conditions) | AnyOf(conditions):
            for each in conditions:
                yield from _leaves(each)
        case Not(inner):
            yield from _leaves(inner)
        case _:
            yield condition


def _asks(condition: Condition) -> Iterator[Ask]:
    match condition:
        case UrlPath(match):
            for path in _texts(match):
                yield Ask(path if path.startswith("/") else f"/{path}")
        case PathTemplate(template):
            yield Ask(template.replace("{**}", "a/b").replace("{*}", "a").replace("**", "a/b").replace("*", "a"))
        case Header(match) if match.name == ":method":
            named = match.value.value if match.value else "GET"
            yield Ask(method=named)
            yield Ask(method="POST" if named != "POST" else "PUT")
        case Header(match) if not match.name.startswith(":") and match.value is not None:
            for value in _texts(match.value):
                yield Ask(headers=((match.name, value),))
        case Header(match) if match.name == ":authority" and match.value is not None:
            for value in _texts(match.value):
                yield Ask(headers=((":authority", value),))
        case _:
            return


def _texts(match: StringMatch) -> Iterator[str]:
    """Texts that a test takes."""
    match match.kind:
        case "exact":
            yield match.value
        case "prefix":
            yield f"{match.value}a"
        case "suffix":  # as it stands too: what comes before it may be what another test asks about
            yield match.value
            yield f"a{match.value}"
        case "contains":
            yield match.value
        case "regex":
            yield from regex_samples(match.value)
