"""``pulumi up`` applies bookinfo. ``pulumi config set --path mesh:stages.reviews 2`` moves its canary."""

from mesh import mesh

from pulumi_mesh import deploy

deploy.Mesh("bookinfo", mesh)
