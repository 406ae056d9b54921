"""What Istio's webhook adds for Sidecars (ValidateSidecar)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_mesh.validation.addresses import UNIX, address, port, split_host_port, unix_path
from pulumi_mesh.validation.numbers import whole
from pulumi_mesh.validation.rules.destinations import destination
from pulumi_mesh.validation.rules.gateway import scoped_host
from pulumi_mesh.validation.rules.names import fqdn, port_name
from pulumi_mesh.validation.rules.protocols import is_http, is_tls, known
from pulumi_mesh.validation.rules.selectors import selector
from pulumi_mesh.validation.rules.tls import server_tls
from pulumi_mesh.validation.rules.traffic_policy import connection_pool
from pulumi_mesh.validation.verdict import Problem, warning

Object = Mapping[str, Any]

_LOCAL = frozenset({"", "127.0.0.1", "0.0.0.0", "::1", "::"})  # noqa: S104  what may be written, not what is bound


def sidecar(spec: Object, metadata: Object) -> Iterator[Problem]:
    """Listeners on both sides, what they bind, and which hosts the workloads know."""
    if (chosen := spec.get("workloadSelector")) is not None:
        yield from selector(chosen.get("labels"), "spec.workloadSelector")
    ingress, egress = spec.get("ingress") or (), spec.get("egress") or ()
    pool, policy = spec.get("inboundConnectionPool"), spec.get("outboundTrafficPolicy")
    if not ingress and not egress and pool is None and policy is None:
        yield Problem("spec", "a Sidecar sets something")
        return
    yield from _ingress(ingress)
    if pool is not None:
        yield from connection_pool(pool, "spec.inboundConnectionPool")
    yield from _egress(egress, metadata["namespace"])
    if policy is not None:
        yield from _outbound(policy, "spec.outboundTrafficPolicy")


def _ingress(listeners: Sequence[Object]) -> Iterator[Problem]:
    seen = set()
    for index, listener in enumerate(listeners):
        at = f"spec.ingress[{index}]"
        if (listened := listener.get("port")) is None:
            yield Problem(f"{at}.port", "an ingress listener has a port")
            continue
        number, protocol = listened.get("number") or 0, listened.get("protocol") or ""
        yield from _port(listened, f"{at}.port")
        yield from port(number, f"{at}.port.number")
        if bind := listener.get("bind"):
            yield from address(bind, f"{at}.bind")
        if number in seen:
            yield Problem(f"{at}.port.number", f"there is a listener on port {number} before it")
        seen.add(number)
        if endpoint := listener.get("defaultEndpoint"):
            yield from _endpoint(endpoint, f"{at}.defaultEndpoint")
        if (tls := listener.get("tls")) is not None:
            yield from _tls(tls, f"{at}.tls", protocol)
        if (pool := listener.get("connectionPool")) is not None:
            yield from connection_pool(pool, f"{at}.connectionPool")
            if pool.get("http") is not None and not is_http(protocol):
                yield warning(
                    f"{at}.connectionPool.http", f"the port's protocol is {protocol or 'not given'}, not HTTP"
                )


def _port(listened: Object, path: str) -> Iterator[Problem]:
    if listened.get("targetPort"):
        yield Problem(f"{path}.targetPort", "it has no effect in Sidecars")
    if name := listened.get("name"):
        yield from port_name(name, f"{path}.name")
    yield from known(listened.get("protocol") or "", f"{path}.protocol")


def _endpoint(endpoint: str, path: str) -> Iterator[Problem]:
    if endpoint.startswith(UNIX):
        yield from unix_path(endpoint.removeprefix(UNIX), path)
        return
    host, number, problem = split_host_port(endpoint)
    if problem:
        yield Problem(path, problem)
    elif host not in _LOCAL:
        yield Problem(path, f"an endpoint is on 127.0.0.1, 0.0.0.0, [::1], [::] or a Unix socket, not on {host}")
    else:
        yield from port(whole(number.removeprefix("+")) or 0, path)


def _tls(tls: Object, path: str, protocol: str) -> Iterator[Problem]:
    for field in ("subjectAltNames", "httpsRedirect", "credentialName", "credentialNames", "tlsCertificates"):
        if tls.get(field):
            yield Problem(f"{path}.{field}", "it is not for Sidecars")
    if (mode := tls.get("mode")) in {"ISTIO_MUTUAL", "AUTO_PASSTHROUGH"}:
        yield Problem(f"{path}.mode", f"{mode} is not for Sidecars")
    if not is_tls(protocol):
        yield Problem(path, "only ports of HTTPS and TLS have TLS settings")
    yield from server_tls(tls, path)


def _egress(listeners: Sequence[Object], namespace: str) -> Iterator[Problem]:
    seen: set[int | str] = set()
    for index, listener in enumerate(listeners):
        at = f"spec.egress[{index}]"
        bind, listened = listener.get("bind") or "", listener.get("port")
        if listened is None:
            if index != len(listeners) - 1:
                yield Problem(f"{at}.port", "only the last egress listener may be without port")
        else:
            number = listened.get("number") or 0
            yield from _port(listened, f"{at}.port")
            yield from _bind(number, bind, at, listener.get("captureMode") or "DEFAULT")
            bound = number or bind
            if bound in seen:
                yield Problem(at, f"there is a listener on {bound} before it")
            seen.add(bound)
        yield from _hosts(listener.get("hosts") or (), f"{at}.hosts", namespace)


def _bind(number: int, bind: str, path: str, capture: str) -> Iterator[Problem]:
    if number:
        yield from port(number, f"{path}.port.number")
        if bind:
            yield from address(bind, f"{path}.bind")
        return
    if bind.startswith(UNIX):
        yield from unix_path(bind.removeprefix(UNIX), f"{path}.bind")
    else:
        yield Problem(f"{path}.bind", "a listener without the number of a port is bound to a Unix socket")
    if capture not in {"DEFAULT", "NONE"}:
        yield Problem(f"{path}.captureMode", "nothing is captured for a Unix socket")


def _hosts(hosts: Sequence[str], path: str, namespace: str) -> Iterator[Problem]:
    if not hosts:
        yield Problem(path, "an egress listener has a host")
    seen: dict[str, set[str]] = {}
    for index, host in enumerate(hosts):
        scope, slash, name = host.partition("/")
        if slash and scope[:1] != "~":
            known_names = seen.setdefault(namespace if scope == "." else scope, set())
            if known_names if name == "*" else known_names & {name, "*"}:
                yield warning(f"{path}[{index}]", f"{host} is among the hosts before it")
            known_names.add(name)
        yield from scoped_host(host, f"{path}[{index}]", in_gateway=False)
    if len(seen) > 1 and "*" in seen.get("*", ()):
        yield warning(path, "*/* is every host: no other has an effect")


def _outbound(policy: Object, path: str) -> Iterator[Problem]:
    mode, proxy = policy.get("mode") or "REGISTRY_ONLY", policy.get("egressProxy")
    if mode == "ALLOW_ANY_DYNAMIC_DNS":
        yield Problem(f"{path}.mode", f"{mode} is for the whole mesh")
        return
    if proxy is None:
        return
    if mode != "ALLOW_ANY":
        yield Problem(f"{path}.egressProxy", "an egress proxy needs the mode ALLOW_ANY")
        return
    if problem := fqdn(proxy.get("host") or ""):
        yield Problem(f"{path}.egressProxy.host", problem)
    if proxy.get("port") is None:
        yield Problem(f"{path}.egressProxy.port", "the port of an egress proxy is required")
    else:
        yield from destination(proxy, f"{path}.egressProxy")
