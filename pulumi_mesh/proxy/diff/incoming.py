"""What changes at the servers: whose requests their sidecars take, and whose they refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pulumi_mesh.proxy.diff.attributes import Claims, clients_of, token_shown, without_claims
from pulumi_mesh.proxy.diff.cells import cells
from pulumi_mesh.proxy.diff.changes import Change, Untried
from pulumi_mesh.proxy.diff.classes import Treated, treated
from pulumi_mesh.proxy.diff.deciders import Refs, deciders, mutual_tls
from pulumi_mesh.proxy.diff.doors import manager_of
from pulumi_mesh.proxy.diff.policies import questions
from pulumi_mesh.proxy.diff.samples import requests_for
from pulumi_mesh.proxy.resolve.mtls import WorkloadModes
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import FilterChain, Listener
from pulumi_mesh.proxy.view.matching import StringMatch
from pulumi_mesh.words.identities import spiffe_id

ANY_HOST = "service"
"""The host of requests to servers whose policies do not ask for one."""
PLAINTEXT = "clients without mutual TLS"
OTHERS = "any other identity of the mesh"
_SHOWN = 3
"""Requests of a class that are told of."""


@dataclass(frozen=True, slots=True)
class _Client:
    """Clients that no policy tells apart. principal: empty for those without mutual TLS."""

    names: tuple[str, ...]
    principal: str


def incoming(
    old: ProxyView,
    new: ProxyView,
    proxies: tuple[str, ...],
    principals: Iterable[tuple[str, str]],
    bare: tuple[str, ...],
    modes: tuple[WorkloadModes, WorkloadModes],
) -> Iterator[Change | Untried]:
    """The classes of requests that servers treat differently, and where there may be more of them.

    principals: identity and name of each client known. bare: names of workloads that have no sidecar.
    modes: of mutual TLS at the server, before and after.
    """
    if inbound(old) == inbound(new):
        return
    before, after = _listeners(old), _listeners(new)
    chains = [chain for each in (*before, *after) for chain in _chains(each)]
    asked = questions(chains)
    for port, http in _ports(chains).items():
        template = Request(host=ANY_HOST, port=port, direction="inbound", protocol="http" if http else "tcp")
        clients = _clients(principals, asked.principals, bare)
        kinds: dict[tuple[str, Claims], list[Request]] = {}
        missed: tuple[str, ...] = ()
        if http:
            kinds, missed = _kinds(old, new, template, clients)
        if missed:
            yield Untried("server", proxies, f"port {port}", missed)
        known: list[tuple[str, Claims]] = [(source, None) for source in clients_of(asked.sources, "")]
        tokens = [claims for _, claims in kinds if claims is not None]
        known += [("", without_claims(each)) for each in tokens]
        for source, claims in dict.fromkeys([*known, *kinds]):
            made = replace(template, source=source, claims=claims)
            tried = [made]
            if http:
                # Of clients and tokens that policies name, what tells requests apart is enough.
                plain = requests_for(made, asked.asks) if made == template else (made,)
                tried = list(dict.fromkeys((*plain, *kinds.get((source, claims), ()))))
            for found, names in _classes(old, new, tried, clients):
                refs = _refs(old, new, found[0], modes, port)
                who = _whose(source, claims, sources=bool(asked.sources), tokens=bool(tokens))
                yield found[0].change("server", proxies, _words(found, tried) + who, refs, names)


def _kinds(
    old: ProxyView, new: ProxyView, template: Request, clients: list[_Client]
) -> tuple[dict[tuple[str, Claims], list[Request]], tuple[str, ...]]:
    """Requests of every kind that policies tell apart, by the client's address and token; and what was too much."""
    found: dict[tuple[str, Claims], dict[Request, None]] = {}
    missed: dict[str, None] = {}
    for client in clients:
        kinds = cells(old, new, _from(template, client), lambda one, other: one == other, every=True)
        missed.update(dict.fromkeys(kinds.missed))
        for each in kinds.requests:
            plain = replace(each, tls=template.tls, principal=template.principal)
            found.setdefault((each.source, each.claims), {})[plain] = None
    return {key: list(each) for key, each in found.items()}, tuple(missed)


def _from(request: Request, client: _Client) -> Request:
    tls: Literal["mtls", "plaintext"] = "mtls" if client.principal else "plaintext"
    return replace(request, tls=tls, principal=client.principal)


