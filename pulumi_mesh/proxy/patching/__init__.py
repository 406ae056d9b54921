"""EnvoyFilters applied to a view: what a patch changes is written as Envoy's config, patched there, and read again.

What no patch is for is not touched. Mirrors pilot/pkg/networking/core/envoyfilter, as the configuration generator calls
it: ``listeners``, ``filters``, ``routes`` and ``clusters`` are its parts, brought together in ``apply``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_mesh.proxy.patching.patch import Patch
    from pulumi_mesh.proxy.patching.routes import Ports
    from pulumi_mesh.proxy.view import ProxyView


def patched(view: ProxyView, patches: Iterable[Patch], *, gateway_ports: Ports | None = None) -> ProxyView:
    """A view as EnvoyFilters change it.

    patches: in the order in which they are applied. gateway_ports: None for a sidecar; of a gateway: the ports in
    Gateways, by the port where its proxy listens. What cannot be read after patching stays as it was.
    """
    given = tuple(patches)
    if not given:
        return view
    # All that writes and reads Envoy's config: most meshes have no EnvoyFilters and do without.
    from pulumi_mesh.proxy.patching.apply import applied

    return applied(view, given, gateway_ports)
