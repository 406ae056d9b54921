"""Placing a proxy outside its cluster: on a VM, or with others on one machine.

In a cluster iptables bring every connection of a pod to two listeners of its sidecar, which see where it was
going. Elsewhere nothing does: each listener needs an address of its own. ``place`` rewrites addresses, ports,
capture and certificate paths, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pulumi_mesh.errors import MeshError
from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.proxy.envoy.names import ORIGINAL_DST
from pulumi_mesh.proxy.view import ProxyView
from pulumi_mesh.proxy.view.addresses import Address, SocketAddress
from pulumi_mesh.proxy.view.clusters import Cluster, Endpoint, LocalityEndpoints
from pulumi_mesh.proxy.view.listeners import (
    ChainMatch,
    FilterChain,
    HttpConnectionManager,
    HttpFilter,
    Listener,
    NetworkFilter,
    OpaqueFilter,
)
from pulumi_mesh.proxy.view.rbac import (
    AllOf,
    AnyOf,
    Condition,
    DestinationPort,
    HttpRbac,
    NetworkRbac,
    Not,
    Policy,
    Rules,
)
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef, Transport, UpstreamTls, Validation

VIRTUAL_INBOUND = "virtualInbound"
"""Istio's listener for every connection that comes to a workload, whatever its port."""

ORIGINAL_DST_OPTIONS = "original_dst_lb_config"
"""Field of Envoy's Cluster that only one of type ORIGINAL_DST may have."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where things are that a cluster's network would find.

    addresses: an endpoint's address in the cluster, and where it is instead.
    listeners: by name, the addresses to listen on, at least one.
    inbound_ports: a workload's declared port, and the port of ``virtualInbound`` that stands for it.
    apps: by the name of the inbound cluster, where the workload itself answers.
    secrets: by name, the file that holds the secret as a discovery resource.
    """

    addresses: Mapping[SocketAddress, Address] = field(default_factory=dict)
    listeners: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    inbound_ports: Mapping[int, int] = field(default_factory=dict)
    apps: Mapping[str, Address] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


def place(view: ProxyView, placement: Placement) -> ProxyView:
    """The view as it runs where ``placement`` says.

    A listener with a place binds to it and takes connections as they come. One without a place that only
    capture reaches (it hands over by original destination, or is handed to) is left out; others stay.
    An app's cluster becomes STATIC with the app as its only endpoint.
    Raises MeshError when a place is for a listener or cluster that the view has not.
    """
    _known(placement.listeners, {each.name for each in view.listeners}, "listener", view)
    _known(placement.apps, {each.name for each in view.clusters}, "cluster", view)
    return replace(
        view,
        listeners=tuple(
            _listener(each, placement)
            for each in view.listeners
            if each.name in placement.listeners or not capture_only(each)
        ),
        clusters=tuple(_cluster(each, placement) for each in view.clusters),
        endpoints=tuple(
            replace(each, localities=_localities(each.localities, placement))
            for each in view.endpoints
            if each.cluster not in placement.apps
        ),
    )


def capture_only(listener: Listener) -> bool:
    """Whether connections only come to a listener when something captures them."""
    return (
        not listener.bind_to_port
        or listener.use_original_dst
        or any(_captures(each) for each in listener.listener_filters)
    )


def _captures(value: str | OpaqueFilter) -> bool:
    return (value.name if isinstance(value, OpaqueFilter) else value) == ORIGINAL_DST


def _known(wanted: Mapping[str, object], there: set[str], kind: str, view: ProxyView) -> None:
    for name in sorted(wanted.keys() - there):
        raise MeshError(f"the placement has a {kind} {name!r} that the proxy has not", where=view.node)


def _listener(listener: Listener, placement: Placement) -> Listener:
    places = placement.listeners.get(listener.name)
    ports: Mapping[int, int] = {}
    if places is not None:
        if not places:
            raise MeshError("a listener needs at least one address", where=f"listener {listener.name}")
        ports = _ports(listener, places, placement)
        listener = replace(
            listener,
            address=places[0],
            additional_addresses=places[1:],
            bind_to_port=True,
            use_original_dst=False,
            listener_filters=tuple(
                _listener_filter(each, ports) for each in listener.listener_filters if not _captures(each)
            ),
        )
    default = listener.default_filter_chain
    return replace(
        listener,
        filter_chains=tuple(_chain(each, ports, placement) for each in listener.filter_chains),
        default_filter_chain=_chain(default, ports, placement) if default else None,
    )


def _ports(listener: Listener, places: tuple[Address, ...], placement: Placement) -> Mapping[int, int]:
    """By the port that a connection is made to in the cluster, the one that it is made to here."""
    if listener.name == VIRTUAL_INBOUND:
        return placement.inbound_ports
    addresses = (listener.address, *listener.additional_addresses)
    return {
        old.port: new.port
        for old, new in zip(addresses, places, strict=False)
        if isinstance(old, SocketAddress) and isinstance(new, SocketAddress)
    }


def _listener_filter(value: str | OpaqueFilter, ports: Mapping[int, int]) -> str | OpaqueFilter:
    if isinstance(value, str) or "filter_disabled" not in value.config:
        return value
    disabled = _predicate(value.config["filter_disabled"], ports)
    return replace(value, config=FrozenMap({**value.config, "filter_disabled": disabled}))


