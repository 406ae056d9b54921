"""A request or connection, from the listener to its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pulumi_mesh.proxy.simulate.chains import chains_for
from pulumi_mesh.proxy.simulate.chance import Chance
from pulumi_mesh.proxy.simulate.connection import connection_of
from pulumi_mesh.proxy.simulate.handshake import handshake, proved_identity
from pulumi_mesh.proxy.simulate.headers import Headers
from pulumi_mesh.proxy.simulate.incoming import peer_of
from pulumi_mesh.proxy.simulate.listeners import listener_for
from pulumi_mesh.proxy.simulate.network import through
from pulumi_mesh.proxy.simulate.outcome import Error, Outcome, Step
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view import ProxyView


def simulate(
    view: ProxyView,
    request: Request,
    *,
    random_value: int | None = None,
    answer: Iterable[tuple[str, str]] = (),
) -> Outcome:
    """What a proxy with this view does with a request.

    random_value: what Envoy would draw for shares of traffic; without it every share that is not 0 is told of.
    answer: the headers that an upstream answers with; ``response_headers`` then has them, as the proxy sends them on.
    Filters that are not known here are taken to let everything pass, which ``why`` says.
    """
    listener, why = listener_for(view, request)
    if listener is None:
        return Outcome(error="no listener matched", why=why)
    known = Outcome(listener.name, why=why)
    connection = connection_of(listener, request)
    chains = chains_for(listener, connection)
    if len(chains) != 1:
        said = f"{len(chains) or 'no'} filter chains of listener {listener.name} take {_shown(request)}"
        error: Error = "multiple filter chains matched" if chains else "no filter chains matched"
        return replace(known, error=error, why=(*why, Step(said, listener.ref)))
    chain = chains[0]
    taken = Step(f"filter chain {chain.name or 'without a name'} takes {_shown(request)}", chain.ref)
    known = replace(known, filter_chain=chain.name, ref=chain.ref, why=(*why, taken))
    failed, reason = handshake(chain, request)
    if failed:
        return replace(known, error=failed, why=(*known.why, Step(reason, chain.ref)))
    known = replace(known, ended_tls=chain.tls is not None)
    peer = peer_of(connection, chain, request, proved=proved_identity(chain, request))
    return through(view, chain, request, peer, Chance(random_value), known, Headers.of(answer))


def _shown(request: Request) -> str:
    speech = {"plaintext": "plain", "tls": "TLS", "mtls": "mutual TLS"}[request.tls]
    return f"a connection of {speech} {request.protocol}"
