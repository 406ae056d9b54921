"""Writing a proxy view as Envoy v3 config: proto3 JSON with the field names that Envoy's own dump prints.

``pulumi_mesh.proxy.envoy.read`` is the inverse. Same view, same bytes.
"""

from __future__ import annotations

from pulumi_mesh.proxy.envoy.write.bootstrap import (
    discovery_response,
    file_name,
    path_source,
    write_discovery,
    write_static,
)

__all__ = ["discovery_response", "file_name", "path_source", "write_discovery", "write_static"]
