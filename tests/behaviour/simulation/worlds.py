"""Random proxies that mean something: routes of every kind over few words, so that requests meet them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from hypothesis import strategies as st

from pulumi_mesh.frozen import FrozenMap, freeze
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.view.listeners import FaultFilter, HttpConnectionManager, HttpFilter, OpaqueFilter, RouterFilter
from pulumi_mesh.proxy.view.matching import Fraction, HeaderMatch, QueryMatch, StringMatch
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    Always,
    AnyOf,
    Condition,
    Header,
    HttpRbac,
    Not,
    Policy,
    RequestedServerName,
    Rules,
    SourceAddress,
    UrlPath,
)
from pulumi_mesh.proxy.view.routes import (
    Action,
    Cors,
    DirectResponse,
    Fault,
    Forward,
    HeaderChanges,
    HeaderValue,
    PathMatch,
    Redirect,
    RegexRewrite,
    Route,
    RouteConfig,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)

T = TypeVar("T")

CLUSTERS = ("one", "two", "three")
"""With an endpoint; ``empty`` has none, and ``missing`` is no cluster."""
EMPTY, MISSING = "empty", "missing"

_PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/A/b", "/b", "/b/c/d", "/a.b")
_SENT_PATHS = (*_PATHS, "/a/../b", "/a//b", "/a/%62", "/a%2Fb", "/a/b/c", "/b/c/", "/./a", "/a/b;x", "/a%41", "/a/..")
_QUERIES = ("", "", "?", "?q=1", "?q=2&q=1", "?r", "?q=a%20b&r=", "?q", "?q=1?x")
_REGEXES = ("/a.*", "/(a|b)/.*", "/[a-z]+", ".*", "/a/([^/]+)", "(?i)/A.*", r"/\w+(/\w+)*", "^/a$")
_HEADERS = ("x-one", "x-two", "x-number")
_VALUES = ("", "a", "ab", "A", "5", "42", "-3", "a,b", "b")
_ADDED = ("x-one", "x-two", "x-three", "x-answer", "x-set")
_VALUES_TO_ADD = ("a", "new", "%REQ(x-one)%", "<%REQ(:path)%>", "%REQ(x-no?x-two)%", "100%%", "%REQ(x-one):1%", "")
_DOMAINS = ("a.test", "b.test", "*.test", "*.b.test", "a.*", "A.b.test", "a.test:8080", "*")
_SENT_HOSTS = (
    "a.test",
    "A.Test",
    "b.test",
    "c.test",
    "x.b.test",
    "a.b.test",
    ".test",
    "a.test:8080",
    "b.test:80",
    "a.other",
    "other",
    "a.test.",
)
_METHODS = ("GET", "POST", "OPTIONS", "PUT", "DELETE")
_ORIGINS = ("https://a.test", "https://b.test", "null")

_RBAC_CONTENT = st.sampled_from(_VALUES)

_INSIDE = freeze({"cidr_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]})


@dataclass(frozen=True, slots=True)
class World:
    """One listener's HTTP, and requests to it."""

    manager: HttpConnectionManager
    requests: tuple[Request, ...]


def _string_matches(values: tuple[str, ...], regexes: tuple[str, ...]) -> st.SearchStrategy[StringMatch]:
    plain = st.builds(
        StringMatch,
        st.sampled_from(("exact", "prefix", "suffix", "contains")),
        st.sampled_from([value for value in values if value]),
        st.booleans(),
    )
    return plain | st.builds(StringMatch, st.just("regex"), st.sampled_from(regexes))


_of_value = _string_matches(_VALUES, ("a.*", "[0-9]+", "(a|b)*", "a|ab"))
_of_path = _string_matches(_PATHS, _REGEXES)

_range = st.tuples(st.integers(-5, 10), st.integers(0, 60)).map(
    lambda pair: FrozenMap({"range_match": FrozenMap({"start": pair[0], "end": pair[0] + pair[1]})})
)
_header_matches = st.one_of(
    st.builds(HeaderMatch, st.sampled_from(_HEADERS), st.none() | _of_value, st.booleans(), st.booleans()),
    st.builds(HeaderMatch, st.just("x-number"), st.none(), st.booleans(), st.booleans(), _range),
    st.builds(HeaderMatch, st.just(":method"), st.builds(StringMatch, st.just("exact"), st.sampled_from(_METHODS))),
    st.builds(HeaderMatch, st.just(":authority"), _string_matches(_SENT_HOSTS, ("a.*", ".*test"))),
)
_query_matches = st.builds(
    QueryMatch, st.sampled_from(("q", "r")), st.none() | _string_matches(("1", "a b", "a%20b"), ("[0-9]", "a.*b"))
)

