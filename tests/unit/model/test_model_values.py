"""Single values: what is taken, and what is said of the rest."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mesh.model import values
from pulumi_mesh.model.hostnames import covers

LONG = ".".join(["a" * 49] * 5) + ".aaaa"  # 254 characters


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("10m", timedelta(minutes=10)),
        ("1h30m", timedelta(minutes=90)),
        ("2s", timedelta(seconds=2)),
        ("500ms", timedelta(milliseconds=500)),
        ("1.5s", timedelta(milliseconds=1500)),
        ("0.001s", timedelta(milliseconds=1)),
        ("87600h", timedelta(hours=87600)),
        (timedelta(seconds=3), timedelta(seconds=3)),
    ],
)
def test_duration(text: object, length: timedelta) -> None:
    assert values.duration(text) == length


@given(st.integers(min_value=1, max_value=87600 * 3_600_000))
def test_duration_text_is_read_back(millis: int) -> None:
    length = timedelta(milliseconds=millis)
    assert values.duration(values.duration_text(length)) == length


@pytest.mark.parametrize(
    ("parse", "value", "message"),
    [
        (values.duration, "", "is not a duration"),
        (values.duration, "10", '"10m"'),
        (values.duration, 10, "text with a unit"),
        (values.duration, True, "text with a unit"),
        (values.duration, "-1s", "is not a duration"),
        (values.duration, "1s1h", "is not a duration"),
        (values.duration, "1d", "is not a duration"),
        (values.duration, "1 s", "is not a duration"),
        (values.duration, "0s", "the least is 1ms"),
        (values.duration, "0.1ms", "the least is 1ms"),
        (values.duration, "1.5ms", "finer than a millisecond"),
        (values.duration, "87601h", "longer than ten years"),
        (values.duration, "9" * 400 + "h", "longer than ten years"),
        (values.duration, timedelta(0), "the least is 1ms"),
        (values.duration, timedelta(days=-1), "the least is 1ms"),
        (values.port, 0, "from 1 to 65535"),
        (values.port, 65536, "from 1 to 65535"),
        (values.port, "80", "whole number"),
        (values.port, True, "whole number"),
        (values.port, 80.0, "whole number"),
        (values.weight, -1, "0 to 1000000"),
        (values.weight, 1_000_001, "0 to 1000000"),
        (values.weight, 0.5, "whole number"),
        (values.weight, True, "whole number"),
        (values.percent, -0.1, "from 0 to 100"),
        (values.percent, 100.1, "from 0 to 100"),
        (values.percent, float("nan"), "from 0 to 100"),
        (values.percent, 0.00001, "finer than 0.0001 %"),
        (values.percent, "5", "give a number"),
        (values.hostname, "", "is not a host name"),
        (values.hostname, "müller.example.com", "xn--"),
        (values.hostname, LONG, "has 254 characters; a host name has at most 253"),
        (values.hostname, "shop.example.com.", "ends with a dot"),
        (values.hostname, "*bar.com", "whole first label"),
        (values.hostname, "a.*.com", "whole first label"),
        (values.hostname, "*.*.com", "whole first label"),
        (values.hostname, "-a.com", "is not a host name"),
        (values.hostname, "a..com", "is not a host name"),
        (values.hostname, "a_b.com", "is not a host name"),
        (values.hostname, "a" * 64 + ".com", "at most 63 characters"),
        (values.hostname, "Shop.example.com", "write it as 'shop.example.com'"),
        (values.hostname, "10.0.0.1", "is an IP address"),
        (values.hostname, "shop.example.com\n", "is not a host name"),
        (values.hostname, 5, "give text"),
        (lambda value: values.hostname(value, wildcard=False), "*.example.com", 'no "*" may stand here'),
        (values.name, "A", "lower-case"),
        (values.name, "../x", "lower-case"),
        (values.name, "a" * 254, "at most 253"),
        (values.name, "", "lower-case"),
        (values.label_name, "a.b", "lower-case"),
        (values.label_name, "a" * 64, "at most 63"),
        (values.label_name, "a\n", "lower-case"),
        (values.address, "localhost", "is not an IP address"),
        (values.address, "10.0.0.256", "is not an IP address"),
        (values.header_name, "a b", "is not a header name"),
        (values.header_name, ":path", "is not a header name"),
        (values.header_name, "", "is not a header name"),
        (values.header_value, "100%", "holds a lone '%'"),
        (values.header_value, "%req(x)%", "holds a lone '%'"),
        (values.header_value, "a\nb", "holds a control character"),
        (values.regex, "(?=a)", "RE2"),
        (values.regex, r"(a)\1", "RE2"),
        (values.regex, "(", "missing )"),
        (values.regex, "a{1001}", "RE2"),
    ],
)
def test_refused(parse: Callable[[object], object], value: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(value)


@pytest.mark.parametrize("text", ["*", "*.example.com", "a", "a.b", "xn--mller-kva.example.com", LONG[1:], "1.com"])
def test_hostname(text: str) -> None:
    assert values.hostname(text) == text


@pytest.mark.parametrize(
    ("pattern", "hostname", "taken"),
    [
        ("*", "*", True),
        ("*", "*.a.com", True),
        ("*.a.com", "b.a.com", True),
        ("*.a.com", "c.b.a.com", True),
        ("*.a.com", "*.b.a.com", True),
        ("*.a.com", "*.a.com", True),
        ("*.a.com", "a.com", False),
        ("*.a.com", "ba.com", False),
        ("*.a.com", "*", False),
        ("a.com", "*.com", False),
        ("a.com", "a.com", True),
    ],
)
def test_covers(pattern: str, hostname: str, taken: bool) -> None:
    assert covers(pattern, hostname) is taken


@pytest.mark.parametrize(("value", "stored"), [("10.0.0.1", "10.0.0.1"), ("2001:DB8::0:1", "2001:db8::1")])
def test_address_is_canonical(value: str, stored: str) -> None:
    assert values.address(value) == stored
