"""Names of hosts as objects write them."""

from __future__ import annotations

from pulumi_mesh.typed import has_token


def fqdn(name: str, namespace: str, domain: str) -> str:
    """A host that an object of ``namespace`` names: a short name is one of its own namespace, any other is kept.

    So are IP addresses, and names with a token, which are not known yet.

    Mirrors ResolveShortnameToFQDN (pilot/pkg/model/config.go).
    """
    if not name or name == "*" or "." in name or ":" in name or has_token(name):
        return name
    return f"{name}.{namespace}.svc.{domain}"
