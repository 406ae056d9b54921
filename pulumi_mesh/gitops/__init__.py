"""Rendered objects as files that a GitOps pipeline reads: one object a file, with kustomizations that list them."""

from pulumi_mesh.gitops.files import files, stream
from pulumi_mesh.gitops.folder import Changes, Drift, compare, write
from pulumi_mesh.gitops.helm import helm_template
from pulumi_mesh.gitops.ignored import ignore_differences
from pulumi_mesh.gitops.installation import argocd_files, flux_files, helm_files

__all__ = [
    "Changes",
    "Drift",
    "argocd_files",
    "compare",
    "files",
    "flux_files",
    "helm_files",
    "helm_template",
    "ignore_differences",
    "stream",
    "write",
]
