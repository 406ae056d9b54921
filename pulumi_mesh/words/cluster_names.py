"""Names of clusters, as Istio makes them of a direction, a port, a subset and a host."""

from __future__ import annotations

from dataclasses import dataclass

_SERVER_NAMES = ("outbound_.", "inbound_.")


@dataclass(frozen=True, slots=True)
class ClusterName:
    """What a cluster stands for.

    direction: ``outbound`` or ``inbound``. port: 0 where the name has no number there. subset, host: empty where it has
    none.
    """

    direction: str
    port: int
    subset: str = ""
    host: str = ""

    @property
    def text(self) -> str:
        """``outbound|9080|v1|HOST``. Mirrors BuildSubsetKey (pilot/pkg/model/service.go)."""
        return f"{self.direction}|{self.port}|{self.subset}|{self.host}"

    @property
    def server_name(self) -> str:
        """``outbound_.9080_.v1_.HOST``: the SNI under which mutual TLS asks for the cluster. At a gateway that other
        networks come in by, such a connection's cluster is called so too. Mirrors BuildDNSSrvSubsetKey."""
        return f"{self.direction}_.{self.port}_.{self.subset}_.{self.host}"


def cluster_name(host: str, port: int, subset: str = "") -> str:
    """The cluster of a service's port, for those who call it."""
    return ClusterName("outbound", port, subset, host).text


def inbound_cluster(port: int) -> str:
    """The cluster of a workload's own port."""
    return ClusterName("inbound", port).text


def parsed(name: str) -> ClusterName | None:
    """What a cluster's name, or the server name that stands for it, says; None for a name that is not of either form.

    Mirrors ParseSubsetKey (pilot/pkg/model/service.go).
    """
    separator = "_." if name.startswith(_SERVER_NAMES) else "|"
    parts = name.split(separator)
    if len(parts) != 4:
        return None
    direction, port, subset, host = parts
    number = int(port) if port.isascii() and port.isdigit() else 0
    return ClusterName(direction, number, subset, host)
