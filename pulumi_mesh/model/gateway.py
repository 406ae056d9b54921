"""A gateway: the proxies at the edge of the mesh and what they listen for."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import KW_ONLY
from itertools import combinations
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.model.fields import Addresses, Hostname, LabelName, Name, PortNumber
from pulumi_mesh.model.hostnames import covers
from pulumi_mesh.model.namespace import NamespaceName
from pulumi_mesh.model.references import named
from pulumi_mesh.typed import Bool, FieldError, Many, Text, TextMap, Texts, default, typed

TLSVersion: TypeAlias = Literal["TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]
_FAMILIES = {"HTTP": "HTTP", "HTTPS": "TLS", "TLS": "TLS", "TCP": "TCP"}


@typed
class Listener:
    """A port of a gateway, for some host names: Gateway ``servers[]``.

    port: the port that clients connect to.
    protocol: ``HTTP`` (default); ``HTTPS``, HTTP in TLS that ends here; ``TLS``, anything in TLS, which ends here or is
        passed on; ``TCP``, anything, whose host names nobody can tell apart.
    hostnames: names taken, such as ``shop.example.com`` or ``*.example.com``; default: all.
    https_redirect: HTTP requests are answered with a redirect to HTTPS.

    Of HTTPS and TLS:

    tls_mode: ``SIMPLE`` (default): clients show no certificate; ``MUTUAL``: they must; ``OPTIONAL_MUTUAL``: they may;
        ``PASSTHROUGH``, of protocol TLS: it is passed on as it is, to where the server name (SNI) leads.
    certificate: the name of the Secret (in the gateway's namespace) with certificate and key; not with PASSTHROUGH.
    client_ca: of mutual TLS, the name of the Secret with the CA certificates of clients; default: the certificate's
        own Secret (its ``ca.crt``), or ``CERTIFICATE-cacert``.
    subject_alt_names: of mutual TLS, the names that client certificates may have; default: any.
    min_tls_version: the least that is accepted; default: Istio's, TLS 1.2.
    """

    name: LabelName
    _: KW_ONLY
    port: PortNumber
    protocol: Literal["HTTP", "HTTPS", "TLS", "TCP"] = "HTTP"
    hostnames: Many[Hostname] = default(("*",))
    certificate: Text = default("")
    https_redirect: Bool = False
    tls_mode: Literal["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH"] = "SIMPLE"
    client_ca: Text = default("")
    subject_alt_names: Texts = default(())
    min_tls_version: TLSVersion | None = None

    def __post_init__(self) -> None:
        if not self.hostnames:
            raise FieldError("hostnames", 'name at least one host; "*" takes all')
        if self.protocol in ("HTTP", "TCP"):
            self._refuse_tls()
        elif self.passes_through:
            if self.protocol == "HTTPS":
                raise FieldError("tls_mode", "HTTPS ends here; to pass TLS on set protocol='TLS'")
            for field in ("certificate", "min_tls_version"):
                if getattr(self, field):
                    raise FieldError(field, "TLS that is passed on ends elsewhere; leave it away")
        elif not self.certificate:
            right = "" if self.protocol == "HTTPS" else "; to pass TLS on set tls_mode='PASSTHROUGH'"
            article = "an" if self.protocol == "HTTPS" else "a"
            problem = f"{article} {self.protocol} listener needs the name of the Secret that holds its certificate"
            raise FieldError("certificate", problem + right)
        if self.protocol == "TCP" and self.hostnames != ("*",):
            raise FieldError("hostnames", "plain TCP does not tell host names apart; leave them away")
        if self.tls_mode not in ("MUTUAL", "OPTIONAL_MUTUAL"):
            for field in ("client_ca", "subject_alt_names"):
                if getattr(self, field):
                    raise FieldError(field, "clients are asked for no certificate; set tls_mode='MUTUAL'")
        if self.https_redirect and self.protocol != "HTTP":
            raise FieldError("https_redirect", "only an HTTP listener can redirect to HTTPS")

    def _refuse_tls(self) -> None:
        article = "an HTTP" if self.protocol == "HTTP" else "a TCP"
        secure = "HTTPS" if self.protocol == "HTTP" else "TLS"
        for field, what in (("certificate", "certificate"), ("min_tls_version", "TLS version")):
            if getattr(self, field):
                raise FieldError(field, f"{article} listener has no {what}; set protocol='{secure}'")
        if self.tls_mode != "SIMPLE":
            raise FieldError("tls_mode", f"{article} listener has no TLS; set protocol='{secure}'")

    @property
    def passes_through(self) -> bool:
        """Whether TLS is passed on as it is, for TLS routes."""
        return self.tls_mode == "PASSTHROUGH"

    @property
    def speaks_http(self) -> bool:
        """Whether HTTP routes act on it."""
        return self.protocol in ("HTTP", "HTTPS")

    @property
    def speaks_tcp(self) -> bool:
        """Whether TCP routes act on it: plain TCP, or what was in TLS that ends here."""
        return self.protocol in ("TCP", "TLS") and not self.passes_through


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
            if _FAMILIES[one.protocol] != _FAMILIES[other.protocol]:
                raise FieldError(place, f"{one.name!r} and {other.name!r} speak different protocols on port {one.port}")
            same = sorted(set(one.hostnames) & set(other.hostnames))
            if same:
                raise FieldError(place, f"{one.name!r} and {other.name!r} both take {same[0]!r} on port {one.port}")

    def external(self) -> Gateway:
        """The same gateway, owned by another stack: routes can use it, it is never rendered."""
        return dataclasses.replace(self, owner="external")


def serves(listeners: Iterable[Listener], hostname: str) -> bool:
    """Whether some listener takes ``hostname`` (or part of it, where it is a wildcard)."""
    return any(covers(taken, hostname) or covers(hostname, taken) for each in listeners for taken in each.hostnames)


def hostnames_of(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """The host names that listeners take, each once."""
    return tuple(dict.fromkeys(host for each in listeners for host in each.hostnames))


def check_hostnames(hostnames: Iterable[str], listeners: Collection[Listener]) -> None:
    """Refuse a route's host name that none of the listeners which it acts on takes."""
    for position, hostname in enumerate(hostnames):
        if not serves(listeners, hostname):
            taken = ", ".join(sorted(hostnames_of(listeners)))
            problem = f"no listener of its gateways takes {hostname!r}; they take {taken}"
            raise FieldError(f"hostnames[{position}]", problem)


GatewayReference: TypeAlias = Annotated[Gateway, BeforeValidator(named("gateway"))]
