"""What is written on an edge."""

from __future__ import annotations

from pulumi_mesh.graph.model import Edge, Security

_SHOWN = 3
"""How many kinds of requests are named on one edge."""

_SECURITY: dict[Security, str] = {
    "mtls": "mTLS",
    "tls": "TLS",
    "plaintext": "plain text",
    "mixed": "mTLS or plain text",
    "mismatch": "refused: mTLS mismatch",
    "unknown": "no endpoint",
}


def edge_lines(edge: Edge) -> tuple[str, ...]:
    """Lines of text: which requests, how much of them, what protects them, and who refuses them."""
    lines = list(edge.labels[:_SHOWN])
    if len(edge.labels) > _SHOWN:
        lines[-1] = f"{len(edge.labels) - _SHOWN + 1} more"
    weight = "" if edge.weight is None else f"{edge.weight:.4g} %"
    lines.append(" ".join(filter(None, (weight, _SECURITY[edge.security]))))
    if edge.access != "allowed":
        said = "denied" if edge.access == "denied" else "some denied"
        lines.append(f"{said} by {', '.join(map(_policy, edge.policies))}" if edge.policies else said)
    return tuple(lines)


def _policy(name: str) -> str:
    """``ratings`` of ``ns[bookinfo]-policy[ratings]-rule[0]``."""
    return name.partition("-policy[")[2].partition("]")[0] or name
