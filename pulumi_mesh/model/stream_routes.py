"""TCP and TLS routes: where connections go that nobody looks into."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import TypeAlias

from pulumi_mesh.model.backends import Backends, check_backends
from pulumi_mesh.model.fields import Hostname, Name, OptionalPort
from pulumi_mesh.model.gateway import Gateway, GatewayReference, Listener, check_hostnames
from pulumi_mesh.model.namespace import NamespaceName
from pulumi_mesh.model.service import HTTP_PROTOCOLS, Port, Service, ServiceReference
from pulumi_mesh.typed import FieldError, Many, default, typed


@typed
class TCPRoute:
    """Connections to a gateway's TCP listeners, or to services, sent to backends by weight: VirtualService ``tcp[]``.

    gateways: where it applies: to their listeners of TCP, and of TLS that ends there. Or
    services: the services whose clients in the mesh it applies to, at ports that do not speak HTTP.
    port: the listener's, or the service's; default: all such listeners, or the service's only such port.
    hostnames: at listeners of TLS, the server names (SNI) that it takes; default: all that they take.
    backends: where connections go, each as a whole.
    namespace: default: that of the first service or backend.
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("")
    gateways: Many[GatewayReference] = default(())
    services: Many[ServiceReference] = default(())
    port: OptionalPort = None
    hostnames: Many[Hostname] = default(())
    backends: Backends
    _stands_alone = True

    def __post_init__(self) -> None:
        _check(self, "TCP, or of TLS that ends there", "speaks anything but HTTP")

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners of its gateways that it acts on."""
        return tuple(each for gateway in self.gateways for each in self.listeners_of(gateway))

    def listeners_of(self, gateway: Gateway) -> tuple[Listener, ...]:
        """Those of one gateway."""
        return tuple(each for each in gateway.listeners if each.speaks_tcp and self.port in (None, each.port))

    def ports_of(self, service: Service) -> tuple[Port, ...]:
        """The ports of a service that it acts on."""
        found = (each for each in service.ports if each.protocol not in HTTP_PROTOCOLS)
        return tuple(each for each in found if self.port in (None, each.number))


@typed
class TLSRoute:
    """Connections of TLS, passed on as they are to backends by weight, by server name: VirtualService ``tls[]``.

    gateways: where it applies: to their listeners that pass TLS on. Or
    services: the services whose clients in the mesh it applies to, at ports of TLS or HTTPS.
    port: the listener's, or the service's; default: all such listeners, or the service's only such port.
    hostnames: at gateways, the server names (SNI) that it takes; default: all that the listeners take.
    backends: where connections go, each as a whole.
    namespace: default: that of the first service or backend.
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("")
    gateways: Many[GatewayReference] = default(())
    services: Many[ServiceReference] = default(())
    port: OptionalPort = None
    hostnames: Many[Hostname] = default(())
    backends: Backends
    _stands_alone = True

    def __post_init__(self) -> None:
        _check(self, "TLS that is passed on (tls_mode='PASSTHROUGH')", "speaks TLS or HTTPS")

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners of its gateways that it acts on."""
        return tuple(each for gateway in self.gateways for each in self.listeners_of(gateway))

    def listeners_of(self, gateway: Gateway) -> tuple[Listener, ...]:
        """Those of one gateway."""
        return tuple(each for each in gateway.listeners if each.passes_through and self.port in (None, each.port))

    def ports_of(self, service: Service) -> tuple[Port, ...]:
        """The ports of a service that it acts on."""
        found = (each for each in service.ports if each.protocol in ("TLS", "HTTPS"))
        return tuple(each for each in found if self.port in (None, each.number))


StreamRoute: TypeAlias = TCPRoute | TLSRoute


def _check(route: StreamRoute, listener: str, port: str) -> None:
    """listener, port: what it acts on, in words."""
    if bool(route.gateways) == bool(route.services):
        raise FieldError(
            "gateways",
            "give either gateways, for connections from outside, or services, for those between them",
        )
    if route.services and route.hostnames:
        raise FieldError("hostnames", "a route for services takes their host names; leave hostnames away")
    if not route.backends:
        raise FieldError("backends", "a route needs backends")
    check_backends(route.backends)
    on = f" on port {route.port}" if route.port else ""
    for position, gateway in enumerate(route.gateways):
        if not route.listeners_of(gateway):
            raise FieldError(f"gateways[{position}]", f"{gateway.name} has no listener of {listener}{on}")
    check_hostnames(route.hostnames, route.listeners)
    for position, service in enumerate(route.services):
        ports = [each.number for each in route.ports_of(service)]
        if not ports:
            number = f" {route.port}" if route.port else ""
            raise FieldError(f"services[{position}]", f"{service.name} has no port{number} that {port}")
        if len(ports) > 1:
            raise FieldError("port", f"{service.name} has several ports that it could act on; name one of {ports}")
    if not route.namespace:
        first = route.services[0] if route.services else route.backends[0].destination.service
        object.__setattr__(route, "namespace", first.namespace)
