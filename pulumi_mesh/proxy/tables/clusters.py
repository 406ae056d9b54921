"""The clusters of a view as a table (``istioctl proxy-config clusters``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_mesh.proxy.tables.managed import managed_by
from pulumi_mesh.proxy.tables.table import Table
from pulumi_mesh.proxy.view.clusters import Cluster


@dataclass(frozen=True, slots=True)
class ClusterFilter:
    """Which clusters are asked for; empty fields take any. Each text is sought anywhere in the cluster's name."""

    fqdn: str = ""
    port: int = 0
    subset: str = ""
    direction: str = ""

    def takes(self, cluster: Cluster) -> bool:
        """Whether the cluster is asked for."""
        texts = (self.fqdn, self.direction, self.subset, f"|{self.port}|" if self.port else "")
        return all(text in cluster.name for text in texts)


def subset_key(name: str) -> tuple[str, int, str, str] | None:
    """(direction, port, subset, host) of Istio's ``outbound|9080|v1|HOST``; None for another name.

    Also of a name with other separators, as SNI has it: ``outbound_.9080_.v1_.HOST``.
    """
    separator = "_." if name.startswith(("outbound_.", "inbound_.")) else "|"
    parts = name.split(separator, 3)
    if len(parts) < 4:
        return None
    direction, port, subset, host = parts
    return direction, int(port) if port.isdecimal() else 0, subset, host


def cluster_table(clusters: Sequence[Cluster]) -> Table:
    """Each cluster, by host, subset, port and direction."""
    rows = []
    for each in sorted(clusters, key=_order):
        rule = managed_by(each.metadata, each.ref, ("DestinationRule",))
        key = subset_key(each.name)
        if key is None:
            rows.append((each.name, "-", "-", "-", each.type, rule))
        else:
            direction, port, subset, host = key
            rows.append((host, str(port), subset or "-", direction, each.type, rule))
    return Table(("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"), tuple(rows))


def _order(cluster: Cluster) -> tuple[str, str, int, str]:
    key = subset_key(cluster.name)
    if key is None:
        return cluster.name, "", 0, ""
    direction, port, subset, host = key
    return host, subset, port, direction
