"""``pulumi up`` installs Istio, waits until it is ready, and applies the mesh."""

import pulumi
from istio import istio
from mesh import mesh

from pulumi_mesh import deploy

installation = deploy.Installation("istio", istio)
deploy.Mesh("shop", mesh, opts=pulumi.ResourceOptions(depends_on=[installation]))
