"""Secrets of a proxy on this machine, as discovery files.

Certificates stand in them, rather than the paths of certificates: Envoy would watch each such path with an inotify
instance of its own, of which a user has 128 by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.authority import Authority, Certificate
from pulumi_mesh.local.layout import Node, secret_path
from pulumi_mesh.words.identities import spiffe_id

_SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 - a type URL


def secret_files(node: Node, authority: Authority, credentials: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """A discovery file for each secret that the node's view asks for.

    credentials: host names of a gateway's credential, by its name (``kubernetes://NAME``); none for the CA certificates
    of its clients, which are this run's own, as those of the system are.
    Raises MeshError for a secret that nothing here can make.
    """
    proxy = node.proxy
    files: dict[str, Any] = {}
    for secret in node.secrets:
        if secret.name in ("ROOTCA", "file-root:system") or credentials.get(secret.name) == ():
            body: dict[str, Any] = {"validation_context": {"trusted_ca": _inline(authority.roots)}}
        elif secret.name == "default":
            identity = spiffe_id(authority.trust_domain, proxy.namespace, proxy.service_account)
            body = _certificate(authority.issue_workload(identity))
        elif secret.name in credentials:
            body = _certificate(authority.issue_server(credentials[secret.name]))
        else:
            raise MeshError(f"the proxy {node.key} asks for the secret {secret.name!r}, which a local run cannot make")
        files[secret_path(secret.name)] = {"resources": [{"@type": _SECRET, "name": secret.name, **body}]}
    return files


def _certificate(issued: Certificate) -> dict[str, Any]:
    return {
        "tls_certificate": {
            "certificate_chain": _inline(issued.chain),
            "private_key": _inline(issued.key),
        }
    }


def _inline(file: Path) -> dict[str, str]:
    return {"inline_string": file.read_text()}
