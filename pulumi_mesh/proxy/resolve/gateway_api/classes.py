"""Which Gateways are Istio's, and the Services in front of their proxies."""

from __future__ import annotations

from pulumi_mesh.gateway_api import Gateway, GatewayClass
from pulumi_mesh.manifests.snapshot import Snapshot

BUILT_IN = "istio"
"""The class that istiod serves even where no GatewayClass is declared."""
_CONTROLLER = "istio.io/gateway-controller"
_REMOTE_CONTROLLER = "istio.io/unmanaged-gateway"
_NAME_OVERRIDE = "gateway.istio.io/name-override"
_ACCOUNT = "gateway.istio.io/service-account"


def is_ours(snapshot: Snapshot, item: Gateway) -> bool:
    """Whether Istio's gateway controller serves a Gateway: by its class's controller, or by the built-in class.

    Classes of other controllers, of remote gateways and of waypoints are left alone.
    Mirrors FetchGatewayClass and ClassInfos (config/kube/gatewaycommon).
    """
    name = item.spec.gateway_class_name
    known = next((each for each in snapshot.of(GatewayClass) if each.name == name), None)
    if known is not None and known.spec.controller_name in (_CONTROLLER, _REMOTE_CONTROLLER):
        return known.spec.controller_name == _CONTROLLER
    return name == BUILT_IN


def is_managed(item: Gateway) -> bool:
    """Whether istiod deploys the Gateway's proxies, rather than it naming a Service that is there.

    Mirrors IsManaged (config/kube/gatewaycommon).
    """
    addresses = item.spec.addresses or ()
    if len(addresses) != 1:
        return not addresses
    return addresses[0].type in (None, "IPAddress")


def default_name(item: Gateway) -> str:
    """What its Deployment, Service and service account are called. Mirrors GetDefaultName (gatewaycommon)."""
    return f"{item.name}-{item.spec.gateway_class_name}"


def deployment_name(item: Gateway) -> str:
    """The name of a managed Gateway's Deployment and Service."""
    return str(item.annotations.get(_NAME_OVERRIDE) or default_name(item))


def service_account(item: Gateway) -> str:
    """What a managed Gateway's proxies run as; empty where it is not managed, for nobody knows."""
    if not is_managed(item):
        return ""
    return str(item.annotations.get(_ACCOUNT) or default_name(item))


def gateway_services(item: Gateway, domain: str) -> tuple[str, ...]:
    """Host names of the Services in front of a Gateway's proxies; empty where none can be known.

    Mirrors extractGatewayServices (conversion.go).
    """
    if is_managed(item):
        return (f"{deployment_name(item)}.{item.namespace}.svc.{domain}",)
    hosts = [each.value or "" for each in item.spec.addresses or () if each.type == "Hostname"]
    return tuple(each if "." in each else f"{each}.{item.namespace}.svc.{domain}" for each in hosts)
