"""Names in statistics that MeshConfig gives: ``outboundClusterStatName`` and ``inboundClusterStatName``."""

from __future__ import annotations

from pulumi_mesh.manifests.facts import KnownService


def stat_name(
    pattern: str,
    host: str,
    service: KnownService | None,
    port: int,
    port_name: str,
    *,
    subset: str = "",
    target: int | None = 0,
) -> str:
    """The pattern with what it asks for put in.

    host: as it is said. service: that of the host; None where there is none, such as for a port of a Sidecar.
    target: the workload's port, which istiod says for clusters to it alone; None leaves the word as it stands.

    Mirrors BuildStatPrefix and BuildInboundStatPrefix (pilot/pkg/networking/telemetry).
    """
    known = service if service is not None and service.registry == "Kubernetes" else None
    words = {
        "%SERVICE%": f"{known.name}.{known.namespace}" if known else host,
        "%SERVICE_NAME%": known.name if known else host,
        "%SERVICE_FQDN%": host,
        "%SUBSET_NAME%": subset,
        **({} if target is None else {"%TARGET_PORT%": str(target)}),
        "%SERVICE_PORT%": str(port),
        "%SERVICE_PORT_NAME%": port_name,
    }
    for word, value in words.items():
        pattern = pattern.replace(word, value)
    return pattern
