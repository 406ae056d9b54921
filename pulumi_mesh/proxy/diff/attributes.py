"""What of a request decides: path, method, host, headers, query, client and token, each with the values worth a try."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.diff.patterns import TextTest
from pulumi_mesh.proxy.diff.texts import HOST, PATH, VALUE, Texts, texts_for
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.networks import contains
from pulumi_mesh.proxy.view.matching import EitherMatch, ListMatch, MetadataMatch, StringMatch, ValueMatch

Claims = FrozenMap[str, object] | None
Key = tuple[str, str]
"""An attribute: its kind, and of headers and query parameters the name."""
Value = str | Claims
"""None: the header is not there, the request has no token."""

PATH_KEY: Key = ("path", "")
METHOD: Key = ("method", "")
HOST_KEY: Key = ("host", "")
SOURCE: Key = ("source", "")
CLAIMS: Key = ("claims", "")
FIXED: Key = ("fixed", "")
"""All that is the same for every request of one connection."""

_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
_STRANGER = "another.issuer.example.com"
"""An issuer of whom no proxy knows."""
_COMBINATIONS = 200
"""Tokens that are tried."""


def header(name: str) -> Key:
    """The attribute that a header is."""
    named = {":path": PATH_KEY, ":method": METHOD, ":authority": HOST_KEY}
    return named.get(name, FIXED if name.startswith(":") else ("header", name))


def query(name: str) -> Key:
    """The attribute that a parameter of the query is."""
    return "query", name


@dataclass(slots=True)
class Asked:
    """What is asked of each attribute, by all that decides.

    texts: tests of it as a text. sources: networks of clients. claims: tests of tokens. issuers: whose tokens are
    taken, each with an audience (empty: any).
    """

    texts: dict[Key, dict[TextTest, None]] = field(default_factory=dict)
    sources: dict[tuple[str, int], None] = field(default_factory=dict)
    claims: dict[tuple[str, ...], list[ValueMatch]] = field(default_factory=dict)
    issuers: dict[str, str] = field(default_factory=dict)

    def text(self, key: Key, match: StringMatch | None) -> None:
        """A test of a text; None asks only whether there is one."""
        if match is not None:
            self.test(key, TextTest(match.kind, match.value, match.ignore_case))
        elif key != FIXED:
            self.texts.setdefault(key, {})

    def test(self, key: Key, test: TextTest) -> None:
        """The same, of a path too."""
        if key != FIXED:
            self.texts.setdefault(key, {})[test] = None

    def claim(self, match: MetadataMatch) -> None:
        """A test of a claim: below the payload, the path is that of the claim."""
        if match.path[1:]:
            self.claims.setdefault(match.path[1:], []).append(match.value)

    def values(self, template: Request) -> tuple[dict[Key, tuple[Value, ...]], tuple[str, ...]]:
        """The values of each attribute, the plainest first; and patterns for which some may be missing."""
        found: dict[Key, tuple[Value, ...]] = {FIXED: ("",), PATH_KEY: (template.path,), METHOD: _METHODS}
        missed: dict[str, None] = {}
        for key, tests in self.texts.items():
            texts = _texts(key, tests, template)
            missed.update(dict.fromkeys(texts.missed))
            found[key] = (None, *texts.found) if key[0] in ("header", "query") else texts.found
        if self.sources:
            found[SOURCE] = clients_of(self.sources, template.source)
        if self.issuers or self.claims:
            tokens = list(itertools.islice(self._tokens(), _COMBINATIONS + 1))
            if len(tokens) > _COMBINATIONS:
                missed["too many claims at once"] = None
            stranger: FrozenMap[str, object] = FrozenMap({"iss": _STRANGER, "sub": "someone"})
            found[CLAIMS] = (None, *dict.fromkeys(tokens[:_COMBINATIONS]), stranger)
        return found, tuple(missed)

    def _tokens(self) -> Iterator[FrozenMap[str, object]]:
        """A token of each issuer, with each combination of claims that tests tell apart."""
        paths = [path for path in self.claims if path != ("iss",)]
        choices = [[None, *_claim_values(self.claims[path])] for path in paths]
        for issuer, audience in (self.issuers or {_STRANGER: ""}).items():
            for chosen in itertools.product(*choices):
                token: dict[str, object] = {"iss": issuer, "sub": "someone"}
                if audience:
                    yield FrozenMap(token)
                    token["aud"] = audience
                for path, value in zip(paths, chosen, strict=True):
                    if value is not None:
                        token = _with(token, path, value)
                yield FrozenMap(token)


def _with(token: Mapping[str, object], path: tuple[str, ...], value: object) -> dict[str, object]:
    name, rest = path[0], path[1:]
    inner = token.get(name)
    below = _with(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value
    return {**token, name: FrozenMap(below) if isinstance(below, dict) else below}


def _texts(key: Key, tests: Iterable[TextTest], template: Request) -> Texts:
    if key == PATH_KEY:
        return texts_for(tests, PATH, (template.path, "/", "/other"))
    if key == METHOD:
        named = [each.value for each in tests if each.kind == "exact"]
        return Texts(tuple(dict.fromkeys([*_METHODS, *named])))
    if key == HOST_KEY:
        return texts_for(tests, HOST, (template.host,))
    return texts_for(tests, VALUE, ("1", "other"))


def _claim_values(tests: Iterable[ValueMatch]) -> Iterator[object]:
    """Values of a claim: texts, or lists of one where no test takes a text."""
    plain, listed = list[StringMatch](), list[StringMatch]()
    for test in tests:
        for match, inside in _leaves(test, inside=False):
            (listed if inside else plain).append(match)
    asked = dict.fromkeys(TextTest(each.kind, each.value, each.ignore_case) for each in (*plain, *listed))
    for text in texts_for(asked, VALUE, ("other",)).found:
        yield text if plain or not listed else (text,)


def _leaves(test: ValueMatch, *, inside: bool) -> Iterator[tuple[StringMatch, bool]]:
    match test:
        case StringMatch():
            yield test, inside
        case ListMatch(item):
            yield from _leaves(item, inside=True)
        case EitherMatch(tests):
            for each in tests:
                yield from _leaves(each, inside=inside)


def clients_of(networks: Iterable[tuple[str, int]], known: str) -> tuple[str, ...]:
    """Addresses of clients, one for each set of networks that hold an address together.

    known: taken for those that no network holds, an address or empty.
    """
    ranges = list(networks)
    found: dict[tuple[bool, ...], str] = {}
    for address in (known, *_borders(ranges)):
        found.setdefault(tuple(contains(*each, address) for each in ranges), address)
    return tuple(found.values())


def _borders(networks: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Addresses at the borders of networks, within each of them and just beside it: where networks are nested, each
    part of one that its inner ones leave has such an address."""
    for prefix, length in networks:
        network = ipaddress.ip_network(f"{prefix}/{length}", strict=False)
        first, last = int(network.network_address), int(network.broadcast_address)
        kind = type(network.network_address)
        for number in (first, last, first - 1, last + 1):
            if 0 <= number < 1 << network.max_prefixlen:
                yield str(kind(number))