_paths = st.one_of(
    st.just(PathMatch("prefix", "/")),
    st.builds(PathMatch, st.sampled_from(("prefix", "path")), st.sampled_from(_PATHS), st.booleans()),
    st.builds(PathMatch, st.just("regex"), st.sampled_from(_REGEXES)),
    st.builds(
        PathMatch,
        st.just("path_separated_prefix"),
        st.sampled_from([path for path in _PATHS if not path.endswith("/")]),
        st.booleans(),
    ),
)


def _now_and_then(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    """None, but for one in three."""
    return st.one_of(st.just(()), st.just(()), strategy.map(lambda one: (one,)))


_match_extras: st.SearchStrategy[FrozenMap[str, object]] = st.one_of(
    *[st.just(FrozenMap[str, object]())] * 6,
    st.sampled_from((0, 100)).map(
        lambda share: freeze({"runtime_fraction": {"default_value": {"numerator": share, "denominator": "HUNDRED"}}})
    ),
    st.just(freeze({"grpc": {}})),
    st.booleans().map(lambda there: freeze({"query_parameters": [{"name": "r", "present_match": there}]})),
)
_matches = st.builds(
    RouteMatch,
    _paths,
    _now_and_then(_header_matches),
    _now_and_then(_query_matches),
).flatmap(lambda match: _match_extras.map(lambda extra: _with_extra(match, extra)))


def _with_extra(match: RouteMatch, extra: FrozenMap[str, object]) -> RouteMatch:
    """What is there twice under one name would not be read back: the typed query tests give way."""
    return replace(match, extra=extra, query=() if "query_parameters" in extra else match.query)


_changes = st.builds(
    HeaderChanges,
    st.lists(
        st.builds(HeaderValue, st.sampled_from(_ADDED), st.sampled_from(_VALUES_TO_ADD), st.booleans()), max_size=3
    ).map(tuple),
    st.lists(st.sampled_from(_ADDED), max_size=1).map(tuple),
)
_raw_setting = st.tuples(
    st.sampled_from(_ADDED),
    st.sampled_from(_VALUES_TO_ADD),
    st.sampled_from(("APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS", "OVERWRITE_IF_EXISTS_OR_ADD")),
    st.booleans(),
).map(
    lambda each: {
        "header": {"key": each[0], "value": each[1]},
        "append_action": each[2],
        "keep_empty_value": each[3],
    }
)


def _raw_changes() -> st.SearchStrategy[FrozenMap[str, object]]:
    return st.dictionaries(
        st.sampled_from(("request_headers_to_add", "response_headers_to_add")),
        st.lists(_raw_setting, min_size=1, max_size=2),
        max_size=2,
    ).map(freeze)


_targets = st.sampled_from((*CLUSTERS * 3, EMPTY, MISSING))
_rewrites = st.sampled_from(("", "", "/", "/new", "/new/"))
_regex_rewrites = st.builds(
    RegexRewrite,
    st.sampled_from(("/a", "^/([^/]*)", "b", "/(.)")),
    st.sampled_from(("/z", r"/\1\1", r"\0-", "")),
)


@st.composite
def _forwards(draw: st.DrawFn) -> Forward:
    if draw(st.booleans()):
        chosen, other = draw(_targets), draw(_targets)
        first, second = draw(_changes), draw(_changes)
        weights = draw(st.sampled_from(((1, 0), (0, 100))))
        weighted = (
            WeightedCluster(chosen, weights[0], first, second, draw(st.sampled_from(("", "", "share.test")))),
            WeightedCluster(other, weights[1], second, first),
        )
        made = Forward(weighted=weighted)
    else:
        made = Forward(draw(_targets), unknown_cluster_status=draw(st.sampled_from((503, 404, 500))))
    rewrite: dict[str, Any] = draw(
        st.one_of(
            st.just({}),
            _rewrites.map(lambda prefix: {"prefix_rewrite": prefix}),
            _regex_rewrites.map(lambda regex: {"regex_rewrite": regex}),
        )
    )
    host: dict[str, Any] = draw(
        st.sampled_from(
            (
                {},
                {},
                {"host_rewrite": "other.test"},
                {"extra": freeze({"host_rewrite_header": "x-two"})},
                {
                    "extra": freeze(
                        {"host_rewrite_path_regex": {"pattern": {"regex": "^/(.*)$"}, "substitution": r"\1"}}
                    )
                },
            )
        )
    )
    if any(each.host_rewrite for each in made.weighted):
        host = {}
    return replace(made, **rewrite, **host)


@st.composite
def _redirects(draw: st.DrawFn) -> Redirect:
    way: dict[str, Any] = draw(
        st.one_of(
            st.just({}),
            st.sampled_from(("/new", "/new?fixed=1")).map(lambda path: {"path": path}),
            _rewrites.map(lambda prefix: {"prefix_rewrite": prefix}),
            _regex_rewrites.map(
                lambda rule: {
                    "extra": freeze(
                        {"regex_rewrite": {"pattern": {"regex": rule.pattern}, "substitution": rule.substitution}}
                    )
                }
            ),
        )
    )
    scheme: dict[str, Any] = draw(st.sampled_from(({}, {"https": True}, {"scheme": "https"}, {"scheme": "http"})))
    return Redirect(
        host=draw(st.sampled_from(("", "", "to.test", "to.test:1"))),
        port=draw(st.sampled_from((0, 0, 80, 8443))),
        code=draw(st.sampled_from((301, 302, 303, 307, 308))),
        strip_query=draw(st.booleans()),
        **way,
        **scheme,
    )


_answers = st.builds(
    DirectResponse,
    st.sampled_from((200, 202, 403, 404, 418, 503)),
    st.sampled_from(("", "said", "é")),
    st.just(FrozenMap()),
)
_actions: st.SearchStrategy[Action] = st.one_of(_forwards(), _forwards(), _redirects(), _answers)

_cors = st.builds(
    Cors,
    st.lists(
        _string_matches(_ORIGINS, ("https://.*", ".*b.test")) | st.just(StringMatch("exact", "*")), max_size=2
    ).map(tuple),
    st.sampled_from(("", "GET", "GET,POST", "*")),
    st.sampled_from(("", "x-one", "*")),
    st.sampled_from(("", "x-answer")),
    st.sampled_from(("", "60")),
    st.none() | st.booleans(),
    st.none() | st.builds(Fraction, st.sampled_from((0, 100))),
    st.none() | st.booleans(),
)
_faults = st.builds(
    Fault,
    abort_status=st.sampled_from((418, 503)),
    abort_fraction=st.builds(Fraction, st.sampled_from((0, 100))),
    extra=st.just(FrozenMap()) | st.just(freeze({"headers": [{"name": "x-one", "string_match": {"prefix": "a"}}]})),
)
_routes = st.builds(
    Route,
    _matches,
    _actions,
    request_headers=_changes,
    response_headers=_changes,
    fault=st.none() | st.none() | st.none() | _faults,
    cors=st.none() | _cors,
)


@st.composite
def _route_configs(draw: st.DrawFn) -> RouteConfig:
    domains = draw(st.lists(st.sampled_from(_DOMAINS), min_size=2, max_size=4, unique_by=str.lower))
    if "*" not in domains and draw(st.integers(0, 3)):
        domains.append("*")
    parts = draw(st.integers(1, len(domains)))
    hosts = []
    for index in range(parts):
        own = tuple(domains[index::parts])
        routes = tuple(
            replace(route, name=f"{index}-{number}")
            for number, route in enumerate(draw(st.lists(_routes, min_size=2, max_size=5)))
        )
        tls = draw(st.sampled_from(("", "", "", "", "ALL", "EXTERNAL_ONLY")))
        hosts.append(VirtualHost(f"host-{index}", own, routes, require_tls=tls, extra=draw(_raw_changes())))
    extra = draw(_raw_changes())
    if draw(st.booleans()):
        extra = FrozenMap({**extra, "most_specific_header_mutations_wins": True})
    return RouteConfig(
        "routes", tuple(hosts), validate_clusters=False, ignore_port_in_host_matching=draw(st.booleans()), extra=extra
    )


_leaves: st.SearchStrategy[Condition] = st.one_of(
    st.just(Always()),
    st.builds(Header, _header_matches),
    st.builds(UrlPath, _of_path),
)
_who: st.SearchStrategy[Condition] = st.one_of(
    st.just(Always()),
    st.builds(Header, _header_matches),
    st.builds(
        SourceAddress,
        st.sampled_from(("direct_remote_ip", "remote_ip")),
        st.sampled_from(("127.0.0.0", "10.0.0.0")),
        st.sampled_from((8, 32, 24)),
    ),
)


def _trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=2).map(lambda found: AllOf(tuple(found))),
            st.lists(inner, min_size=1, max_size=2).map(lambda found: AnyOf(tuple(found))),
            inner.map(Not),
        ),
        max_leaves=3,
    )


