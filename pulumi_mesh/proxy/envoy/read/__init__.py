"""Reading Envoy v3 config (proto3 JSON) as a proxy view: the inverse of ``pulumi_mesh.proxy.envoy.write``.

Any Envoy config can be read. What the view does not model is kept in ``extra`` as it was, and an extension
that is not known in an Opaque class, so that writing gives it back.
"""

from __future__ import annotations

from pulumi_mesh.proxy.envoy.read.bootstrap import read_discovery, read_static
from pulumi_mesh.proxy.envoy.read.config_dump import read_config_dump

__all__ = ["read_config_dump", "read_discovery", "read_static"]
