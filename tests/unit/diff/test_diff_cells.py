"""Requests for each pair of decisions, and the texts of which they are made: none is missing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_mesh.proxy.diff.changes import Change, Untried
from pulumi_mesh.proxy.diff.classes import treated
from pulumi_mesh.proxy.diff.effects import Effect
from pulumi_mesh.proxy.diff.outgoing import outgoing
from pulumi_mesh.proxy.diff.patterns import TextTest
from pulumi_mesh.proxy.diff.texts import PATH, VALUE, texts_for
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpFilter
from pulumi_mesh.proxy.view.matching import HeaderMatch, QueryMatch, StringMatch
from pulumi_mesh.proxy.view.rbac import AllOf, Always, AnyOf, Condition, Header, HttpRbac, Not, Policy, Rules, UrlPath
from pulumi_mesh.proxy.view.routes import DirectResponse, PathMatch, Route, RouteConfig, RouteMatch, VirtualHost
from tests.unit.simulate.made import listener, manager, view

MANY = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
FEWER = settings(MANY, max_examples=30)
"""The same examples in each run."""

PATTERNS = ["a.*", ".*b", "(a|b)c?", r"[ab]{1,2}\d*", "[^a]+", "(?i)AB?", "a{2,}", ".*", "a|bc", r"\w\d"]
TEXTS = ["a", "b", "ab", "aa", "a1", "bc", "A", "abc"]
TESTS = st.builds(StringMatch, st.just("regex"), st.sampled_from(PATTERNS)) | st.builds(
    StringMatch, st.sampled_from(["exact", "prefix", "suffix", "contains"]), st.sampled_from(TEXTS), st.booleans()
)


@MANY
@given(st.lists(TESTS, min_size=1, max_size=4), st.lists(st.text("ab1Ac", min_size=1, max_size=5), max_size=30))
def test_each_set_of_tests_that_a_text_passes_has_a_text(tests: list[StringMatch], texts: list[str]) -> None:
    found = texts_for((TextTest(each.kind, each.value, each.ignore_case) for each in tests), VALUE)
    assert found.missed == ()
    sets = [tuple(text_matches(each, text) for each in tests) for text in found.found]
    assert len({*sets}) == len(sets)  # one text for each
    assert {tuple(text_matches(each, text) for each in tests) for text in texts} <= {*sets}


def test_paths_are_such_as_proxies_leave_alone() -> None:
    tests = [TextTest("regex", pattern) for pattern in (".*//.*", r".*/\.\./.*", "a.*", r"/\.well-known/.*")]
    assert texts_for(tests, PATH).found == ("/", "/.well-known/")


def test_what_is_not_understood_is_told() -> None:
    found = texts_for([TextTest("regex", r"/\bx"), TextTest("exact", "/%41"), TextTest("exact", "/a")], PATH)
    assert (found.found, found.missed) == (("/", "/a"), (r"/\bx", "/%41"))
    endless = [TextTest("regex", f".*{each}.*x.*") for each in "abcdefghijklmnop"]
    assert texts_for(endless, PATH).missed == ("too many patterns at once",)


PATHS = ["/", "/a", "/a/b", "/ab", "/b"]
PATH_TESTS = st.builds(
    PathMatch, st.sampled_from(["prefix", "path", "path_separated_prefix"]), st.sampled_from(PATHS[1:])
) | st.builds(PathMatch, st.just("regex"), st.sampled_from(["/a.*", "/.*b", "/[ab]", ".*"]))
NAMES = ["x-a", "x-b", "x-c", "x-d"]
HEADERS = st.builds(
    HeaderMatch,
    st.sampled_from(NAMES),
    st.none() | st.builds(StringMatch, st.sampled_from(["exact", "prefix"]), st.sampled_from(["1", "12"])),
    st.booleans(),
)
METHODS = st.builds(HeaderMatch, st.just(":method"), st.builds(StringMatch, st.just("exact"), st.just("POST")))
MATCHES = st.builds(
    RouteMatch,
    PATH_TESTS,
    st.lists(HEADERS | METHODS, max_size=2).map(tuple),
    st.lists(
        st.builds(QueryMatch, st.just("q"), st.builds(StringMatch, st.just("exact"), st.just("1"))), max_size=1
    ).map(tuple),
)
ROUTES = st.lists(
    st.builds(Route, MATCHES, st.builds(DirectResponse, st.sampled_from([200, 201, 202, 203, 404]))), max_size=6
)
REQUESTS = st.builds(
    lambda path, query, method, headers: Request(
        "reviews", path + query, method, tuple(headers.items()), direction="gateway"
    ),
    st.sampled_from([*PATHS, "/a/", "/a/c", "/c/b"]),
    st.sampled_from(["", "?q=1", "?q=2"]),
    st.sampled_from(["GET", "POST"]),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["1", "12", "2"])),
)


def served(routes: list[Route], *filters: HttpFilter) -> ProxyView:
    config = RouteConfig("routes", (VirtualHost("reviews", ("*",), tuple(routes)),))
    return view(listener(FilterChain((manager(*filters, routes=config),))))


def essence(effect: Effect) -> Effect:
    return replace(effect, path="", location="", host="")


def told(old: ProxyView, new: ProxyView, requests: list[Request]) -> list[Change]:
    """All that is told, once it is so of each sample, and nothing that differs for a request is missing."""
    found = list(outgoing(old, new, "gateway", ("edge.shop",)))
    changes = [each for each in found if isinstance(each, Change)]
    assert not any(isinstance(each, Untried) for each in found)
    for each in changes:
        case = treated(old, new, each.sample)
        assert case is not None and case.effects == (each.old, each.new)
    pairs = {(essence(each.old), essence(each.new)) for each in changes}
    for request in requests:
        if (case := treated(old, new, request)) is not None:
            assert (essence(case.effects[0]), essence(case.effects[1])) in pairs, request
    return changes


def mirrored(old: ProxyView, new: ProxyView) -> set[tuple[object, object]]:
    changes = (each for each in outgoing(old, new, "gateway", ("edge.shop",)) if isinstance(each, Change))
    return {(essence(each.old), essence(each.new)) for each in changes}


@FEWER
@given(ROUTES, ROUTES, st.lists(REQUESTS, min_size=10, max_size=15))
def test_routes(before: list[Route], after: list[Route], requests: list[Request]) -> None:
    old, new = served(before), served(after)
    told(old, new, requests)
    assert mirrored(old, old) == set()


@FEWER
@given(ROUTES, ROUTES)
def test_the_other_way_round_is_the_contrary(before: list[Route], after: list[Route]) -> None:
    old, new = served(before), served(after)
    assert mirrored(old, new) == {(other, one) for one, other in mirrored(new, old)}


@FEWER
@given(
    ROUTES.flatmap(lambda routes: st.tuples(st.just(routes), st.permutations(routes))),
    st.lists(REQUESTS, min_size=10, max_size=15),
)
def test_routes_in_another_order(orders: tuple[list[Route], list[Route]], requests: list[Request]) -> None:
    told(served(orders[0]), served(orders[1]), requests)


LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.just(Always()), HEADERS.map(Header), METHODS.map(Header), st.builds(UrlPath, st.builds(
        StringMatch, st.sampled_from(["exact", "prefix", "suffix"]), st.sampled_from(["/a", "/b", "b"])))
)  # fmt: skip
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda each: AllOf(tuple(each)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda each: AnyOf(tuple(each)))
        | inner.map(Not)
    ),
    max_leaves=5,
)
POLICIES = st.lists(st.builds(lambda asked: ((asked,), (Always(),)), CONDITIONS), min_size=0, max_size=3).map(
    lambda each: tuple(Policy(f"p{place}", *conditions) for place, conditions in enumerate(each))
)
FILTERS = st.builds(
    lambda action, policies: HttpRbac(Rules(action, policies)), st.sampled_from(["ALLOW", "DENY"]), POLICIES
)


@FEWER
@given(FILTERS, FILTERS, FILTERS, ROUTES, st.lists(REQUESTS, min_size=10, max_size=15))
def test_policies(
    shared: HttpRbac, before: HttpRbac, after: HttpRbac, routes: list[Route], requests: list[Request]
) -> None:
    told(served(routes, shared, before), served(routes, shared, after), requests)


def test_what_is_too_much_is_told() -> None:
    routes = [
        Route(RouteMatch(PathMatch("regex", f".*{each}.*x.*")), DirectResponse(200 + place))
        for place, each in enumerate("abcdefghijklmnop")
    ]
    found = list(outgoing(served(routes), served(routes[::-1]), "gateway", ("edge.shop",)))
    assert [each.why for each in found if isinstance(each, Untried)] == [("too many patterns at once",)]
