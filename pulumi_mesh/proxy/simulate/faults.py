"""Faults put in on purpose."""

from __future__ import annotations

from pulumi_mesh.proxy.simulate import raw
from pulumi_mesh.proxy.simulate.exchange import Exchange
from pulumi_mesh.proxy.simulate.header_tests import header_matches
from pulumi_mesh.proxy.view.matching import Fraction
from pulumi_mesh.proxy.view.routes import Fault


def applies(fault: Fault, exchange: Exchange, cluster: str) -> bool:
    """Whether a fault is for this request: by its headers and the cluster that it goes to."""
    wanted = str(fault.extra.get("upstream_cluster", ""))
    if wanted and wanted != cluster:
        return False
    return all(header_matches(raw.header_match(each), exchange.headers) for each in raw.each(fault.extra, "headers"))


def aborts(fault: Fault, exchange: Exchange) -> bool | None:
    """Whether the request is answered with the fault; None when only chance knows."""
    if fault.abort_status is None and fault.abort_grpc_status is None:
        return False
    return exchange.chance.takes(fault.abort_fraction or Fraction(0))


def delays(fault: Fault, exchange: Exchange) -> bool | None:
    """Whether the request waits; None when only chance knows."""
    return False if fault.delay is None else exchange.chance.takes(fault.delay_fraction or Fraction(0))
