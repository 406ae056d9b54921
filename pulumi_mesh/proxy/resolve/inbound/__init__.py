"""A sidecar's inbound side: the listeners that take connections, and the clusters to the workload itself.

Istio's own filters (metadata exchange, statistics) are left out: a stock Envoy lacks them.
"""

from __future__ import annotations

from pulumi_mesh.proxy.resolve.inbound.listeners import listeners
from pulumi_mesh.proxy.resolve.inbound.local import clusters

__all__ = ["clusters", "listeners"]
