"""The listener filters that look at the first bytes of a connection, and the ports that they keep off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pulumi_mesh.frozen import freeze
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.proxy.resolve.inbound.matching import PLAIN_HTTP
from pulumi_mesh.proxy.view.listeners import FilterChain, OpaqueFilter

ORIGINAL_DST = "envoy.filters.listener.original_dst"
TLS = "envoy.filters.listener.tls_inspector"
HTTP = "envoy.filters.listener.http_inspector"

_TYPES = "type.googleapis.com/envoy.extensions.filters.listener"
_CONFIGS: dict[str, dict[str, Any]] = {
    TLS: {"@type": f"{_TYPES}.tls_inspector.v3.TlsInspector", "initial_read_buffer_size": 512},
    HTTP: {"@type": f"{_TYPES}.http_inspector.v3.HttpInspector"},
}


_ORIGINAL_SRC = OpaqueFilter(
    "envoy.filters.listener.original_src", freeze({"@type": f"{_TYPES}.original_src.v3.OriginalSrc", "mark": 1337})
)


def listener_filters(proxy: Proxy, chains: Iterable[FilterChain], *, bound: bool) -> tuple[str | OpaqueFilter, ...]:
    """The original destination, then an inspector for each thing that some chain is told by.

    bound: the listener takes connections itself: none has another destination.
    A protocol in which the server speaks first must not wait for an inspector: so one is off at the ports that do
    not need it. The HTTP inspector comes second, as it skips what is TLS.

    Mirrors populateListenerFilters, buildTLSInspector and buildHTTPInspector
    (pilot/pkg/networking/core/listener_inbound.go).
    """
    tls: dict[int, bool] = {}
    http: dict[int, bool] = {}
    for match in (each.match for each in chains):
        port = match.destination_port or 0
        tls[port] = tls.get(port, False) or match.transport_protocol == "tls"
        http[port] = http.get(port, False) or bool({*PLAIN_HTTP} & {*match.application_protocols})
    found: list[str | OpaqueFilter] = [] if bound else [ORIGINAL_DST]
    if not bound and proxy.interception == "TPROXY":
        found.append(_ORIGINAL_SRC)
    if any(tls.values()):
        found.append(_tls(tls))
    if any(http.values()):
        off = sorted(port for port, needed in http.items() if not needed)
        found.append(_inspector(HTTP, _ports(off)) if off else HTTP)
    return tuple(found)


def _tls(needed: dict[int, bool]) -> OpaqueFilter:
    """Port 0, of the chains for any port, decides whether ports are taken out or put in."""
    anywhere = needed.get(0, False)
    others = sorted(port for port, needs in needed.items() if port and needs is not anywhere)
    if not others:
        return _inspector(TLS, None)
    return _inspector(TLS, _ports(others) if anywhere else {"not_match": _ports(others)})


def _inspector(name: str, off: dict[str, Any] | None) -> OpaqueFilter:
    config = _CONFIGS[name]
    return OpaqueFilter(name, freeze({"filter_disabled": off, "typed_config": config} if off else config))


def _ports(ports: Sequence[int]) -> dict[str, Any]:
    ranges = [{"destination_port_range": _range(port)} for port in ports]
    return {"or_match": {"rules": ranges}} if len(ranges) > 1 else ranges[0]


def _range(port: int) -> dict[str, int]:
    """One port; as in every dump, a start of 0 is not written."""
    return {"start": port, "end": port + 1} if port else {"end": 1}