def without_claims(token: FrozenMap[str, object]) -> FrozenMap[str, object]:
    """A token that says no more than whose it is."""
    return FrozenMap({name: value for name, value in token.items() if name in ("iss", "sub", "aud")})


def token_shown(claims: Claims) -> str:
    """A token in words; empty without one."""
    if claims is None:
        return ""
    said = [f"{name} {_plain(value)}" for name, value in claims.items() if name not in ("iss", "sub", "aud")]
    return f" with a token of {claims.get('iss', 'someone')}" + (f" that says {', '.join(said)}" if said else "")


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def applied(template: Request, chosen: Mapping[Key, Value]) -> Request:
    """The template with these values."""
    request = template
    headers = dict(template.headers)
    asked: list[str] = []
    for (kind, name), value in sorted(chosen.items(), key=lambda each: each[0]):
        if kind == "header" and isinstance(value, str):
            headers[name] = value
        elif kind == "query" and isinstance(value, str):
            asked.append(f"{name}={value}" if value else name)
        elif kind == "claims" and not isinstance(value, str):
            request = replace(request, claims=value)
        elif isinstance(value, str):
            request = _set(request, kind, value)
    path = request.path + (f"?{'&'.join(asked)}" if asked else "")
    return replace(request, path=path, headers=tuple(headers.items()))


def _set(request: Request, kind: str, value: str) -> Request:
    match kind:
        case "path":
            return replace(request, path=value)
        case "method":
            return replace(request, method=value)
        case "host":
            return replace(request, host=value)
        case "source":
            return replace(request, source=value)
    return request
