"""What Istio's webhook adds for Gateways (ValidateGateway), and the hosts of Gateways and Sidecars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.addresses import UNIX, address, is_ip, port, unix_path
from pulumi_mesh.validation.rules.names import is_dns_label, partial_wildcard, wildcard_domain
from pulumi_mesh.validation.rules.protocols import KNOWN, is_http, is_tls
from pulumi_mesh.validation.rules.tls import server_tls
from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]

FROM_GATEWAY = "internal.istio.io/gateway-semantics"
"""Istio's own annotation on what it makes of a Gateway API Gateway: names may be wider."""


def gateway(spec: Object, metadata: Object) -> Iterator[Problem]:
    """Servers, their hosts, ports and TLS settings."""
    converted = (metadata.get("annotations") or {}).get(FROM_GATEWAY) == "gateway"
    name = metadata.get("name") or ""
    if not converted and not is_dns_label(name):
        yield Problem("metadata.name", f"the name of a Gateway is a DNS label, without dots, not {name!r}")
    servers = spec.get("servers") or ()
    if not servers:
        yield Problem("spec.servers", "a Gateway has a server")
    for index, server in enumerate(servers):
        yield from _server(server, f"spec.servers[{index}]", converted)
    seen = set()
    for index, server in enumerate(servers):
        if (listened := server.get("port")) is None:
            continue
        at = f"spec.servers[{index}]"
        if (name := listened.get("name") or "") in seen:
            yield Problem(f"{at}.port.name", f"there is a port {name} before it")
        seen.add(name)
        if (server.get("tls") or {}).get("httpsRedirect") and not is_http(listened.get("protocol") or ""):
            yield warning(f"{at}.tls.httpsRedirect", "a server that is not HTTP redirects nothing")


def _server(server: Object, path: str, converted: bool) -> Iterator[Problem]:
    hosts = server.get("hosts") or ()
    if not hosts:
        yield Problem(f"{path}.hosts", "a server has a host")
    for index, host in enumerate(hosts):
        yield from scoped_host(host, f"{path}.hosts[{index}]", in_gateway=True, converted=converted)
    bind, tls = server.get("bind") or "", server.get("tls")
    listened = server.get("port")
    valid = True
    for problem in _port(listened, f"{path}.port", bind):
        valid = False
        yield problem
    yield from _bind(bind, f"{path}.bind", listened)
    if tls is not None:
        yield from server_tls(tls, f"{path}.tls")
    if not valid or listened is None:
        return
    protocol = listened.get("protocol") or ""
    if is_tls(protocol):
        if tls is None:
            yield Problem(f"{path}.tls", f"a server of {protocol} has TLS settings")
    elif tls is not None and is_http(protocol):
        passes = (tls.get("mode") or "PASSTHROUGH") in {"PASSTHROUGH", "AUTO_PASSTHROUGH"}
        if not passes or tls.get("caCertificates") or tls.get("privateKey") or tls.get("serverCertificate"):
            yield Problem(f"{path}.tls", "a server of plain HTTP has no TLS settings but a redirect")
    elif tls is not None:
        yield Problem(f"{path}.tls", "only servers of HTTPS and TLS have TLS settings")


def _port(listened: Object | None, path: str, bind: str) -> Iterator[Problem]:
    if listened is None:
        yield Problem(path, "a server has a port")
        return
    protocol, number = listened.get("protocol") or "", listened.get("number") or 0
    if protocol.lower() not in KNOWN:
        yield Problem(f"{path}.protocol", f"{protocol!r} is not a protocol that Istio knows")
    if number or not bind.startswith(UNIX):
        yield from port(number, f"{path}.number")
    if listened.get("targetPort"):
        yield Problem(f"{path}.targetPort", "it has no effect in Gateways")
    if not listened.get("name"):
        yield Problem(f"{path}.name", "a port has a name")


def _bind(bind: str, path: str, listened: Object | None) -> Iterator[Problem]:
    if bind.startswith(UNIX):
        yield from unix_path(bind.removeprefix(UNIX), path)
        if (listened or {}).get("number"):
            yield Problem(path, "the number of a Unix socket's port is 0")
    elif bind:
        yield from address(bind, path)


def scoped_host(host: str, path: str, *, in_gateway: bool, converted: bool = False) -> Iterator[Problem]:
    """``namespace/host``, as Gateways and Sidecars name hosts; a Gateway's may be a host alone, or an address."""
    namespace, slash, name = host.partition("/")
    if not slash:
        if in_gateway:
            yield from _host_name(host, path, in_gateway)
        else:
            yield Problem(path, f"{host!r} does not have the form NAMESPACE/HOST")
        return
    if not namespace or not name:
        yield Problem(path, f"{host!r}: neither namespace nor host may be empty")
    plain = namespace if in_gateway else namespace.removeprefix("~")
    anything = plain in {"*", "."} or (in_gateway and converted and plain == "~") or (not in_gateway and not plain)
    if not anything and not is_dns_label(plain):
        yield Problem(path, f"{host!r}: {namespace!r} is not the name of a namespace")
    yield from _host_name(name, path, in_gateway)


def _host_name(name: str, path: str, in_gateway: bool) -> Iterator[Problem]:
    if name != "*" and "." not in name:
        yield Problem(path, f"{name!r} is a short name, and is not completed here")
    if (problem := wildcard_domain(name)) and not (in_gateway and is_ip(name)):
        yield Problem(path, problem)
    if problem := partial_wildcard(name):
        yield Problem(path, problem)
