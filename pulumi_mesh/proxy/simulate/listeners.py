"""Which listener takes a connection."""

from __future__ import annotations

from pulumi_mesh.proxy.simulate.networks import is_ipv6
from pulumi_mesh.proxy.simulate.outcome import Step
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import SocketAddress
from pulumi_mesh.proxy.view.listeners import Listener

_ORIGINAL_DST = "envoy.filters.listener.original_dst"


def listener_for(view: ProxyView, request: Request) -> tuple[Listener | None, tuple[Step, ...]]:
    """The listener that treats a connection, and why.

    A captured connection arrives at the capture listener of its direction. One that hands over (use_original_dst)
    gives it to the listener of the original destination: of its address and port, else of its port on any address;
    if there is none, it keeps it. Without a capture listener the connection was made to the port itself.
    """
    capture = _capture(view, request)
    if capture is None:
        found = _at(view, request, bound=True)
        if found is None:
            return None, (Step(f"nothing listens at {_shown(request)}"),)
        return found, (Step(f"listener {found.name} takes connections to {_shown(request)}", found.ref),)
    caught = Step(f"{request.direction} connections are captured by listener {capture.name}", capture.ref)
    if not capture.use_original_dst:
        return capture, (caught,)
    found = _at(view, request, bound=False)
    if found is None or found is capture:
        kept = Step(f"no listener for {_shown(request)}: {capture.name} keeps the connection", capture.ref)
        return capture, (caught, kept)
    return found, (caught, Step(f"it hands over to listener {found.name} of {_shown(request)}", found.ref))


def _capture(view: ProxyView, request: Request) -> Listener | None:
    if request.direction == "gateway":
        return None
    wanted = "INBOUND" if request.direction == "inbound" else "OUTBOUND"
    for each in view.listeners:
        if each.traffic_direction == wanted and each.bind_to_port and (each.use_original_dst or _restores(each)):
            return each
    return None


def _restores(listener: Listener) -> bool:
    """Whether it learns the original destination of a connection."""
    names = (each if isinstance(each, str) else each.name for each in listener.listener_filters)
    return _ORIGINAL_DST in names


def _at(view: ProxyView, request: Request, *, bound: bool) -> Listener | None:
    anywhere = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
    addresses = (request.address, *(reversed(anywhere) if is_ipv6(request.address) else anywhere))
    candidates = [each for each in view.listeners if each.bind_to_port or not bound]
    for host in addresses:
        for each in candidates:
            if SocketAddress(host, request.port) in (each.address, *each.additional_addresses):
                return each
    return None


def _shown(request: Request) -> str:
    return f"{request.address or 'any address'}:{request.port}"
