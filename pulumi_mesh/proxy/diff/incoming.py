"""What changes at the servers: whose requests their sidecars take, and whose they refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pulumi_mesh.proxy.diff.changes import Change
from pulumi_mesh.proxy.diff.classes import Classes
from pulumi_mesh.proxy.diff.doors import manager_of
from pulumi_mesh.proxy.diff.policies import questions
from pulumi_mesh.proxy.diff.samples import requests_for
from pulumi_mesh.proxy.simulate import Request
from pulumi_mesh.proxy.simulate.texts import text_matches
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.listeners import FilterChain, Listener
from pulumi_mesh.proxy.view.matching import StringMatch

PLAINTEXT = "clients without mutual TLS"
OTHERS = "any other identity of the mesh"


@dataclass(frozen=True, slots=True)
class _Client:
    """Clients that no policy tells apart. principal: empty for those without mutual TLS."""

    names: tuple[str, ...]
    principal: str


def incoming(
    old: ProxyView, new: ProxyView, proxies: tuple[str, ...], principals: Iterable[tuple[str, str]]
) -> Iterator[Change]:
    """The classes of requests that servers treat differently. principals: identity and name of each client known."""
    before, after = _listeners(old), _listeners(new)
    if before == after and _clusters(old) == _clusters(new):
        return
    chains = [chain for each in (*before, *after) for chain in _chains(each)]
    asked = questions(chains)
    classes = Classes(old, new, "server", proxies)
    for port, http in _ports(chains).items():
        for client in _clients(principals, asked.principals):
            for source in ("", *asked.sources):
                for claims in asked.claims if http else (None,):
                    template = Request(
                        host="service",
                        port=port,
                        direction="inbound",
                        protocol="http" if http else "tcp",
                        tls="mtls" if client.principal else "plaintext",
                        principal=client.principal,
                        source=source,
                        claims=claims,
                    )
                    for request in requests_for(template, asked.asks) if http else (template,):
                        classes.take(request, client.names)
    yield from (replace(each, requests=_words(each)) for each in classes.changes())


def _words(change: Change) -> str:
    """A server's class: its port, and what the sample asks for beyond being a request."""
    request = change.sample
    if request.protocol == "tcp":
        return f"connections to port {request.port}"
    parts = [f"port {request.port}", f"{request.method} {request.path}"]
    parts += [f"{name}: {value}" for name, value in request.headers]
    if request.claims is not None:
        parts.append(f"token of {request.claims.get('iss', 'someone')}")
    if request.source:
        parts.append(f"from {request.source}")
    return ", ".join(parts)


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


def _clients(principals: Iterable[tuple[str, str]], tests: tuple[StringMatch, ...]) -> list[_Client]:
    """Known clients, those that no test tells apart as one; one that nobody named; and those without mutual TLS."""
    alike: dict[tuple[bool, ...], list[tuple[str, str]]] = {}
    other = ("spiffe://cluster.local/ns/other/sa/other", OTHERS)
    for principal, name in (*principals, other):
        key = tuple(
            text_matches(test, principal) or text_matches(test, principal.removeprefix("spiffe://")) for test in tests
        )
        alike.setdefault(key, []).append((name, principal))
    found = [_Client(tuple(name for name, _ in each), each[0][1]) for each in alike.values()]
    return [*found, _Client((PLAINTEXT,), "")]
