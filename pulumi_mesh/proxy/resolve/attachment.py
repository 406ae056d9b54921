"""Which proxies a policy is attached to: by labels, or by the name of a gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import selects

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
"""The label by which a proxy tells which gateway_api.Gateway it was made for."""


class Selector(Protocol):
    """The field ``selector`` of a policy."""

    @property
    def match_labels(self) -> Mapping[str, str] | None:
        """Labels that a workload must have."""


class Target(Protocol):
    """An entry of ``targetRefs``."""

    @property
    def group(self) -> str | None:
        """The group of its API."""

    @property
    def kind(self) -> str:
        """Its kind."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def namespace(self) -> str | None:
        """Its namespace; the policy's where it says none."""


class Attachable(Protocol):
    """The spec of a policy that says what it is attached to."""

    @property
    def selector(self) -> Selector | None:
        """Which workloads."""

    @property
    def target_ref(self) -> Target | None:
        """Its older form."""

    @property
    def target_refs(self) -> Sequence[Target] | None:
        """Which gateways."""


def targets_of(spec: Attachable) -> Sequence[Target]:
    """What a policy names; nothing for one that selects by labels."""
    return spec.target_refs or ((spec.target_ref,) if spec.target_ref else ())


def labels_of(spec: Attachable) -> Mapping[str, str]:
    """The labels that a policy selects by."""
    return (spec.selector.match_labels if spec.selector else None) or {}


def attached(spec: Attachable, namespace: str, proxy: Proxy) -> bool:
    """Whether a policy of a namespace holds for a proxy, by what it selects or names. Waypoints are not resolved, so
    what is attached to a Service or a GatewayClass holds for no proxy here.

    Mirrors ShouldAttachPolicy (pilot/pkg/model/policyattachment.go).
    """
    targets = targets_of(spec)
    if targets:
        return namespace == proxy.namespace and any(names_gateway(each, proxy) for each in targets)
    return selects(labels_of(spec), proxy.labels)


def names_gateway(target: Target, proxy: Proxy) -> bool:
    """Of what a policy can be attached to by name, only a Gateway API gateway has a proxy of its own here."""
    return (
        target.group == "gateway.networking.k8s.io"
        and target.kind == "Gateway"
        and target.name == proxy.labels.get(GATEWAY_NAME)
        and (target.namespace or proxy.namespace) == proxy.namespace
    )
