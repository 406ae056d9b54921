"""A gateway: the proxies at the edge of the mesh and what they listen for."""

from __future__ import annotations

import dataclasses
from dataclasses import KW_ONLY
from itertools import combinations
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.fields import Addresses, Hostname, LabelName, Name, PortNumber
from pulumi_mesh.model.hostnames import covers
from pulumi_mesh.model.namespace import NamespaceName
from pulumi_mesh.model.references import named
from pulumi_mesh.typed import Bool, FieldError, Many, Text, TextMap, default, typed


@typed
class Listener:
    """A port of a gateway, for some host names.

    port: the port that clients connect to. protocol: HTTPS ends TLS at the gateway; default HTTP.
    hostnames: names taken, such as ``shop.example.com`` or ``*.example.com``; default: all.
    certificate: for HTTPS, the name of the Secret (in the gateway's namespace) with certificate and key.
    https_redirect: HTTP requests are answered with a redirect to HTTPS.
    """

    name: LabelName
    _: KW_ONLY
    port: PortNumber
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    hostnames: Many[Hostname] = default(("*",))
    certificate: Text = default("")
    https_redirect: Bool = False

    def __post_init__(self) -> None:
        if not self.hostnames:
            raise FieldError("hostnames", 'name at least one host; "*" takes all')
        if self.protocol == "HTTPS" and not self.certificate:
            raise FieldError("certificate", "an HTTPS listener needs the name of the Secret that holds its certificate")
        if self.protocol == "HTTP" and self.certificate:
            raise FieldError("certificate", "an HTTP listener has no certificate; set protocol='HTTPS'")
        if self.protocol == "HTTPS" and self.https_redirect:
            raise FieldError("https_redirect", "only an HTTP listener can redirect to HTTPS")


@typed
class Gateway:
    """Proxies at the edge. Listed in a mesh its listeners are rendered; ``.external()`` is another stack's.

    namespace: of the gateway and its proxies; default: ``istio-system``.
    selector: labels of the proxies that serve it; default: ``istio: ingressgateway``.
    service_account: the account that the proxies run as. addresses: their IP addresses, where known.
    """

    name: Name
    _: KW_ONLY
    namespace: NamespaceName = default("istio-system")
    listeners: Many[Listener]
    selector: TextMap = default(FrozenMap({"istio": "ingressgateway"}))
    service_account: LabelName = "istio-ingressgateway-service-account"
    addresses: Addresses = default(())
    owner: Literal["mesh", "external"] = "mesh"
    _stands_alone = True

    def __post_init__(self) -> None:
        if not self.listeners:
            raise FieldError("listeners", "a gateway has at least one listener")
        if not self.selector:
            raise FieldError("selector", "an empty selector would take every proxy; name the gateway's labels")
        for (_, one), (position, other) in combinations(enumerate(self.listeners), 2):
            place = f"listeners[{position}]"
            if one.name == other.name:
                raise FieldError(place, f"two listeners are named {one.name!r}; give each a name of its own")
            if one.port != other.port:
                continue
            if one.protocol != other.protocol:
                raise FieldError(place, f"{one.name!r} and {other.name!r} speak different protocols on port {one.port}")
            same = sorted(set(one.hostnames) & set(other.hostnames))
            if same:
                raise FieldError(place, f"{one.name!r} and {other.name!r} both take {same[0]!r} on port {one.port}")

    def external(self) -> Gateway:
        """The same gateway, owned by another stack: routes can use it, it is never rendered."""
        return dataclasses.replace(self, owner="external")

    def serves(self, hostname: str) -> bool:
        """Whether some listener takes requests for ``hostname`` (or part of it, where it is a wildcard)."""
        return any(
            covers(taken, hostname) or covers(hostname, taken) for each in self.listeners for taken in each.hostnames
        )


GatewayReference: TypeAlias = Annotated[Gateway, BeforeValidator(named("gateway"))]
