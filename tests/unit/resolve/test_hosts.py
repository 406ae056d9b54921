"""Host names: short, wild, more or less specific."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.proxy.resolve.domains import alternatives
from pulumi_mesh.proxy.resolve.durations import duration, proto_json
from pulumi_mesh.proxy.resolve.full_names import gateway_name
from pulumi_mesh.proxy.resolve.hosts import fqdn, intersection, matches, most_specific, specificity, subset_of
from pulumi_mesh.typed import TOKEN_END, TOKEN_START

TOKEN = f"{TOKEN_START}1{TOKEN_END}"


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("reviews", "reviews.shop.svc.cluster.local"),
        ("reviews.other", "reviews.other"),
        ("example.com", "example.com"),
        ("*", "*"),
        ("*.example.com", "*.example.com"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
        (TOKEN, TOKEN),
    ],
)
def test_short_names(name: str, full: str) -> None:
    assert fqdn(name, "shop", "cluster.local") == full


@pytest.mark.parametrize(
    ("one", "other", "subset", "match"),
    [
        ("a.com", "a.com", True, True),
        ("a.com", "b.com", False, False),
        ("x.a.com", "*.a.com", True, True),
        ("*.a.com", "x.a.com", False, True),
        ("*.x.a.com", "*.a.com", True, True),
        ("*.a.com", "*.x.a.com", False, True),
        ("*", "a.com", False, True),
        ("a.com", "*", True, True),
        ("a.com", "*.a.com", False, False),
    ],
)
def test_wildcards(one: str, other: str, subset: bool, match: bool) -> None:
    assert subset_of(one, other) is subset
    assert matches(one, other) is match


def test_order_and_choice() -> None:
    hosts = ["*", "a.com", "*.b.com", "long.a.com", "*.x.b.com"]
    assert sorted(hosts, key=specificity) == ["long.a.com", "a.com", "*.x.b.com", "*.b.com", "*"]
    specific, wildcard = {"a.com": 1}, {"*": 2, "*.b.com": 3}
    assert [most_specific(host, specific, wildcard) for host in ("a.com", "x.b.com", "c.com", "*.y.b.com")] == [
        *(1, 3, 2, 3)
    ]
    assert most_specific("a.com", {}, {}) is None


def test_intersection() -> None:
    assert intersection(["*.a.com", "b.com"], ["x.a.com", "y.a.com", "*"]) == ("x.a.com", "y.a.com", "*.a.com", "b.com")


@pytest.mark.parametrize(
    ("name", "resolved"),
    [
        ("mesh", "mesh"),
        ("public", "shop/public"),
        ("other/public", "other/public"),
        ("./public", "shop/public"),
        ("public.other.svc.cluster.local", "other/public"),
        ("public.other", "other/public"),
    ],
)
def test_gateway_names(name: str, resolved: str) -> None:
    assert gateway_name(name, "shop") == resolved


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("a.shop.svc.cluster.local", ("a.shop.svc.cluster.local.", "a", "a.shop.svc", "a.shop")),
        ("a.other.svc.cluster.local", ("a.other.svc.cluster.local.", "a.other", "a.other.svc")),
        ("example.com", ("example.com.",)),
        ("*.shop.svc.cluster.local", ("*.shop.svc.cluster.local.",)),
        ("10.0.0.1", ()),
    ],
)
def test_alternatives(host: str, names: tuple[str, ...]) -> None:
    assert alternatives(host, "shop", "cluster.local") == names


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1h30m", timedelta(minutes=90)),
        ("1.5s", timedelta(milliseconds=1500)),
        ("0s", timedelta(0)),
        ("0", timedelta(0)),
        ("250us", timedelta(microseconds=250)),
        (None, None),
        (TOKEN, None),
    ],
)
def test_durations(text: str | None, length: timedelta | None) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "10", "1 s", "s", "1x", "-1s"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(InvalidError, match="is not a duration"):
        duration(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(minutes=2), "120s"),
        (timedelta(milliseconds=100), "0.100s"),
        (timedelta(seconds=1, microseconds=5), "1.000005s"),
    ],
)
def test_durations_as_proto_json(length: timedelta, text: str) -> None:
    assert proto_json(length) == text
