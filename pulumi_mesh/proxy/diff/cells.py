"""One request for each way in which two views can treat requests of one host: every pair of decisions, if any request
comes to both.

A decision is that a filter refuses, or the first route that matches. What it takes is that some conditions hold and
others do not. Each condition names values of attributes (path, method, a header), so for a pair of decisions a value of
each attribute is looked for that all of what has to hold takes, and with which what must not hold fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pulumi_mesh.proxy.diff.assign import Values, assigned
from pulumi_mesh.proxy.diff.attributes import CLAIMS, HOST_KEY, PATH_KEY, Asked, Key, applied
from pulumi_mesh.proxy.diff.crossing import Crossing, crossing
from pulumi_mesh.proxy.diff.patterns import TextTest
from pulumi_mesh.proxy.diff.terms import Term, TooManyTermsError, ask_match, ask_rules, match_term, policy_terms
from pulumi_mesh.proxy.regex import compiled
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.tokens import Refusal, authenticate
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.jwt import JwtAuthentication
from pulumi_mesh.proxy.view.rbac import NetworkRbac, Rules
from pulumi_mesh.proxy.view.routes import Forward, Route, RouteMatch, VirtualHost

Alike = Callable[[Route | None, Route | None], bool]
"""Whether it is the same to requests which of two routes they take; None: none of them."""
_PAIRS = 10_000
"""Pairs of decisions up to which those that are alike are looked at too, if that is asked for."""
_MISSING = 401
"""The answer to who has no token, or one of an issuer who is not known."""
_ONE_BY_ONE = 300
"""Pairs of a policy's term and a route up to which each is looked at."""


@dataclass(frozen=True, slots=True)
class Cells:
    """requests: one for each pair of decisions. missed: why there may be more pairs than these; empty if none."""

    requests: tuple[Request, ...] = ()
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Decision:
    """needs: of each group one term has to hold. excludes: terms none of which may. needed, excluded: the same terms
    as bits, as far as each is needed by itself."""

    kind: str
    route: Route | None = None
    needs: tuple[tuple[Term, ...], ...] = ()
    excludes: tuple[Term, ...] = ()
    needed: int = 0
    excluded: int = 0


def cells(old: ProxyView, new: ProxyView, template: Request, alike: Alike, *, every: bool = False) -> Cells:
    """A request for each pair of decisions that are not alike, of all requests that the template stands for.

    every: of those that are alike too, where there are not very many pairs.
    """
    met = crossing(old, template), crossing(new, template)
    there = [each for each in met if each]
    if not there:
        return Cells()
    hosts = [each.host_of(template) if each else None for each in met]
    asked = Asked()
    for each, host in zip(met, hosts, strict=True):
        if each:
            _ask(each, host, asked)
    values, missed = asked.values(template)
    if HOST_KEY in values:
        same = (name for name in values[HOST_KEY] if _hosts(met, applied(template, {HOST_KEY: name})) == hosts)
        values[HOST_KEY] = tuple(same) or (template.host,)
    gaps = dict.fromkeys(missed)
    numbers: dict[frozenset[tuple[Key, int]], int] = {}
    sides = [
        _Side(each, host, template, values, numbers) if each else None for each, host in zip(met, hosts, strict=True)
    ]
    try:
        before, after = (list(each.decisions()) if each else [_Decision("not read")] for each in sides)
    except TooManyTermsError as error:
        return Cells((), (*gaps, str(error)))
    found: dict[Request, None] = {}
    every = every and len(before) * len(after) <= _PAIRS
    for one in before:
        for other in after:
            if one.needed & other.excluded or one.excluded & other.needed:
                continue
            if not every and one.kind == other.kind and (one.kind != "route" or alike(one.route, other.route)):
                continue
            for more in _rewritten(one, other, next(each for each in sides if each)):
                chosen = assigned((*one.needs, *other.needs, *more), (*one.excludes, *other.excludes), values)
                if chosen is None:
                    gaps["too many conditions at once"] = None
                elif chosen:
                    found[applied(template, chosen)] = None
    return Cells(tuple(found), tuple(gaps))


def _hosts(met: tuple[Crossing | None, ...], request: Request) -> list[VirtualHost | None]:
    return [each.host_of(request) if each else None for each in met]


def _ask(met: Crossing, host: VirtualHost | None, asked: Asked) -> None:
    """Note all that decides."""
    for stage in met.stages:
        if isinstance(stage, JwtAuthentication):
            asked.issuers.update({each.issuer: next(iter(each.audiences), "") for each in stage.providers})
        else:
            ask_rules(stage.rules, asked)
    for route in host.routes if host else ():
        ask_match(route.match, asked)
        if (pattern := _rewriting(route)) is not None:
            asked.test(PATH_KEY, TextTest("regex", f".*(?:{pattern}).*"))


def _rewriting(route: Route | None) -> str | None:
    """The pattern by which a route makes another path."""
    action = route.action if route else None
    return action.regex_rewrite.pattern if isinstance(action, Forward) and action.regex_rewrite else None


