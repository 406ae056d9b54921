"""The control plane that the mesh runs under."""

from __future__ import annotations

from dataclasses import KW_ONLY

from pulumi_mesh.model.fields import DomainName, LabelName, OptionalLabelName
from pulumi_mesh.typed import typed


@typed
class Istio:
    """An Istio control plane. ``Istio.existing()`` is one that is installed already.

    revision: its revision, which namespaces with injection are labelled with; empty is the default revision.
    trust_domain: of workload identities, Istio's ``meshConfig.trustDomain``.
    root_namespace: where mesh-wide policies live, Istio's ``meshConfig.rootNamespace``.
    domain: of the cluster, which host names of services end in (``NAME.NAMESPACE.svc.DOMAIN``).
    """

    _: KW_ONLY
    revision: OptionalLabelName = ""
    trust_domain: DomainName = "cluster.local"
    root_namespace: LabelName = "istio-system"
    domain: DomainName = "cluster.local"

    @classmethod
    def existing(
        cls,
        *,
        revision: str = "",
        trust_domain: str = "cluster.local",
        root_namespace: str = "istio-system",
        domain: str = "cluster.local",
    ) -> Istio:
        """A control plane that someone else installed and keeps. Raises InvalidError for what are no names."""
        return cls(revision=revision, trust_domain=trust_domain, root_namespace=root_namespace, domain=domain)
