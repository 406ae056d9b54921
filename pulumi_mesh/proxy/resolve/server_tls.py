"""TLS that a gateway ends."""

from __future__ import annotations

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import gateway
from pulumi_mesh.proxy.resolve.client_tls import TRUST_ROOT, WORKLOAD_CERTIFICATE, names_of_any_type
from pulumi_mesh.proxy.view.matching import EMPTY
from pulumi_mesh.proxy.view.tls import DownstreamTls, SecretRef, Validation

_VERSIONS = {"TLSV1_0": "TLSv1_0", "TLSV1_1": "TLSv1_1", "TLSV1_2": "TLSv1_2", "TLSV1_3": "TLSv1_3"}
_AUTHORITY = "-cacert"
"""What istiod puts behind a credential's name for the certificate of its authority."""


def server_tls(tls: gateway.Tls) -> DownstreamTls:
    """The TLS context of a server.

    Mirrors BuildListenerTLSContext (core/listener.go), ApplyCredentialSDSToServerCommonTLSContext and
    ApplyToCommonTLSContext (pilot/pkg/security/model).
    """
    credentials = tuple(tls.credential_names or ((tls.credential_name,) if tls.credential_name else ()))
    if tls.mode == "ISTIO_MUTUAL":
        certificates: tuple[SecretRef, ...] = (WORKLOAD_CERTIFICATE,)
        root = TRUST_ROOT
    elif credentials:
        certificates = tuple(_secret(name) for name in credentials)
        root = _secret(tls.ca_cert_credential_name or credentials[0] + _AUTHORITY)
    else:
        pairs = [(each.server_certificate, each.private_key) for each in tls.tls_certificates or ()]
        pairs = pairs or [(tls.server_certificate, tls.private_key)]
        certificates = tuple(SecretRef(f"file-cert:{cert}~{key}") for cert, key in pairs)
        root = SecretRef(f"file-root:{tls.ca_certificates}") if tls.ca_certificates else TRUST_ROOT
    required = tls.mode in ("MUTUAL", "ISTIO_MUTUAL")
    by_mode = tls.mode in (None, "SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL")
    return DownstreamTls(
        certificates,
        validation=_validation(tls, root) if required or tls.mode == "OPTIONAL_MUTUAL" else None,
        require_client_certificate=required,
        alpn=("h2", "http/1.1"),
        minimum_version=_VERSIONS.get(tls.min_protocol_version or "", "") if by_mode else "",
        maximum_version=_VERSIONS.get(tls.max_protocol_version or "", "") if by_mode else "",
        cipher_suites=tuple(tls.cipher_suites or ()) if by_mode else (),
    )


def _validation(tls: gateway.Tls, root: SecretRef) -> Validation:
    extra: dict[str, object] = names_of_any_type(tls.subject_alt_names or ())
    if tls.verify_certificate_spki:
        extra["verify_certificate_spki"] = tuple(tls.verify_certificate_spki)
    if tls.verify_certificate_hash:
        extra["verify_certificate_hash"] = tuple(tls.verify_certificate_hash)
    if tls.insecure_skip_verify:
        extra["trust_chain_verification"] = "ACCEPT_UNTRUSTED"
    return Validation(root, extra=FrozenMap(extra) if extra else EMPTY)


def _secret(name: str) -> SecretRef:
    """Mirrors ToResourceName (pilot/pkg/model/credentials)."""
    return SecretRef(name if "://" in name else f"kubernetes://{name}")
