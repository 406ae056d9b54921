"""Whatever a patch says, as long as it is of its message's form, a view comes of it that can be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_mesh.proxy.envoy.read import read_discovery
from pulumi_mesh.proxy.envoy.schema import PATCHED, PROTOBUF, SPECIAL, WRAPPERS, fields_of, message_of, values_of
from pulumi_mesh.proxy.envoy.write import write_discovery
from pulumi_mesh.proxy.view import ProxyView
from tests.unit.patching.world import MANAGER, ROUTER, TYPES, edge, envoy_filter, patch, web

_KINDS = sorted(set(PATCHED) - {"BOOTSTRAP"})
_OPERATIONS = [
    "MERGE",
    "MERGE_AND_REPLACE_LIST",
    "ADD",
    "REMOVE",
    "INSERT_BEFORE",
    "INSERT_AFTER",
    "INSERT_FIRST",
    "REPLACE",
]
_ANYS = [
    f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
    f"{TYPES}.filters.network.tcp_proxy.v3.TcpProxy",
    f"{TYPES}.filters.http.router.v3.Router",
    f"{TYPES}.filters.http.fault.v3.HTTPFault",
    f"{TYPES}.filters.http.local_ratelimit.v3.LocalRateLimit",
    f"{TYPES}.transport_sockets.tls.v3.UpstreamTlsContext",
    f"{TYPES}.upstreams.http.v3.HttpProtocolOptions",
]
_NAMES = st.sampled_from(
    ["a", "b.example", MANAGER, ROUTER, "envoy.filters.network.tcp_proxy", "all", "shop.example:80"]
)
_SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "b": st.booleans(),
    "s": _NAMES,
    "x": st.just("YQ=="),
    "i": st.integers(0, 3),
    "I": st.integers(0, 3),
    "u": st.integers(0, 3),
    "U": st.integers(0, 3),
    "f": st.sampled_from([0, 0.5, 1]),
}


@st.composite
def messages(draw: st.DrawFn, name: str, depth: int = 4) -> Any:
    """A message with a few of its fields; of a oneof one at most."""
    kind = name.removeprefix(PROTOBUF)
    if name in WRAPPERS:
        return draw(_SCALARS[fields_of(name)["value"].kind])
    if kind == "Any":
        chosen = draw(st.sampled_from(_ANYS))
        return {"@type": chosen, **draw(messages(chosen.rpartition("/")[2], depth - 1))}
    if name in SPECIAL:
        return {"Duration": "1.5s", "Timestamp": "2026-01-01T00:00:00Z", "ListValue": [1]}.get(
            kind, {"a": {"b": [None]}}
        )
    fields = {each.name: each for each in fields_of(name).values()}
    taken: dict[object, str] = {}
    for each in draw(st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True)) if fields and depth else ():
        oneof = fields[each].oneof
        taken.setdefault(each if oneof is None else oneof, each)
    return {each: draw(_values(fields[each].kind, depth - 1)) for each in taken.values()}


def _values(kind: str, depth: int) -> st.SearchStrategy[Any]:
    if kind[0] == "[":
        return st.lists(_values(kind[1:], depth), max_size=2)
    if kind[0] == "{":
        keys = st.sampled_from(["1", "2"]) if kind[1] != "s" else _NAMES
        return st.dictionaries(keys, _values(kind[2:], depth), max_size=2)
    if kind[0] == "m":
        return messages(message_of(kind), depth)
    return st.sampled_from(values_of(kind)) if kind[0] == "e" else _SCALARS[kind[0]]


def by_name(view: ProxyView) -> ProxyView:
    """As files hold it: one for each table."""
    return replace(view, routes=tuple({each.name: each for each in view.routes}.values()))


@st.composite
def patches(draw: st.DrawFn) -> dict[str, Any]:
    """A patch of any kind, for everything or for what is there."""
    kind = draw(st.sampled_from(_KINDS))
    match: dict[str, Any] = {}
    if kind.endswith("FILTER") and draw(st.booleans()):
        inner = {"subFilter": {"name": ROUTER}} if draw(st.booleans()) else {}
        match = {"listener": {"filterChain": {"filter": {"name": MANAGER, **inner}}, "listenerFilter": draw(_NAMES)}}
    elif kind in ("HTTP_ROUTE", "VIRTUAL_HOST") and draw(st.booleans()):
        match = {"routeConfiguration": {"vhost": {"name": "shop.example:80", "route": {"name": draw(_NAMES)}}}}
    value = draw(messages(PATCHED[kind]))
    return patch(kind, draw(st.sampled_from(_OPERATIONS)), value, **match)


@settings(
    derandomize=True,
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(patches(), min_size=1, max_size=4))
def test_a_view_comes_of_it(those: list[dict[str, Any]]) -> None:
    for view in (edge(envoy_filter(*those)), web(envoy_filter(*those))):
        assert read_discovery(write_discovery(view, "/x")) == by_name(view)