def _rewritten(one: _Decision, other: _Decision, side: _Side) -> Iterator[tuple[tuple[Term, ...], ...]]:
    """What more a request is to be: anything, and what each route's rewrite finds something in."""
    yield ()
    for pattern in {_rewriting(one.route): None, _rewriting(other.route): None}:
        if pattern is not None:
            yield (({PATH_KEY: side.rewritten(pattern)},),)


@dataclass(slots=True)
class _Side:
    """numbers: a number for each term, of both sides."""

    met: Crossing
    host: VirtualHost | None
    template: Request
    values: Values
    numbers: dict[frozenset[tuple[Key, int]], int]
    exchanges: dict[Key, tuple[Exchange | None, ...]] = field(default_factory=dict)
    matches: dict[RouteMatch, Term] = field(default_factory=dict)

    def bits(self, key: Key, test: Callable[[Exchange], bool]) -> int:
        """The values of an attribute with which a test holds."""
        return sum(1 << place for place, each in enumerate(self._exchanges(key)) if each is not None and test(each))

    def rewritten(self, pattern: str) -> int:
        """The paths in which a rewrite finds something."""
        return self.bits(PATH_KEY, lambda exchange: compiled(pattern).search(exchange.path) is not None)

    def _exchanges(self, key: Key) -> tuple[Exchange | None, ...]:
        found = self.exchanges.get(key)
        if found is None:
            requests = (applied(self.template, {key: value}) for value in self.values[key])
            found = self.exchanges[key] = tuple(map(self.met.exchange, requests))
        return found

    def decisions(self) -> Iterator[_Decision]:
        """All that can be decided. Raises TooManyTermsError."""
        read = {PATH_KEY: self.bits(PATH_KEY, lambda _: True)}
        needs: list[tuple[Term, ...]] = [(read,)]
        excludes: list[Term] = []
        routes = self.host.routes if self.host else ()
        for stage in self.met.stages:
            if isinstance(stage, JwtAuthentication):
                for kind, term in self._unproved(stage):
                    yield self._made(kind, None, [*needs, (term,)], excludes)
                    excludes.append(term)
            elif stage.rules is not None and stage.rules.action != "LOG":
                kind = "reset" if isinstance(stage, NetworkRbac) else "refused"
                terms = self._terms(stage.rules)
                if stage.rules.action == "DENY":
                    for term in terms:
                        yield self._made(kind, None, [*needs, (term,)], excludes)
                    excludes += terms
                    continue
                yield self._made(kind, None, needs, [*excludes, *terms])
                if not terms:
                    return
                needs.append(terms)
        alone = len(needs) > 1 and sum(map(len, needs)) * (len(routes) + 1) <= _ONE_BY_ONE
        for each in _each_of(needs) if alone else [needs]:
            yield from self._routed(routes, each, excludes)

    def _routed(
        self, routes: tuple[Route, ...], needs: list[tuple[Term, ...]], excludes: list[Term]
    ) -> Iterator[_Decision]:
        if self.host is None:
            yield self._made("no host", None, needs, excludes)
            return
        if self.host.require_tls and self.template.tls == "plaintext":
            yield self._made("needs TLS", None, needs, excludes)
            return
        earlier = list(excludes)
        for route in routes:
            term = self.matches.get(route.match)
            if term is None:
                term = self.matches[route.match] = match_term(route.match, self.bits)
            yield self._made("route", route, [*needs, (term,)], earlier)
            if all(taken == self._every(key) for key, taken in term.items()):
                return
            earlier.append(term)
        yield self._made("no route", None, needs, earlier)

    def _every(self, key: Key) -> int:
        return (1 << len(self.values[key])) - 1

    def _unproved(self, stage: JwtAuthentication) -> Iterator[tuple[str, Term]]:
        """The tokens that are refused, by how."""

        def status(exchange: Exchange) -> int:
            after, _ = authenticate(stage, exchange)
            return after.status if isinstance(after, Refusal) else 0

        missing = self.bits(CLAIMS, lambda exchange: status(exchange) == _MISSING)
        refused = self.bits(CLAIMS, lambda exchange: status(exchange) not in (0, _MISSING))
        yield from ((kind, {CLAIMS: taken}) for kind, taken in (("token", missing), ("audience", refused)) if taken)

    def _terms(self, rules: Rules) -> tuple[Term, ...]:
        found = (term for policy in rules.policies for term in policy_terms(policy, self.bits))
        return tuple({frozenset(each.items()): each for each in found}.values())

    def _made(self, kind: str, route: Route | None, needs: list[tuple[Term, ...]], excludes: list[Term]) -> _Decision:
        alone = [group[0] for group in needs if len(group) == 1]
        return _Decision(kind, route, tuple(needs), tuple(excludes), self._numbered(alone), self._numbered(excludes))

    def _numbered(self, terms: list[Term]) -> int:
        found = 0
        for each in terms:
            key = frozenset(each.items())
            found |= 1 << self.numbers.setdefault(key, len(self.numbers))
        return found


def _each_of(groups: list[tuple[Term, ...]]) -> Iterator[list[tuple[Term, ...]]]:
    """The groups, with one term of the largest at a time."""
    largest = max(range(len(groups)), key=lambda place: len(groups[place]))
    for term in groups[largest]:
        yield [*groups[:largest], (term,), *groups[largest + 1 :]]
