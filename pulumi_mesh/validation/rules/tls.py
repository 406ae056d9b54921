"""TLS settings of clients (DestinationRules) and of servers (Gateways, Sidecars)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_mesh.validation.verdict import Problem, warning
from pulumi_mesh.words.cipher_suites import CIPHER_SUITES

Object = Mapping[str, Any]

_CONFIG_MAP = "configmap://"


def client_tls(settings: Object, path: str, namespace: str) -> Iterator[Problem]:
    """``tls`` of a traffic policy."""
    mode, name = settings.get("mode") or "DISABLE", settings.get("credentialName") or ""
    if name.startswith(_CONFIG_MAP):
        yield from _config_map(name, f"{path}.credentialName", namespace)
    authority, names = settings.get("caCertificates"), settings.get("subjectAltNames")
    if settings.get("insecureSkipVerify"):
        if mode == "SIMPLE" and (authority or name or names):
            yield Problem(path, "insecureSkipVerify does not go with caCertificates, credentialName or subjectAltNames")
        if mode == "MUTUAL" and (authority or names):
            yield Problem(path, "insecureSkipVerify does not go with caCertificates or subjectAltNames")
    certificate, key = settings.get("clientCertificate"), settings.get("privateKey")
    if name and mode in {"SIMPLE", "MUTUAL"}:
        if certificate or authority or key or settings.get("caCrl"):
            yield Problem(path, "credentialName does not go with certificates, keys and CRLs in files")
    elif mode == "MUTUAL":
        if not certificate:
            yield Problem(f"{path}.clientCertificate", "MUTUAL needs the client's certificate")
        if not key:
            yield Problem(f"{path}.privateKey", "MUTUAL needs the client's key")


def _config_map(name: str, path: str, namespace: str) -> Iterator[Problem]:
    parts = name.removeprefix(_CONFIG_MAP).split("/")
    if len(parts) < 2 or not parts[0] or not parts[1]:
        yield Problem(path, "a config map is named configmap://NAMESPACE/NAME")
    elif parts[0] != namespace:
        yield Problem(path, f"a config map of the same namespace, {namespace}, is expected")


def server_tls(tls: Object, path: str) -> Iterator[Problem]:
    """``tls`` of a Gateway's server or of a Sidecar's ingress."""
    mode = tls.get("mode") or "PASSTHROUGH"
    yield from _versions_and_ciphers(tls, path)
    certificate, key, authority = tls.get("serverCertificate"), tls.get("privateKey"), tls.get("caCertificates")
    name, names, pairs = tls.get("credentialName"), tls.get("credentialNames"), tls.get("tlsCertificates")
    if mode == "ISTIO_MUTUAL":
        for field in _CREDENTIALS:
            if field != "caCrl" and tls.get(field):
                yield Problem(f"{path}.{field}", "with ISTIO_MUTUAL Istio gives the certificates")
        return
    if mode in {"PASSTHROUGH", "AUTO_PASSTHROUGH"} and any(tls.get(field) for field in _CREDENTIALS):
        yield warning(path, f"with {mode} certificates have no effect")
    if bool(certificate and key) + bool(name) + bool(names) + bool(pairs) > 1:
        yield Problem(path, "certificates come from one of credentialName, credentialNames, files and tlsCertificates")
    if mode not in {"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"}:
        pass
    elif name or names:
        return
    else:
        if mode != "SIMPLE" and not authority:
            yield Problem(f"{path}.caCertificates", f"{mode} needs the CA certificates of clients")
        if len(pairs or ()) > 2:
            yield warning(f"{path}.tlsCertificates", "up to two certificates have an effect")
        for at, pair in [(f"{path}.tlsCertificates[{i}]", each) for i, each in enumerate(pairs or ())] or [(path, tls)]:
            if not pair.get("serverCertificate"):
                yield Problem(f"{at}.serverCertificate", f"{mode} needs the server's certificate")
            if not pair.get("privateKey"):
                yield Problem(f"{at}.privateKey", f"{mode} needs the server's key")
    if tls.get("caCrl") and name:
        yield Problem(f"{path}.caCrl", "with credentialName the CRL is in the secret")
    if tls.get("caCrl") and mode == "SIMPLE":
        yield Problem(f"{path}.caCrl", "SIMPLE asks for no certificates of clients")


_CREDENTIALS = (
    "caCrl",
    "serverCertificate",
    "privateKey",
    "caCertificates",
    "tlsCertificates",
    "credentialName",
    "credentialNames",
)


def _versions_and_ciphers(tls: Object, path: str) -> Iterator[Problem]:
    suites = tls.get("cipherSuites") or ()
    if tls.get("minProtocolVersion") in {"TLSV1_0", "TLSV1_1"} and not suites:
        yield warning(f"{path}.cipherSuites", "no default cipher suite fits versions below 1.2")
    # What begins with a sign is an expression such as -ALL, which Istio leaves to Envoy.
    unknown = sorted({suite for suite in suites if suite[:1].isalnum() and suite not in CIPHER_SUITES})
    if unknown:
        yield warning(f"{path}.cipherSuites", f"unknown cipher suites have no effect: {', '.join(unknown)}")
    repeated = sorted(suite for suite, count in Counter(suites).items() if count > 1 and suite not in unknown)
    if repeated:
        yield warning(f"{path}.cipherSuites", f"given more than once: {', '.join(repeated)}")
