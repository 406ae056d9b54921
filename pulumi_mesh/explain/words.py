"""What happens to a request, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from pulumi_mesh.proxy.journey import Answer, Hop
from pulumi_mesh.proxy.simulate import Outcome, Request
from pulumi_mesh.proxy.simulate.outcome import TO_HTTPS, Error
from pulumi_mesh.proxy.view.routes import Mirror, RetryPolicy

TRANSPORT = {"plaintext": "plain text", "tls": "TLS", "mtls": "mutual TLS"}

_PASSTHROUGH = "PassthroughCluster"
"""Istio's cluster for addresses that the mesh does not know."""
_SEEN: dict[Error, str] = {
    "no listener matched": "the connection is refused",
    "no filter chains matched": "the connection is closed",
    "multiple filter chains matched": "the proxy refuses its configuration",
    "protocol error": "the connection is closed",
    "invalid TLS": "the TLS handshake fails",
    "invalid mTLS": "the TLS handshake fails",
    "denied": "the connection is closed",
}
"""What a client sees of an error for which there is no HTTP answer."""


def request_line(request: Request) -> str:
    """``GET http://shop.example.com/reviews``, or where bytes go that are no HTTP."""
    secure = request.tls != "plaintext"
    if request.protocol == "tcp":
        named = re.search(r":\d+$", request.host.rpartition("]")[2])
        return f"{'tls' if secure else 'tcp'}://{request.host}{'' if named else f':{request.port}'}"
    return f"{request.method} {'https' if secure else 'http'}://{request.host}{request.path}"


def hop_title(hop: Hop) -> str:
    """Which proxy it is, and what it does for whom; with the share of the requests that come this way."""
    if hop.proxy is None:
        what = hop.workload
        if not hop.error:
            what += ", which the mesh does not know: wherever DNS leads" if _unknown(hop) else ", which has no proxy"
    elif hop.proxy.kind == "router":
        what = f"gateway {hop.workload}, port {hop.request.port}"
    else:
        what = f"sidecar of {hop.workload}, {hop.request.direction}"
    if hop.share is None:
        return what
    share = f"{percent(hop.weight)} " if hop.weight < 1 else ""
    return f"{share}by {TRANSPORT[hop.request.tls]} to {what}"


def answer_text(answer: Answer) -> str:
    """``75 %: 200 from reviews-v1.bookinfo``, or the proxy's own answer and why."""
    last = answer.hops[-1]
    where = last.workload
    share = f"{percent(answer.fraction)}: " if answer.fraction < 1 else ""
    if answer.error and answer.error != TO_HTTPS:
        code = f"{answer.status}" if answer.status is not None else _SEEN.get(answer.error, "no answer")
        return f"{share}{code} ({answer.error}, {where})"
    if last.outcome.status is not None:
        location = f" to {last.outcome.location}" if last.outcome.location else ""
        return f"{share}{last.outcome.status}{location} from the proxy {where}"
    if answer.status is None:
        return f"{share}connected to {where}"
    return f"{share}answered by {where}{', if anybody is there' if _unknown(last) else ''}"


def _unknown(hop: Hop) -> bool:
    """Whether a request leaves for an address that no Service and no ServiceEntry has."""
    return hop.proxy is None and hop.share is not None and hop.share.cluster == _PASSTHROUGH


def changes(request: Request, outcome: Outcome) -> Iterator[str]:
    """What the proxy changes of a request that it sends on, and of the answer."""
    if (outcome.host and outcome.host != request.host) or (outcome.path and outcome.path != request.path):
        yield f"sent on as {outcome.host or request.host}{outcome.path or request.path}"
    before = {name.lower(): value for name, value in request.headers}
    after = {name.lower(): value for name, value in outcome.request_headers}
    yield from (f"sets header {name}: {value}" for name, value in after.items() if before.get(name) != value)
    yield from (f"removes header {name}" for name in before if name not in after)
    yield from (f"sets header {name}: {value} on the answer" for name, value in outcome.response_headers)
    yield from (f"removes header {name} from the answer" for name in outcome.response_headers_removed)


def limits(outcome: Outcome) -> Iterator[str]:
    """How long and how often the proxy tries, and who else gets a copy."""
    if outcome.timeout:
        yield f"timeout {duration(outcome.timeout)}"
    if outcome.retry and outcome.retry.attempts:
        yield _retry(outcome.retry)
    yield from map(_mirror, outcome.mirrors)


def percent(fraction: float) -> str:
    """``12.5 %``."""
    return f"{100 * fraction:.4g} %"


def duration(length: timedelta) -> str:
    """``1.5 s``."""
    return f"{length.total_seconds():g} s"


def _retry(retry: RetryPolicy) -> str:
    each = f", {duration(retry.per_try_timeout)} each" if retry.per_try_timeout else ""
    times = "once" if retry.attempts == 1 else f"up to {retry.attempts} times"
    return f"tried again {times}{each}, on {', '.join(retry.conditions)}"


def _mirror(mirror: Mirror) -> str:
    share = f"{percent(mirror.fraction.numerator / mirror.fraction.denominator)} are" if mirror.fraction else "it is"
    return f"{share} copied to {mirror.cluster}"
