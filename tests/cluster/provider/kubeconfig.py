"""A kubeconfig, given as its content or its path: which server, trusted how, as whom."""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import yaml

_PEMS = ("client-certificate", "client-key")
_UNDERSTOOD = {"token", "tokenFile", *_PEMS, *(f"{name}-data" for name in _PEMS)}


class KubeconfigError(Exception):
    """A kubeconfig that cannot be used. The message holds nothing of its content but names."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One API server as one user. namespace: that of the context, or empty."""

    server: SplitResult
    trust: ssl.SSLContext | None
    namespace: str
    token: str = field(default="", repr=False)


def read_kubeconfig(given: str, *, context: str = "", cluster: str = "") -> Cluster:
    """The server of a context (default: the current one) of a kubeconfig.

    given: the content, or a path. cluster: takes the place of the context's. Raises KubeconfigError.
    """
    path = Path(given).expanduser() if "\n" not in given and not given.lstrip().startswith("{") else None
    try:
        text = path.read_text() if path else given
        found = yaml.safe_load(text)
        name = context or found["current-context"]
        chosen = _named(found, "context", name)
        server = _named(found, "cluster", cluster or chosen["cluster"])
        user = _named(found, "user", chosen["user"])
        url = urlsplit(str(server["server"]))
    except OSError as error:
        raise KubeconfigError(f"the kubeconfig cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, KeyError, TypeError):
        raise KubeconfigError("the kubeconfig is not one: it needs clusters, users and the context to use") from None
    if unknown := set(user) - _UNDERSTOOD:
        raise KubeconfigError(f"this provider cannot authenticate with {', '.join(sorted(unknown))}")
    base = path.parent if path else Path()
    token = str(user.get("token", ""))
    if not token and "tokenFile" in user:
        token = (base / user["tokenFile"]).read_text().strip()
    trust = _trust(server, user, base) if url.scheme == "https" else None
    return Cluster(url, trust, str(chosen.get("namespace", "")), token)


def _named(found: Mapping[str, Any], what: str, name: str) -> Mapping[str, Any]:
    for each in found.get(f"{what}s") or []:
        if each["name"] == name:
            held: Mapping[str, Any] = each.get(what) or {}
            return held
    raise KubeconfigError(f"the kubeconfig has no {what} {name!r}")


def _trust(server: Mapping[str, Any], user: Mapping[str, Any], base: Path) -> ssl.SSLContext:
    if server.get("insecure-skip-tls-verify"):
        made = ssl.create_default_context()
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    else:
        authority = _pem(server, "certificate-authority", base)
        made = ssl.create_default_context(cadata=authority or None)
    certificate, key = (_pem(user, name, base) for name in _PEMS)
    if certificate:
        # The ssl module takes them from files alone.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(f"{certificate}\n{key}")
            file.flush()
            made.load_cert_chain(file.name)
    return made


def _pem(section: Mapping[str, Any], name: str, base: Path) -> str:
    if data := section.get(f"{name}-data"):
        return base64.b64decode(data).decode()
    return (base / section[name]).read_text() if section.get(name) else ""
