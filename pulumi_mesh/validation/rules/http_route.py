"""One HTTP route of a VirtualService (validateHTTPRoute): what it matches, where it goes, what it changes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, get_args

from pulumi_mesh.validation.addresses import port
from pulumi_mesh.validation.durations import SECOND, duration, nanoseconds
from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.rules.destinations import destination, gateway_names, route_destinations
from pulumi_mesh.validation.rules.faults import http_fault, http_status
from pulumi_mesh.validation.rules.headers import cors_name, is_authority, manipulation, matched_name
from pulumi_mesh.validation.rules.names import is_dns_label, labels
from pulumi_mesh.validation.rules.patterns import pattern
from pulumi_mesh.validation.verdict import Problem, warning
from pulumi_mesh.words.retry_conditions import RetryCondition

Object = Mapping[str, Any]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"})
_RETRY_ON = frozenset(get_args(RetryCondition))
_STATUSES = frozenset(HTTPStatus)
_MEGABYTE = 1 << 20
_MUCH = 100 << 10


def http_route(route: Object, path: str, *, delegate: bool, converted: bool) -> Iterator[Problem]:
    """delegate: its VirtualService has no hosts. converted: made from a Gateway API route."""
    yield from _conflicts(route, path, delegate=delegate)
    for index, match in enumerate(route.get("match") or ()):
        yield from _match(match, f"{path}.match[{index}]")
    if "headers" in route:
        yield from manipulation(route["headers"], f"{path}.headers")
    for field, judge in _PARTS:
        if (value := route.get(field)) is not None:
            yield from judge(value, f"{path}.{field}")
    if (redirect := route.get("redirect")) is not None:
        yield from _redirect(redirect, f"{path}.redirect", route.get("match") or ())
    yield from _one_authority(route, path)
    yield from route_destinations(route.get("route") or (), f"{path}.route", http=True, converted=converted)


def _conflicts(route: Object, path: str, *, delegate: bool) -> Iterator[Problem]:
    destinations = bool(route.get("route"))
    if route.get("delegate") is not None:
        if not delegate:
            for field, there in (("redirect", route.get("redirect") is not None), ("route", destinations)):
                if there:
                    yield Problem(f"{path}.{field}", f"a route that is delegated has no {field}")
            return
        yield Problem(f"{path}.delegate", "a delegate does not delegate")
    answers = [field for field in ("redirect", "directResponse") if route.get(field) is not None]
    if not answers and not destinations:
        yield Problem(path, "an HTTP route has destinations, a redirect or a direct response")
    if len(answers) > 1:
        yield Problem(path, "a route has a redirect or a direct response, not both")
    for answer in answers[:1]:
        if destinations:
            yield Problem(f"{path}.route", f"a route with {answer} has no destinations")
        for field in ("fault", "rewrite"):
            if route.get(field) is not None:
                yield Problem(f"{path}.{field}", f"a route with {answer} has no {field}")
    if route.get("mirror") is not None and route.get("mirrors"):
        yield Problem(f"{path}.mirror", "a route has mirror or mirrors, not both")


def _match(match: Object, path: str) -> Iterator[Problem]:
    for name, header in (match.get("headers") or {}).items():
        at = f"{path}.headers[{name}]"
        yield from matched_name(name, at)
        yield from _text_match(header, at)
    for name, header in (match.get("withoutHeaders") or {}).items():
        at = f"{path}.withoutHeaders[{name}]"
        yield from matched_name(name, at)
        if header.get("regex") != "*":  # stands for a header that is there
            yield from _text_match(header, at)
    if (uri := match.get("uri")) is not None:
        yield from _regex_match(uri, f"{path}.uri")
    for field in ("scheme", "method", "authority"):
        if (value := match.get(field)) is not None:
            yield from _text_match(value, f"{path}.{field}")
    for name, value in (match.get("queryParams") or {}).items():
        yield from _text_match(value, f"{path}.queryParams[{name}]")
    if match.get("port"):
        yield from port(match["port"], f"{path}.port")
    if "sourceLabels" in match:
        yield from labels(match["sourceLabels"], f"{path}.sourceLabels")
    if "gateways" in match:
        yield from gateway_names(match["gateways"] or (), f"{path}.gateways")
    if (namespace := match.get("sourceNamespace")) and not is_dns_label(namespace):
        yield Problem(f"{path}.sourceNamespace", f"{namespace!r} is not the name of a namespace")


def _text_match(match: Object, path: str) -> Iterator[Problem]:
    if match.get("prefix") == "":
        yield Problem(f"{path}.prefix", "every text has the empty prefix")
    yield from _regex_match(match, path)


def _regex_match(match: Object, path: str) -> Iterator[Problem]:
    regex = match.get("regex")
    if regex == "":
        yield Problem(f"{path}.regex", "a regular expression is not empty")
    elif regex is not None:
        yield from pattern(regex, f"{path}.regex")


def _cors(policy: Object, path: str) -> Iterator[Problem]:
    for index, origin in enumerate(policy.get("allowOrigins") or ()):
        at = f"{path}.allowOrigins[{index}]"
        if not (origin.get("exact") or origin.get("prefix") or origin.get("regex")):
            yield Problem(at, "an origin is matched exactly, by prefix or by regex")
        else:
            yield from _regex_match(origin, at)
    for index, method in enumerate(policy.get("allowMethods") or ()):
        if method not in _METHODS:
            yield Problem(f"{path}.allowMethods[{index}]", f"{method!r} is not a method of HTTP")
    for field in ("allowHeaders", "exposeHeaders"):
        for index, name in enumerate(policy.get(field) or ()):
            yield from cors_name(name, f"{path}.{field}[{index}]")
    if (age := policy.get("maxAge")) is not None:
        yield from duration(age, f"{path}.maxAge")
        if (nanoseconds(age) or 0) % SECOND > 0:
            yield Problem(f"{path}.maxAge", f"a number of whole seconds is expected, not {age}")


def _mirror(target: Object, path: str) -> Iterator[Problem]:
    yield from destination(target, path)


def _mirrors(mirrors: Sequence[Object], path: str) -> Iterator[Problem]:
    for index, mirror in enumerate(mirrors):
        at = f"{path}[{index}]"
        if mirror.get("destination") is None:
            yield Problem(f"{at}.destination", "a mirror has a destination")
            continue
        yield from destination(mirror["destination"], f"{at}.destination")
        if (percentage := mirror.get("percentage")) is not None:
            yield from _mirror_percentage(percentage, f"{at}.percentage")


def _mirror_percentage(percentage: Object, path: str) -> Iterator[Problem]:
    value = percentage.get("value") or 0
    if not 0 <= value <= 100:
        yield Problem(f"{path}.value", f"{value} is not in 0..100")


def _mirror_percent(value: int, path: str) -> Iterator[Problem]:
    if value > 100:
        yield Problem(path, f"{value} is not in 0..100")
    yield warning(path, "mirrorPercent is the old form of mirrorPercentage")


def _redirect(redirect: Object, path: str, matches: Sequence[Object]) -> Iterator[Problem]:
    prefix = redirect.get("prefixRewrite")
    code, scheme = redirect.get("redirectCode") or 0, redirect.get("scheme")
    if prefix and redirect.get("uri"):
        yield Problem(f"{path}.prefixRewrite", "a redirect has uri or prefixRewrite, not both")
    if prefix and any(match.get("uri") is not None and "prefix" not in match["uri"] for match in matches):
        yield Problem(f"{path}.prefixRewrite", "prefixRewrite needs matches on a prefix of the URI")
    fixed_port = redirect.get("port")
    if not (redirect.get("uri") or prefix or redirect.get("authority") or scheme) and (
        fixed_port is None and redirect.get("derivePort") is None
    ):
        yield Problem(path, "a redirect has a uri, authority, scheme or port")
    if code and not 300 <= code <= 399:
        yield Problem(f"{path}.redirectCode", f"{code} is not in 300..399")
    if scheme and scheme not in {"http", "https"}:
        yield Problem(f"{path}.scheme", f"the scheme is http or https, not {scheme!r}")
    if fixed_port:
        yield from port(fixed_port, f"{path}.port")


def _direct_response(response: Object, path: str) -> Iterator[Problem]:
    body = response.get("body") or {}
    size = len((body.get("string") or "").encode())
    if "bytes" in body:
        try:
            size = len(base64.b64decode(body["bytes"], validate=True))
        except binascii.Error:
            yield Problem(f"{path}.body.bytes", "bytes are expected, in base64")
    if size > _MEGABYTE:
        yield Problem(f"{path}.body", "the body of a direct response is less than 1 MiB")
    elif size > _MUCH:
        yield warning(f"{path}.body", "each proxy gets the body of a direct response: more than 100 KiB is much")
    yield from http_status(response.get("status") or 0, f"{path}.status")


def _retries(retries: Object, path: str) -> Iterator[Problem]:
    attempts = retries.get("attempts") or 0
    if attempts < 0:
        yield Problem(f"{path}.attempts", f"attempts are not below 0, as {attempts} is")
    if not attempts and (
        retries.get("perTryTimeout") is not None
        or retries.get("retryOn")
        or retries.get("retryRemoteLocalities") is not None
    ):
        yield Problem(f"{path}.attempts", "with 0 attempts nothing is retried: other fields have no meaning")
    for field in ("perTryTimeout", "backoff"):
        if (value := retries.get(field)) is not None:
            yield from duration(value, f"{path}.{field}")
    for policy in (retries.get("retryOn") or "").split(",") if retries.get("retryOn") else ():
        digits = policy.removeprefix("+")
        if whole(digits) not in _STATUSES and policy not in _RETRY_ON:
            yield Problem(f"{path}.retryOn", f"{policy!r} is not a condition that Envoy retries on")


def _rewrite(rewrite: Object, path: str) -> Iterator[Problem]:
    uri, regex = rewrite.get("uri"), rewrite.get("uriRegexRewrite")
    if uri and regex is not None:
        yield Problem(f"{path}.uri", "a rewrite has uri or uriRegexRewrite, not both")
    elif not uri and regex is None and not rewrite.get("authority"):
        yield Problem(path, "a rewrite has a uri, uriRegexRewrite or authority")
    elif regex is not None:
        if not regex.get("match") or not regex.get("rewrite"):
            yield Problem(f"{path}.uriRegexRewrite", "match and rewrite are required")
        else:
            yield from pattern(regex["match"], f"{path}.uriRegexRewrite.match")


def _one_authority(route: Object, path: str) -> Iterator[Problem]:
    operations = (route.get("headers") or {}).get("request")
    if not operations:
        return
    current = (route.get("rewrite") or {}).get("authority") or ""
    for verb in ("set", "add"):
        for name, value in (operations.get(verb) or {}).items():
            if is_authority(name):
                if current:
                    yield Problem(f"{path}.headers.request.{verb}[{name}]", "the authority is set in one place only")
                    return
                current = value


_PARTS = (
    ("corsPolicy", _cors),
    ("fault", http_fault),
    ("mirrorPercent", _mirror_percent),
    ("mirror_percent", _mirror_percent),
    ("mirrorPercentage", _mirror_percentage),
    ("mirror", _mirror),
    ("mirrors", _mirrors),
    ("directResponse", _direct_response),
    ("retries", _retries),
    ("rewrite", _rewrite),
    ("timeout", duration),
)
