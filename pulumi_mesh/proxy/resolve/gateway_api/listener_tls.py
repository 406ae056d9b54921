"""How a listener speaks TLS, in the words of Istio's ``servers[].tls``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Literal

from pulumi_mesh.gateway_api import Gateway, ListenerSet, gateway
from pulumi_mesh.kubernetes import Secret
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.gateway_api.references import (
    CONFIG_MAP,
    GATEWAY,
    LISTENER_SET,
    SECRET,
    Grants,
    Kind,
    kind_of,
)
from pulumi_mesh.proxy.resolve.gateway_api.words import Json
from pulumi_mesh.typed import has_token

_MODE_OPTION = "gateway.istio.io/tls-terminate-mode"
_CIPHERS_OPTION = "gateway.istio.io/tls-cipher-suites"
_LISTENER_OPTION = "gateway.istio.io/listener-protocol"
_NETWORK_LABEL = "topology.istio.io/network"
_PORT_LABEL = "networking.istio.io/gatewayPort"
_CA_SUFFIX = "-cacert"

Tls = tuple[Json | None, bool]
"""The settings, None where the listener has no ``tls``; and whether all that they refer to can be used."""


def listener_tls(
    snapshot: Snapshot, grants: Grants, owner: Gateway | ListenerSet, parent: Gateway, listener: gateway.Listener
) -> Tls:
    """The TLS settings of a listener. owner: what it stands in. parent: the Gateway it belongs to.

    Mirrors buildTLS (conversion.go). A Secret or ConfigMap that the snapshot has not is taken to be there and good:
    it often is made by somebody else.
    """
    tls = listener.tls
    if tls is None:
        return None, True
    made: Json = {}
    options: Mapping[str, str] = tls.options or {}
    if tls.mode == "Passthrough":
        made["mode"] = "AUTO_PASSTHROUGH" if _auto_passthrough(owner.labels, listener) else "PASSTHROUGH"
    else:
        wanted = options.get(_MODE_OPTION)
        if wanted == "ISTIO_SIMPLE":
            return {"mode": "SIMPLE", "credentialName": "builtin://"}, True
        if wanted == "ISTIO_MUTUAL":
            return {"mode": "ISTIO_MUTUAL"}, True
        made["mode"] = wanted if wanted in ("MUTUAL", "OPTIONAL_MUTUAL") else "SIMPLE"
        if not _certificates(made, snapshot, grants, owner, tls):
            return made, False
        validation = _validation(parent, listener.port)
        if validation is not None and not _client_validation(made, validation, grants, owner, wanted):
            return made, False
    suites = [each.strip() for each in options.get(_CIPHERS_OPTION, "").split(",") if each.strip()]
    if suites:
        made["cipherSuites"] = suites
    return made, True


def _certificates(
    made: Json, snapshot: Snapshot, grants: Grants, owner: Gateway | ListenerSet, tls: gateway.ListenerTls
) -> bool:
    """Put in the server certificates; False where there are too many, or none that may be used."""
    references = tls.certificate_refs or ()
    if len(references) > 2:
        return False
    names = [_certificate(snapshot, grants, owner, each) for each in references]
    valid = sum(1 for each in names if each)
    if valid == 1:
        made["credentialName"] = names[0]
    elif valid:
        made["credentialNames"] = names
    return bool(valid) or not names


def _certificate(
    snapshot: Snapshot, grants: Grants, owner: Gateway | ListenerSet, reference: gateway.CertificateRef
) -> str:
    """The name of a certificate's resource; empty where it cannot be used. Mirrors buildSecretReference."""
    if kind_of(reference.group, reference.kind, SECRET) != SECRET:
        return ""
    namespace = reference.namespace or owner.namespace
    if not _usable(snapshot, namespace, reference.name):
        return ""
    if namespace != owner.namespace and not grants.allow(
        _kind(owner), owner.namespace, SECRET, namespace, reference.name
    ):
        return ""
    return f"kubernetes-gateway://{namespace}/{reference.name}"


def _usable(snapshot: Snapshot, namespace: str, name: str) -> bool:
    """Whether a Secret that is known holds a certificate and its key. Mirrors ExtractCertInfo (credentials/kube)."""
    known = next((each for each in snapshot.of(Secret) if (each.namespace, each.name) == (namespace, name)), None)
    if known is None:
        return True
    found = {key: _decoded(value) for key, value in (known.data or {}).items()}
    found.update(known.string_data or {})
    pairs = ((found.get("cert"), found.get("key")), (found.get("tls.crt"), found.get("tls.key")))
    return any(_is_pem(certificate) and _is_pem(key) for certificate, key in pairs)


def _decoded(value: str) -> str:
    if has_token(value):
        return value
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _is_pem(text: str | None) -> bool:
    return bool(text) and (has_token(text) or "-----BEGIN " in str(text))


def _validation(parent: Gateway, port: int) -> gateway.Validation | None:
    """What the Gateway asks of clients on a port. Mirrors resolveGatewayTLS (conversion.go)."""
    frontend = parent.spec.tls.frontend if parent.spec.tls else None
    if frontend is None:
        return None
    return next((each.tls for each in frontend.per_port or () if each.port == port), frontend.default_).validation


def _client_validation(
    made: Json,
    validation: gateway.Validation,
    grants: Grants,
    owner: Gateway | ListenerSet,
    wanted: str | None,
) -> bool:
    """Put in how client certificates are checked; False where the CA cannot be used."""
    if len(validation.ca_certificate_refs) != 1:
        return False
    reference = validation.ca_certificate_refs[0]
    kind = Kind(reference.group, reference.kind)
    schemes: Mapping[Kind, Literal["configmap", "kubernetes-gateway"]] = {
        CONFIG_MAP: "configmap",
        SECRET: "kubernetes-gateway",
    }
    if kind not in schemes:
        return False
    namespace, name = reference.namespace or owner.namespace, f"{reference.name}{_CA_SUFFIX}"
    # istiod looks a grant up by the name of the resource, suffix and all: one that names the CA does not count.
    if namespace != owner.namespace and not grants.allow(_kind(owner), owner.namespace, kind, namespace, name):
        return False
    lenient = validation.mode == "AllowInsecureFallback"
    made["mode"] = "OPTIONAL_MUTUAL" if lenient else "MUTUAL"
    made["insecureSkipVerify"] = lenient
    made["caCertCredentialName"] = f"{schemes[kind]}://{namespace}/{name}"
    if wanted in ("MUTUAL", "OPTIONAL_MUTUAL"):
        made["mode"] = wanted
        made["insecureSkipVerify"] = False
    return True


def _kind(owner: Gateway | ListenerSet) -> Kind:
    return LISTENER_SET if isinstance(owner, ListenerSet) else GATEWAY


def _auto_passthrough(labels: Mapping[str, Any], listener: gateway.Listener) -> bool:
    """Whether a listener joins networks. Mirrors IsAutoPassthrough (serviceregistry/kube)."""
    options: Mapping[str, str] = (listener.tls.options if listener.tls else None) or {}
    if options.get(_LISTENER_OPTION) == "auto-passthrough":
        return True
    return _NETWORK_LABEL in labels and str(listener.port) == labels.get(_PORT_LABEL, "15443")
