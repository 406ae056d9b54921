"""The core Kubernetes kinds that a mesh needs, typed where the mesh looks and opaque elsewhere."""

from pulumi_mesh.kubernetes.namespace import Namespace
from pulumi_mesh.kubernetes.secret import Secret
from pulumi_mesh.kubernetes.service import Service, ServicePort, ServiceSpec
from pulumi_mesh.kubernetes.service_account import ServiceAccount

__all__ = ["Namespace", "Secret", "Service", "ServiceAccount", "ServicePort", "ServiceSpec"]
