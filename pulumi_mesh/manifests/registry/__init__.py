"""What istiod's registries make of objects: services, the workloads behind them, and proxies."""

from pulumi_mesh.manifests.registry.implied import implied_services
from pulumi_mesh.manifests.registry.mesh_config import mesh_config
from pulumi_mesh.manifests.registry.registries import Registry, registry, snapshot_of

__all__ = ["Registry", "implied_services", "mesh_config", "registry", "snapshot_of"]
