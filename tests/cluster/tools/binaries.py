"""The binaries that the cluster tests run: where their source is, and which ones on PATH will do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Module:
    """Sources of binaries whose dependencies fit together: the folder ``tests/cluster/go/NAME`` pins all of them.

    version: the release that is built, as it stands in the name of the cache folder.
    variables: Go variables set at link time, full name to text; without them some binaries do not know their version.
    """

    name: str
    version: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binary:
    """One binary. package: what Go builds. version: arguments that print it. accepts: a regular expression that the
    print of a binary on PATH has to hold, or the pinned one is built.
    """

    name: str
    module: Module
    package: str
    version: tuple[str, ...]
    accepts: str


_KUBERNETES = Module(
    "kubernetes",
    "v1.36.3",
    {
        "k8s.io/component-base/version.gitVersion": "v1.36.3",
        "k8s.io/component-base/version.gitMajor": "1",
        "k8s.io/component-base/version.gitMinor": "36",
    },
)
_ISTIO = Module("istio", "v0.0.0-20260827124520-eed52ebb66ad")
_KWOK = Module("kwok", "v0.8.0")
_PULUMI = Module("pulumi", "v3.259.0", {"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.259.0"})
_HELM = Module("helm", "v4.3.1", {"helm.sh/helm/v4/internal/version.version": "v4.3.1"})
_FORTIO = Module("fortio", "v1.66.3")

# The API server's own minor release for what speaks with it, one off for kubectl: Kubernetes' version skew policy.
_TABLE = (
    Binary("etcd", _KUBERNETES, "go.etcd.io/etcd/server/v3", ("--version",), r"etcd Version: 3\.6\."),
    Binary("kube-apiserver", _KUBERNETES, "k8s.io/kubernetes/cmd/kube-apiserver", ("--version",), r" v1\.36\."),
    Binary(
        "kube-controller-manager",
        _KUBERNETES,
        "k8s.io/kubernetes/cmd/kube-controller-manager",
        ("--version",),
        r" v1\.36\.",
    ),
    Binary("kube-scheduler", _KUBERNETES, "k8s.io/kubernetes/cmd/kube-scheduler", ("--version",), r" v1\.36\."),
    Binary("kubectl", _KUBERNETES, "k8s.io/kubernetes/cmd/kubectl", ("version", "--client"), r" v1\.3[567]\."),
    Binary("kwok", _KWOK, "sigs.k8s.io/kwok/cmd/kwok", ("--version",), r"\bv?0\.8\."),
    Binary("pilot-discovery", _ISTIO, "istio.io/istio/pilot/cmd/pilot-discovery", ("version",), r"\b1\.31\."),
    Binary("pilot-agent", _ISTIO, "istio.io/istio/pilot/cmd/pilot-agent", ("version",), r"\b1\.31\."),
    Binary("istioctl", _ISTIO, "istio.io/istio/istioctl/cmd/istioctl", ("version", "--remote=false"), r"\b1\.31\."),
    Binary("pulumi", _PULUMI, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", ("version",), r"v3\."),
    Binary("helm", _HELM, "helm.sh/helm/v4/cmd/helm", ("version",), r"v4\."),
    Binary("fortio", _FORTIO, "fortio.org/fortio", ("version",), r"1\."),
)

BINARIES: Mapping[str, Binary] = MappingProxyType({each.name: each for each in _TABLE})
"""Every binary by its name, which is also its name on PATH."""