def _predicate(value: object, ports: Mapping[int, int]) -> object:
    """envoy.config.listener.v3.ListenerFilterChainMatchPredicate: Istio's are trees of single ports."""
    if isinstance(value, tuple):
        return tuple(_predicate(each, ports) for each in value)
    if not isinstance(value, Mapping):
        return value
    start, end = value.get("start"), value.get("end")
    if isinstance(start, int) and end == start + 1:
        port = ports.get(start, start)
        return FrozenMap({**value, "start": port, "end": port + 1})
    return FrozenMap({name: _predicate(each, ports) for name, each in value.items()})


def _chain(chain: FilterChain, ports: Mapping[int, int], placement: Placement) -> FilterChain:
    return replace(
        chain,
        match=_chain_match(chain.match, ports),
        tls=_downstream(chain.tls, placement) if chain.tls else None,
        filters=tuple(_network_filter(each, ports) for each in chain.filters),
    )


def _chain_match(match: ChainMatch, ports: Mapping[int, int]) -> ChainMatch:
    port = match.destination_port
    return match if port is None else replace(match, destination_port=ports.get(port, port))


def _network_filter(value: NetworkFilter, ports: Mapping[int, int]) -> NetworkFilter:
    if isinstance(value, HttpConnectionManager):
        return replace(value, http_filters=tuple(_http_filter(each, ports) for each in value.http_filters))
    return _rbac(value, ports) if isinstance(value, NetworkRbac) else value


def _http_filter(value: HttpFilter, ports: Mapping[int, int]) -> HttpFilter:
    if not isinstance(value, HttpRbac):
        return value
    return replace(value, rules=_rules(value.rules, ports), shadow=_rules(value.shadow, ports))


def _rbac(value: NetworkRbac, ports: Mapping[int, int]) -> NetworkRbac:
    return replace(value, rules=_rules(value.rules, ports), shadow=_rules(value.shadow, ports))


def _rules(rules: Rules | None, ports: Mapping[int, int]) -> Rules | None:
    """Envoy's ``destination_port`` is the port that the connection was accepted on."""
    if rules is None:
        return None
    return replace(rules, policies=tuple(_policy(each, ports) for each in rules.policies))


def _policy(policy: Policy, ports: Mapping[int, int]) -> Policy:
    return replace(policy, permissions=tuple(_condition(each, ports) for each in policy.permissions))


def _condition(condition: Condition, ports: Mapping[int, int]) -> Condition:
    match condition:
        case DestinationPort(port):
            return DestinationPort(ports.get(port, port))
        case AllOf(conditions):
            return AllOf(tuple(_condition(each, ports) for each in conditions))
        case AnyOf(conditions):
            return AnyOf(tuple(_condition(each, ports) for each in conditions))
        case Not(inner):
            return Not(_condition(inner, ports))
        case _:
            return condition


def _cluster(cluster: Cluster, placement: Placement) -> Cluster:
    cluster = replace(
        cluster,
        endpoints=_localities(cluster.endpoints, placement),
        transport=_transport(cluster.transport, placement),
        transport_matches=tuple(
            replace(each, transport=_transport(each.transport, placement)) for each in cluster.transport_matches
        ),
    )
    app = placement.apps.get(cluster.name)
    if app is None:
        return cluster
    balancing = cluster.load_balancing
    if balancing.policy == "CLUSTER_PROVIDED":
        balancing = replace(balancing, policy="ROUND_ROBIN")
    return replace(
        cluster,
        type="STATIC",
        endpoints=(LocalityEndpoints((Endpoint(app),)),),
        load_balancing=balancing,
        bind_address="",
        extra=FrozenMap({name: each for name, each in cluster.extra.items() if name != ORIGINAL_DST_OPTIONS}),
    )


def _localities(localities: tuple[LocalityEndpoints, ...], placement: Placement) -> tuple[LocalityEndpoints, ...]:
    return tuple(
        replace(each, endpoints=tuple(_endpoint(one, placement) for one in each.endpoints)) for each in localities
    )


def _endpoint(endpoint: Endpoint, placement: Placement) -> Endpoint:
    address = endpoint.address
    if not isinstance(address, SocketAddress):
        return endpoint
    return replace(endpoint, address=placement.addresses.get(address, address))


def _transport(transport: Transport, placement: Placement) -> Transport:
    if not isinstance(transport, UpstreamTls):
        return transport
    return replace(
        transport,
        certificates=tuple(_secret(each, placement) for each in transport.certificates),
        validation=_validation(transport.validation, placement),
    )


def _downstream(tls: DownstreamTls, placement: Placement) -> DownstreamTls:
    return replace(
        tls,
        certificates=tuple(_secret(each, placement) for each in tls.certificates),
        validation=_validation(tls.validation, placement),
    )


def _validation(validation: Validation | None, placement: Placement) -> Validation | None:
    return replace(validation, root=_secret(validation.root, placement)) if validation else None


def _secret(secret: SecretRef, placement: Placement) -> SecretRef:
    return replace(secret, path=placement.secrets.get(secret.name, secret.path))
