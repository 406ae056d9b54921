"""A sidecar's inbound side: the listener that takes captured connections, and the clusters to the workload itself.

Istio's own filters (metadata exchange, statistics) are left out: a stock Envoy lacks them. Not resolved:
RequestAuthentication, ingress and connection pools of Sidecar, IPv6.
"""

from __future__ import annotations

from pulumi_mesh.proxy.resolve.inbound.capture import listener
from pulumi_mesh.proxy.resolve.inbound.local import clusters

__all__ = ["clusters", "listener"]
