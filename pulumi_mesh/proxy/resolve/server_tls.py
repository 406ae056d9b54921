"""TLS that a gateway ends."""

from __future__ import annotations

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import gateway
from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.proxy.resolve.client_tls import TRUST_ROOT, WORKLOAD_CERTIFICATE, names_of_any_type, with_curves
from pulumi_mesh.proxy.view.matching import EMPTY, StringMatch
from pulumi_mesh.proxy.view.tls import NEVER_GIVEN, DownstreamTls, SecretRef, Validation
from pulumi_mesh.words.cipher_suites import CIPHER_SUITES

_VERSIONS = {"TLSV1_0": "TLSv1_0", "TLSV1_1": "TLSv1_1", "TLSV1_2": "TLSv1_2", "TLSV1_3": "TLSv1_3"}
_AUTHORITY = "-cacert"
"""What istiod puts behind a credential's name for the certificate of its authority."""
_WORKLOAD = "builtin://"
"""The credential that is the gateway's own identity in the mesh."""
_OF_SERVERS = (None, "SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL")
"""Modes whose parameters are the server's own or the mesh's; the others have those of mutual TLS in the mesh."""
_KINDS = ("configmap://", "kubernetes://", "kubernetes-gateway://")


def server_tls(tls: gateway.Tls, mesh: MeshConfig) -> DownstreamTls:
    """The TLS context of a server.

    Mirrors BuildListenerTLSContext (core/listener.go), ApplyCredentialSDSToServerCommonTLSContext and
    ApplyToCommonTLSContext (pilot/pkg/security/model). As with istiod without metadata exchange (which a stock Envoy
    lacks), ALPN is the same for TCP.
    """
    required = tls.mode in ("MUTUAL", "ISTIO_MUTUAL")
    credentials = tuple(tls.credential_names or ((tls.credential_name,) if tls.credential_name else ()))
    by_credential = bool(credentials) and tls.mode != "ISTIO_MUTUAL"
    if by_credential:
        certificates = tuple(secret(name) for name in credentials)
        root = secret(tls.ca_cert_credential_name or credentials[0] + _AUTHORITY)
    else:
        certificates, root = _files(tls)
    extra: FrozenMap[str, object] = EMPTY
    if by_credential and tls.mode in (None, "SIMPLE") and tls.subject_alt_names:
        names = FrozenMap(names_of_any_type(tls.subject_alt_names))
        extra = FrozenMap({"common_tls_context": FrozenMap({"validation_context": names})})
    if tls.mode in _OF_SERVERS:
        extra = with_curves(extra, mesh.tls_defaults)
    minimum, maximum, suites = _parameters(tls, mesh)
    return DownstreamTls(
        certificates,
        validation=_validation(tls, root, by_credential) if required or tls.mode == "OPTIONAL_MUTUAL" else None,
        require_client_certificate=required,
        alpn=("h2", "http/1.1"),
        minimum_version=minimum,
        maximum_version=maximum,
        cipher_suites=suites,
        extra=extra,
    )


def _parameters(tls: gateway.Tls, mesh: MeshConfig) -> tuple[str, str, tuple[str, ...]]:
    """The lowest and the highest version, and the cipher suites: the server's, else the mesh's.

    Mirrors applyDownstreamTLSDefaults, applyServerTLSSettings (core/listener.go) and FilterCipherSuites
    (pkg/config/security).
    """
    if tls.mode not in _OF_SERVERS:
        return "", "", ()
    defaults = mesh.tls_defaults
    lowest = defaults.get("minProtocolVersion", "TLS_AUTO")
    common = "" if lowest == "TLS_AUTO" else "TLSv1_3" if lowest == "TLSV1_3" else "TLSv1_2"
    mesh_suites = defaults.get("cipherSuites") or ()
    suites = [each for each in dict.fromkeys(tls.cipher_suites or ()) if _takes(each)]
    return (
        _VERSIONS.get(tls.min_protocol_version or "", common),
        _VERSIONS.get(tls.max_protocol_version or "", ""),
        tuple(suites) or (tuple(map(str, mesh_suites)) if isinstance(mesh_suites, tuple) else ()),
    )


def _takes(suite: str) -> bool:
    """Mirrors IsValidCipherSuite (pkg/config/security): expressions with ``-`` and ``+`` are passed on."""
    return suite in CIPHER_SUITES or not suite[0].isalnum()


def _files(tls: gateway.Tls) -> tuple[tuple[SecretRef, ...], SecretRef]:
    """Certificates that are files in the gateway's pod; the identity in the mesh where there are none."""
    if tls.mode == "ISTIO_MUTUAL":
        return (WORKLOAD_CERTIFICATE,), TRUST_ROOT
    pairs = [(each.server_certificate, each.private_key) for each in tls.tls_certificates or ()]
    certificates = tuple(
        SecretRef(f"file-cert:{certificate}~{key}") if certificate and key else WORKLOAD_CERTIFICATE
        for certificate, key in pairs or [(tls.server_certificate, tls.private_key)]
    )
    return certificates, SecretRef(f"file-root:{tls.ca_certificates}") if tls.ca_certificates else TRUST_ROOT


def _validation(tls: gateway.Tls, root: SecretRef, by_credential: bool) -> Validation:
    """What a client must prove. Hashes count with credentials only, revocations with files only."""
    names = tls.subject_alt_names or ()
    # A SPIFFE identity is sure to be a URI, which is the kind of name that a view knows.
    identities = all(each.startswith("spiffe://") for each in names)
    extra: dict[str, object] = {} if identities else names_of_any_type(names)
    if by_credential and tls.verify_certificate_spki:
        extra["verify_certificate_spki"] = tuple(tls.verify_certificate_spki)
    if by_credential and tls.verify_certificate_hash:
        extra["verify_certificate_hash"] = tuple(tls.verify_certificate_hash)
    if not by_credential and tls.ca_crl:
        extra["crl"] = FrozenMap({"filename": tls.ca_crl})
    if tls.insecure_skip_verify:
        extra["trust_chain_verification"] = "ACCEPT_UNTRUSTED"
    exact = tuple(StringMatch("exact", each) for each in names) if identities else ()
    return Validation(root, exact, extra=FrozenMap(extra) if extra else EMPTY)


def secret(credential: str) -> SecretRef:
    """The secret of a credential's name.

    Mirrors ConstructSdsSecretConfigForCredential (pilot/pkg/security/model) without providers of secrets of their
    own, and ToResourceName (pilot/pkg/model/credentials).
    """
    if credential == _WORKLOAD + _AUTHORITY:
        return TRUST_ROOT
    if credential.startswith(_WORKLOAD):
        return WORKLOAD_CERTIFICATE
    if credential.startswith(NEVER_GIVEN):
        return SecretRef(NEVER_GIVEN)
    name = credential.removeprefix("sds://")
    return SecretRef(name if name.startswith(_KINDS) else f"kubernetes://{name}")
