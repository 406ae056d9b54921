"""Names, addresses, durations, URLs, header values and key sets, as Go and Istio read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mesh.validation.addresses import is_prefix, split_host_port
from pulumi_mesh.validation.durations import nanoseconds
from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.rules.headers import is_claim, value_problem
from pulumi_mesh.validation.rules.jwks import jwks_problem
from pulumi_mesh.validation.rules.names import covered, fqdn, overlapping, wildcard_domain
from pulumi_mesh.validation.rules.patterns import pattern_problem
from pulumi_mesh.validation.urls import request_url, url


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", 0), ("0s", 0), ("1h30m", 5400 * 10**9), ("1.5s", 1_500_000_000), (".5s", 500_000_000), ("1.s", 10**9),
        ("-1ms", -1_000_000), ("+1us", 1000), ("1µs", 1000), ("1.0000000009s", 10**9), ("2562048h", None), ("1", None),
        ("", None), ("-", None), ("1d", None), ("s", None), (".s", None), ("1 s", None), ("1S", None), ("1s ", None),
        ("1s2", None), ("٣s", None),
    ],
)  # fmt: skip
def test_durations(text: str, length: int | None) -> None:
    assert nanoseconds(text) == length


@pytest.mark.parametrize(("text", "number"), [("0080", 80), ("0", 0), ("9" * 5000, None), ("", None), ("+1", None)])
def test_numbers(text: str, number: int | None) -> None:
    assert whole(text) == number


def test_texts_of_thousands_of_digits_are_judged() -> None:
    many = "9" * 5000
    assert nanoseconds(f"{many}s") is None
    assert nanoseconds(f"0.{many}s") == 10**9 - 1
    assert not is_prefix(f"10.0.0.0/{many}")
    assert request_url(f"http://a:{many}") is not None


@pytest.mark.parametrize("name", ["a", "A.b", "a.b.", "1a.b", "a-b.c", "x" * 63, "9.a"])
def test_domain_names(name: str) -> None:
    assert fqdn(name) is None and wildcard_domain(name) is None


@pytest.mark.parametrize("name", ["", ".", "a..b", "a.1", "-a", "a_b", "x" * 64, ".a", "a.b.c.12", "a/b", "é", "a\n"])
def test_no_domain_names(name: str) -> None:
    assert fqdn(name) and wildcard_domain(name)


@pytest.mark.parametrize(
    ("name", "fits"), [("*", True), ("*.a", True), ("*a.b", True), ("*-a.b", True), ("a.*.b", False), ("a*.b", False)]
)
def test_wildcard_domains(name: str, fits: bool) -> None:
    assert (wildcard_domain(name) is None) is fits and fqdn(name)


@pytest.mark.parametrize(
    ("one", "other", "overlaps", "within"),
    [
        ("a.b", "a.b", True, True), ("a.b", "c.b", False, False), ("a.b", "*.b", True, True),
        ("*.b", "a.b", True, False), ("*.a.b", "*.b", True, True), ("*.b", "*.a.b", True, False),
        ("*", "*", True, True),
    ],
)  # fmt: skip
def test_hosts(one: str, other: str, overlaps: bool, within: bool) -> None:
    assert bool([*overlapping([one, other])]) is overlaps is bool([*overlapping([other, one])])
    assert covered(one, {other}) is within


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("10.0.0.1/8", True), ("::/0", True), ("1.2.3.4/33", False), ("1.2.3.4/08", False), ("1.2.3.4/", False),
        ("1.2.3.4/255.0.0.0", False), ("fe80::1%a/64", False), ("1.2.3.4", False), ("::1/129", False),
    ],
)  # fmt: skip
def test_prefixes(text: str, fits: bool) -> None:
    assert is_prefix(text) is fits


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a:80", ("a", "80")), (":80", ("", "80")), ("[::1]:80", ("::1", "80")), ("a", None), ("::1:80", None),
     ("[::1]", None), ("[::1", None), ("[::1]x:80", None), ("a]:80", None)],
)  # fmt: skip
def test_hosts_with_ports(text: str, parts: tuple[str, str] | None) -> None:
    host, port, problem = split_host_port(text)
    assert ((host, port) if problem is None else None) == parts


@pytest.mark.parametrize(
    ("text", "scheme", "host"),
    [
        ("http://a:80/b?c", "http", "a:80"), ("HTTPS://a", "https", "a"), ("/a", "", ""), ("oci://a/b:v1", "oci", "a"),
        ("file:///a", "file", ""), ("http://[::1]:80", "http", "[::1]:80"), ("http://u:p@a", "http", "a"),
        ("a:b", "a", ""), ("http://[fe80::1%25en0]/", "http", "[fe80::1%25en0]"), ("*", "", ""),
    ],
)  # fmt: skip
def test_urls(text: str, scheme: str, host: str) -> None:
    parsed = request_url(text)
    assert parsed is not None and (parsed.scheme, parsed.host) == (scheme, host)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a/b", ":a", "http://a b", "http://%zz", "http://a:b", "https://a:b:c", "/%", "http://[1.2.3.4]",
     "http://[::1", "http://a\x7f", "http://a%41", "http://u @a"],
)  # fmt: skip
def test_no_urls_of_requests(text: str) -> None:
    assert request_url(text) is None


def test_references_are_urls_but_not_of_requests() -> None:
    assert url("a/b") is not None and request_url("a/b") is None
    assert url("a:b/c") is not None and url("1:b") is None
    assert url("http://a/#%") is None


@pytest.mark.parametrize(
    "value", ["", "a", "100%%", "%A%", "a %A(b)% c", '%A(["b", "c"])%', "a\tb", "%A(b\\)c)%", "%A( b)%"]
)
def test_header_values(value: str) -> None:
    assert value_problem(value) is None


@pytest.mark.parametrize(
    "value", ["%", "a%", "%A", "%A(", "%A(b", "%A(b)", "%A(b)c%", "%%%", "a\nb", "a\0", '%A(["b" "c"])%', "%A([b])%"]
)
def test_no_header_values(value: str) -> None:
    assert value_problem(value)


@given(st.text(alphabet='%()[]",\\ aA\n', max_size=12))
def test_any_header_value_is_judged(value: str) -> None:
    assert (value_problem(value.replace("%", "%%")) is None) is ("\n" not in value)


@pytest.mark.parametrize(
    ("name", "claims"),
    [("@request.auth.claims.a", True), ("@Request.Auth.Claims[a][b]", True), ("@request.auth.claims", False),
     ("@request.auth.claims.", False), ("@request.auth.claims[]", False), ("@request.auth.claimsa", False)],
)  # fmt: skip
def test_claims(name: str, claims: bool) -> None:
    assert is_claim(name) is claims


@pytest.mark.parametrize(
    "text",
    ['{"keys": []}', '{"keys": null}', '{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}',
     '{"keys": [{"kty": "RSA", "e": "AQAB", "n": "-_A", "use": "sig", "key_ops": ["verify"]}], "more": 1}'],
)  # fmt: skip
def test_key_sets(text: str) -> None:
    assert jwks_problem(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "1", "{}", '{"keys": {}}', '{"keys": [1]}', '{"kty": "XY"}', '{"kty": "oct"}',
     '{"kty": "oct", "k": "A"}', '{"kty": "oct", "k": "$"}', '{"kty": "oct", "k": "AQ", "kid": 1}',
     '{"kty": "oct", "k": "AQ", "key_ops": ["x"]}'],
)  # fmt: skip
def test_no_key_sets(text: str) -> None:
    assert jwks_problem(text)


def test_patterns_are_those_of_re2() -> None:
    assert pattern_problem("(?i)a{1,1000}|\\pN") is None
    for text in ("(?=a)", "a{1001}", "\\1", "(a", "[z-a]"):
        assert pattern_problem(text)
