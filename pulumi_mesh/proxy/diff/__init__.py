"""Which requests go elsewhere when one snapshot takes the place of another."""

from pulumi_mesh.proxy.diff.changes import Change, Diff
from pulumi_mesh.proxy.diff.compare import diff

__all__ = ["Change", "Diff", "diff"]
