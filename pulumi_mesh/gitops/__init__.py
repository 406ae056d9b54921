"""Rendered objects as files that a GitOps pipeline reads: one object a file, with kustomizations that list them."""

from pulumi_mesh.gitops.files import files, stream
from pulumi_mesh.gitops.folder import Changes, Drift, compare, write

__all__ = ["Changes", "Drift", "compare", "files", "stream", "write"]