_nobody = st.builds(RequestedServerName, st.just(StringMatch("exact", "a.test")))
_policies = st.builds(
    lambda name, asked, who: Policy(name, tuple(asked), tuple(who)),
    st.sampled_from(("p", "q", "r")),
    st.lists(_trees(_leaves | _nobody), min_size=1, max_size=2),
    st.lists(_trees(_who), min_size=1, max_size=2),
)


def _rules(action: Literal["ALLOW", "DENY", "LOG"]) -> st.SearchStrategy[Rules]:
    return st.lists(_policies, max_size=2, unique_by=lambda each: each.name).map(
        lambda found: Rules(action, tuple(sorted(found, key=lambda each: each.name)))
    )


_KINDS: tuple[Literal["ALLOW", "DENY", "LOG"], ...] = ("ALLOW", "DENY", "DENY", "LOG")
_rbac = st.sampled_from(_KINDS).flatmap(_rules).map(HttpRbac)
_CORS = OpaqueFilter(
    "envoy.filters.http.cors", freeze({"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"})
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A listener's HTTP connection manager, and requests to it."""
    filters: list[HttpFilter] = [_CORS, FaultFilter()]
    filters += draw(st.lists(_rbac, max_size=1))
    order = draw(st.permutations(filters))
    extra: dict[str, object] = dict(
        draw(
            st.sampled_from(
                (
                    {},
                    {},
                    {"internal_address_config": _INSIDE},
                    {"strip_any_host_port": True},
                    {"strip_trailing_host_dot": True},
                    {"xff_num_trusted_hops": 1},
                )
            )
        )
    )
    manager = HttpConnectionManager(
        "in",
        draw(_route_configs()),
        (*order, RouterFilter()),
        use_remote_address=draw(st.sampled_from((None, False, True))),
        normalize_path=draw(st.booleans()),
        merge_slashes=draw(st.booleans()),
        path_with_escaped_slashes_action=draw(
            st.sampled_from(("", "KEEP_UNCHANGED", "REJECT_REQUEST", "UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD"))
        ),
        extra=FrozenMap(extra),
    )
    hosts = draw(st.lists(st.sampled_from(_SENT_HOSTS), min_size=3, max_size=4, unique=True))
    paths = draw(st.lists(st.sampled_from(_SENT_PATHS), min_size=4, max_size=6, unique=True))
    others = draw(st.lists(_others(), min_size=3, max_size=4))
    return World(
        manager,
        tuple(
            replace(other, host=host, path=path + other.path) for host in hosts for path in paths for other in others
        ),
    )


@st.composite
def _others(draw: st.DrawFn) -> Request:
    """A request but for its host and path: its path is the query."""
    headers = draw(st.lists(st.tuples(st.sampled_from(_HEADERS), st.sampled_from(_VALUES)), max_size=3))
    more = st.sampled_from(
        (
            (),
            (),
            (("content-type", "application/grpc"),),
            (("x-forwarded-for", "10.0.0.1"),),
            (("x-forwarded-for", "10.0.0.1, 9.9.9.9"),),
            (("x-forwarded-proto", "https"),),
            (("x-envoy-internal", "true"),),
        )
    )
    headers += draw(more)
    method = draw(st.sampled_from(_METHODS))
    if draw(st.booleans()):
        headers.append(("origin", draw(st.sampled_from(_ORIGINS))))
        if method == "OPTIONS" and draw(st.booleans()):
            headers.append(("access-control-request-method", "PUT"))
            headers.append(("access-control-request-headers", "x-one,x-two"))
    return Request(
        path=draw(st.sampled_from(_QUERIES)),
        method=method,
        headers=tuple(headers),
        source="127.0.0.1",
        address="127.0.0.1",
    )
