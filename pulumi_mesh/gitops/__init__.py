"""Rendered objects as files that a GitOps pipeline reads: one object a file, with kustomizations that list them."""

from pulumi_mesh.gitops.files import files, stream
from pulumi_mesh.gitops.folder import Changes, Drift, compare, write
from pulumi_mesh.gitops.ignored import ignore_differences

__all__ = ["Changes", "Drift", "compare", "files", "ignore_differences", "stream", "write"]
