"""A real Kubernetes API server with its etcd, and nothing else: objects are stored, and nobody acts on them."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.cluster.tools.kubectl import Kubectl, RefusedError
from tests.cluster.tools.process import free_ports, running

ADMIN = "admin"
READER = "reader"
"""Users of the kubeconfig: one may do all; the other may do what a test binds the group ``readers`` to, so nothing."""

_GROUPS = {ADMIN: "system:masters", READER: "readers"}


@contextmanager
def api_server(folder: Path, binary: Callable[[str], Path]) -> Iterator[Kubectl]:
    """Run etcd and kube-apiserver until the end of the block, their files and logs in ``folder``.

    binary: gives the place of a binary. Yields kubectl as the user ``admin``; its ``kubeconfig`` is what other clients
    need.
    """
    etcd, server, kubectl = binary("etcd"), binary("kube-apiserver"), binary("kubectl")
    tokens = {user: secrets.token_hex(16) for user in _GROUPS}
    with free_ports(3) as (store, peers, port):
        client = Kubectl(kubectl, _kubeconfig(folder, tokens, port))
        with (
            running(
                "etcd",
                _etcd(etcd, folder, store, peers),
                folder=folder,
                ready=lambda: _answers(f"http://127.0.0.1:{store}/health"),
            ),
            running(
                "kube-apiserver",
                _api_server(server, folder, tokens, port, store),
                folder=folder,
                ready=lambda: _ready(client, folder),
            ),
        ):
            yield client


def _etcd(binary: Path, folder: Path, port: int, peers: int) -> list[str | Path]:
    return [
        binary,
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{port}",
        f"--advertise-client-urls=http://127.0.0.1:{port}",
        f"--listen-peer-urls=http://127.0.0.1:{peers}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _api_server(binary: Path, folder: Path, tokens: dict[str, str], port: int, store: int) -> list[str | Path]:
    key = folder / "service-account.key"
    key.touch(mode=0o600)
    key.write_bytes(
        rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    known = folder / "tokens.csv"
    known.touch(mode=0o600)
    known.write_text("".join(f"{token},{user},{user},{_GROUPS[user]}\n" for user, token in tokens.items()))
    return [
        binary,
        f"--etcd-servers=http://127.0.0.1:{store}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--cert-dir={_certificates(folder)}",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--token-auth-file={known}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/12",
        "--allow-privileged",
        # No controller makes the account `default` that this would ask of every pod.
        "--disable-admission-plugins=ServiceAccount",
        # Its own address is a loopback one, which an Endpoints object may not hold.
        "--endpoint-reconciler-type=none",
    ]


def _certificates(folder: Path) -> Path:
    return folder / "certificates"


def _kubeconfig(folder: Path, tokens: dict[str, str], port: int) -> Path:
    place = folder / "kubeconfig"
    place.touch(mode=0o600)
    # The server makes its certificate when it starts; the file holds the authority that signed it as well.
    cluster = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority": str(_certificates(folder) / "apiserver.crt"),
    }
    place.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "test", "cluster": cluster}],
                "users": [{"name": user, "user": {"token": token}} for user, token in tokens.items()],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": ADMIN}}],
                "current-context": "test",
            }
        )
    )
    return place


def _answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
        return bool(json.load(answer)["health"] == "true")


def _ready(client: Kubectl, folder: Path) -> bool:
    """Whether the server serves, and has made the namespaces that every cluster has."""
    if not (_certificates(folder) / "apiserver.crt").exists():
        return False
    try:
        return client("get", "--raw=/readyz") == "ok" and bool(client.get("namespace", "default"))
    except RefusedError:
        return False
