"""The object that a route or a cluster says it came from."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_mesh.refs import Ref

_PIECES = 8
"""Of ``/apis/networking.istio.io/v1/namespaces/NAMESPACE/KIND/NAME``, the empty first one among them."""


def managed_by(filter_metadata: object, ref: Ref | None, kinds: tuple[str, ...]) -> str:
    """``NAME.NAMESPACE`` of the object in Envoy's metadata, or else of ``ref`` if it is of one of the kinds.

    filter_metadata: by namespace; Istio names the object under ``istio``, ``config``.
    """
    istio = filter_metadata.get("istio") if isinstance(filter_metadata, Mapping) else None
    config = istio.get("config") if isinstance(istio, Mapping) else None
    if isinstance(config, str):
        pieces = config.split("/")
        return f"{pieces[7]}.{pieces[5]}" if len(pieces) == _PIECES else ""
    return f"{ref.name}.{ref.namespace}" if ref is not None and ref.kind in kinds else ""
