"""The Gateway API brought to Istio's terms, as istiod does it before anything is computed for a proxy.

The order of reading: ``classes`` (whose Gateways), ``references`` and ``namespaces`` (who may refer to what),
``listeners`` with ``listener_tls`` and ``conflicts``; ``attachments`` (routes at parents); ``matches``, ``filters``,
``backends`` and the rules made of them; ``virtual_services``, ``policies``, ``proxies``. Files without a folder in the
docstrings are istiod's pilot/pkg/config/kube/gateway; gatewaycommon is beside it.

Not brought over, as istiod leaves them too unless it is told otherwise: UDPRoute, InferencePool, XBackend,
XBackendTrafficPolicy, session persistence; and Gateways of waypoint classes, of which sidecars and gateways know
nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.gateway_api.words import GROUP

__all__ = ["to_istio"]

_CONVERTED = ("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "BackendTLSPolicy")


def to_istio(snapshot: Snapshot) -> Snapshot:
    """A snapshot in which Istio's objects say what Gateway API objects said: Gateways, VirtualServices and
    DestinationRules beside those that are there, the Gateway API's own taken out; and the proxies, Services and
    workloads that istiod deploys for Gateways. What is not attached or not allowed is left out.

    The same snapshot where there is nothing to bring over, so that doing it twice is doing it once.
    """
    kinds = {f"{GROUP}/{kind}" for kind in _CONVERTED}
    if not kinds & snapshot.objects.keys():
        return snapshot
    from pulumi_mesh.proxy.resolve.gateway_api.conversion import converted, with_managed

    deployed = with_managed(snapshot)
    objects: dict[str, tuple[Any, ...]] = {kind: those for kind, those in deployed.objects.items() if kind not in kinds}
    for each in converted(deployed):
        kind = f"networking.istio.io/{each.kind}"
        objects[kind] = (*objects.get(kind, ()), each)
    return replace(
        deployed,
        objects=FrozenMap({kind: tuple(sorted(objects[kind], key=_by_place)) for kind in sorted(objects)}),
    )


def _by_place(item: Any) -> tuple[str, str]:
    return item.namespace, item.name
