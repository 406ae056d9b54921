"""The clusters of a view as a table (``istioctl proxy-config clusters``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_mesh.proxy.tables.managed import managed_by
from pulumi_mesh.proxy.tables.table import Table
from pulumi_mesh.proxy.view.clusters import Cluster
from pulumi_mesh.words.cluster_names import parsed


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


def cluster_table(clusters: Sequence[Cluster]) -> Table:
    """Each cluster, by host, subset, port and direction."""
    rows = []
    for each in sorted(clusters, key=_order):
        rule = managed_by(each.metadata, each.ref, ("DestinationRule",))
        key = parsed(each.name)
        if key is None:
            rows.append((each.name, "-", "-", "-", each.type, rule))
        else:
            rows.append((key.host, str(key.port), key.subset or "-", key.direction, each.type, rule))
    return Table(("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"), tuple(rows))


def _order(cluster: Cluster) -> tuple[str, str, int, str]:
    key = parsed(cluster.name)
    return (key.host, key.subset, key.port, key.direction) if key else (cluster.name, "", 0, "")
