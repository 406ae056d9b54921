"""Names of workloads in certificates (SPIFFE), as Istio makes them."""

from __future__ import annotations


def spiffe_id(trust_domain: str, namespace: str, service_account: str) -> str:
    """The identity of what runs as a service account, such as ``spiffe://cluster.local/ns/shop/sa/web``."""
    return f"spiffe://{trust_domain}/ns/{namespace}/sa/{service_account}"
