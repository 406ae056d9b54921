"""Where objects are in the folder: paths are a promise, since repositories and pipelines name them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from pulumi_mesh.errors import InvalidError
from pulumi_mesh.refs import Identity
from pulumi_mesh.render.result import Phase

KUSTOMIZATION = "kustomization.yaml"
INDEX = ".pulumi-mesh"
HEADER = "# Written by pulumi-mesh, which also removes what is listed here and no longer rendered.\n"
"""The first line of each kustomization and index: what tells a folder of ours from any other."""

_FOLDERS = {
    Phase.NAMESPACES: "1-namespaces",
    Phase.GATEWAYS: "2-gateways",
    Phase.DESTINATIONS: "3-destinations",
    Phase.POLICY_AND_ROUTES: "4-policy-and-routes",
}

_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
_NAMESPACE = re.compile(r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")

# File systems take names of 255 bytes; temporary names and suffixes need some of them.
_LONGEST = 200

INSTALLATION_FOLDERS = ("1-namespaces", "2-base", "3-istiod", "4-revision-tags", "5-gateways")
"""The folders of an installation, in the order in which they are applied."""

FOLDERS = tuple(dict.fromkeys((*_FOLDERS.values(), *INSTALLATION_FOLDERS)))
"""Every folder that a rendering may make; those of one rendering sort in the order in which they are applied."""

_PART = "[a-z0-9][-a-z0-9._]{0,249}"
_PATH = re.compile(rf"({_PART}/){{0,2}}{_PART}\.(yaml|json)")


def phase_folder(phase: Phase) -> str:
    """The folder of a phase; their names sort in the order of phases."""
    return _FOLDERS[phase]


def path_of(identity: Identity, source: str) -> str:
    """``NAMESPACE/KIND-NAME.yaml`` inside the phase's folder; ``KIND-NAME.yaml`` for cluster-scoped objects.

    All in lower case, for file systems that do not tell it from upper. A kind has no dash, so the parts can be told
    apart; a long name is cut, and ends in a digest of it. Raises InvalidError for parts that are no names.
    """
    if identity.cluster or not (
        _KIND.fullmatch(identity.kind) and _NAMESPACE.fullmatch(identity.namespace) and _NAME.fullmatch(identity.name)
    ):
        raise InvalidError([(source, f"{str(identity)!r} cannot be the name of a file")])
    stem = f"{identity.kind.lower()}-{identity.name}"
    if len(stem) > _LONGEST:
        stem = f"{stem[:_LONGEST]}_{hashlib.sha256(stem.encode()).hexdigest()[:12]}"
    return f"{identity.namespace}/{stem}.yaml" if identity.namespace else f"{stem}.yaml"


def is_kustomization(path: str) -> bool:
    """Whether a path is a kustomization's, not an object's."""
    return path.rpartition("/")[2] == KUSTOMIZATION


def is_listing(path: str) -> bool:
    """Whether a path is of a file at the top that says what was written."""
    return path in (KUSTOMIZATION, INDEX)


def inside(path: str) -> bool:
    """Whether a path may be written or removed: at most two folders deep, no part hidden or of dots alone."""
    return path == INDEX or _PATH.fullmatch(path) is not None


def index(paths: Iterable[str]) -> str:
    """The text of the file that lists what was written, for files that no kustomization is for."""
    return HEADER + "".join(f"- {each}\n" for each in sorted(paths))


def listed(text: str) -> list[str]:
    """What a kustomization or an index lists."""
    return [line[2:] for line in text.splitlines() if line.startswith("- ")]


def kustomization(resources: Iterable[str]) -> str:
    """The text of a kustomization that lists the resources, sorted."""
    head = f"{HEADER}apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    names = sorted(resources)
    return head + ("resources:\n" + "".join(f"- {each}\n" for each in names) if names else "resources: []\n")