def _refs(
    old: ProxyView, new: ProxyView, found: Treated, modes: tuple[WorkloadModes, WorkloadModes], port: int
) -> tuple[Refs, Refs]:
    """What decides: policies where they refuse, else the mode of mutual TLS where it is another."""
    refused = "denied" in (found.old.error, found.new.error)
    secured = None if refused else mutual_tls(modes, port)
    return secured or deciders((old, new), (found.old, found.new))


def _classes(
    old: ProxyView, new: ProxyView, tried: list[Request], clients: list[_Client]
) -> Iterator[tuple[list[Treated], tuple[str, ...]]]:
    """Requests whose change is the same, and the clients for whom it is those requests."""
    classes: dict[object, tuple[list[Treated], list[str]]] = {}
    for client in clients:
        found: dict[object, list[Treated]] = {}
        for each in tried:
            if (change := treated(old, new, _from(each, client))) is not None:
                found.setdefault(change.shape, []).append(change)
        for shape, changes in found.items():
            asked = tuple((each.request.method, each.request.path, each.request.headers) for each in changes)
            classes.setdefault((shape, asked), (changes, []))[1].extend(client.names)
    yield from ((changes, tuple(names)) for changes, names in classes.values())


def _words(found: list[Treated], tried: list[Request]) -> str:
    """A server's class: its port, and what its requests are, the plainest first; or which are not of it, if few."""
    request = found[0].request
    said = [_request(each.request) for each in found]
    others = [each for each in map(_request, tried) if each not in said]
    if request.protocol == "tcp":
        words = f"connections to port {request.port}"
    elif not others:
        words = f"every request to port {request.port}"
    elif len(others) <= _SHOWN and len(others) < len(said):
        words = f"port {request.port}: every request but {'; '.join(others)}"
    else:
        more = " and more like these" if len(said) > _SHOWN else ""
        words = f"port {request.port}: {'; '.join(said[:_SHOWN])}{more}"
    return words


def _whose(source: str, claims: Claims, *, sources: bool, tokens: bool) -> str:
    """Whose requests these are, where policies ask. sources, tokens: whether they ask for addresses, for tokens."""
    token = token_shown(claims) or (" without a token" if tokens else "")
    other = ", from addresses that no policy names" if sources else ""
    return token + (f", from addresses such as {source}" if source else other)


def _request(request: Request) -> str:
    host = f" of {request.host}" if request.host != ANY_HOST else ""
    headers = [f"{name}: {value}" for name, value in request.headers]
    return f"{request.method} {request.path}{host}" + (f" with {', '.join(headers)}" if headers else "")


def inbound(view: ProxyView) -> object:
    """All that decides about requests that come in: servers with the same treat them alike."""
    return _listeners(view), _clusters(view)


def _listeners(view: ProxyView) -> tuple[Listener, ...]:
    return tuple(each for each in view.listeners if each.traffic_direction == "INBOUND")


def _clusters(view: ProxyView) -> tuple[object, ...]:
    return tuple(each for each in view.clusters if each.name.startswith("inbound|"))


def _chains(listener: Listener) -> tuple[FilterChain, ...]:
    default = (listener.default_filter_chain,) if listener.default_filter_chain else ()
    return (*listener.filter_chains, *default)


def _ports(chains: Iterable[FilterChain]) -> dict[int, bool]:
    """The ports that chains are for, and whether they speak HTTP there."""
    found: dict[int, bool] = {}
    for chain in chains:
        port = chain.match.destination_port
        if port and chain.filters and not chain.name.endswith("blackhole"):
            found[port] = found.get(port, False) or manager_of(chain) is not None
    return found


def _clients(
    principals: Iterable[tuple[str, str]], tests: tuple[StringMatch, ...], bare: tuple[str, ...]
) -> list[_Client]:
    """Known clients, those that no test tells apart as one; one that nobody named; and those without mutual TLS."""
    alike: dict[tuple[bool, ...], list[tuple[str, str]]] = {}
    known = list(principals)
    domain = next((one.removeprefix("spiffe://").partition("/")[0] for one, _ in known), "cluster.local")
    other = (spiffe_id(domain, "other", "other"), OTHERS)
    for principal, name in (*known, other):
        key = tuple(
            text_matches(test, principal) or text_matches(test, principal.removeprefix("spiffe://")) for test in tests
        )
        alike.setdefault(key, []).append((name, principal))
    found = [_Client(tuple(name for name, _ in each), each[0][1]) for each in alike.values()]
    return [*found, _Client((PLAINTEXT, *bare), "")]
