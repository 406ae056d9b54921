"""A certificate authority for one run: workload identities (SPIFFE X.509-SVID) and gateway certificates.

The authority's own key lives in memory only. Leaf keys are written to a private folder, because Envoy reads
files.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.extra import needed
from pulumi_mesh.local.folder import make_private, replace_file, short_name

with needed():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SPIFFE_ID = re.compile(r"spiffe://(?P<trust_domain>[a-z0-9._-]{1,255})(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+")
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}")
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Paths of a leaf: its chain, its private key, and the roots that its peers' certificates come from."""

    chain: Path
    key: Path
    roots: Path


class Authority:
    """A root certificate (EC P-256) for ``trust_domain``, and what it signs under ``folder``.

    lifetime: of the root and of every leaf; default one day, far longer than a run.
    Raises MeshError for a trust domain that SPIFFE does not allow.
    """

    def __init__(self, trust_domain: str, folder: Path, *, lifetime: timedelta = timedelta(days=1)) -> None:
        if not _TRUST_DOMAIN.fullmatch(trust_domain):
            raise MeshError(
                f"{trust_domain!r} is not a SPIFFE trust domain: lower-case letters, digits, '.', '-' and '_'"
            )
        self.trust_domain = trust_domain
        self.folder = make_private(folder)
        self.roots = folder / "root.pem"
        self._lifetime = lifetime
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pulumi-mesh local authority")])
        self._root = (
            self._builder(name, self._key.public_key(), issuer=name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(_alternative_names([f"spiffe://{trust_domain}"]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        replace_file(self.roots, self._root.public_bytes(serialization.Encoding.PEM), mode=0o644)

    def __repr__(self) -> str:
        return f"Authority({self.trust_domain!r}, {str(self.folder)!r})"

    def issue_workload(self, spiffe_id: str) -> Certificate:
        """A leaf for client and server with ``spiffe_id`` as its one URI name.

        Raises MeshError when that is no SPIFFE ID of this trust domain. Asked again, it replaces the files.
        """
        match = _SPIFFE_ID.fullmatch(spiffe_id)
        if match is None or match["trust_domain"] != self.trust_domain:
            raise MeshError(f"{spiffe_id!r} is not a SPIFFE ID of the trust domain {self.trust_domain!r}")
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(spiffe_id, [spiffe_id], usages)

    def issue_server(self, hostnames: Sequence[str]) -> Certificate:
        """A leaf for a server with ``hostnames`` (``*.example.com`` and IP addresses too) as its names."""
        if not hostnames:
            raise MeshError("a server certificate needs at least one host name")
        return self._issue(",".join(hostnames), list(hostnames), [ExtendedKeyUsageOID.SERVER_AUTH])

    def _issue(self, label: str, names: list[str], usages: list[x509.ObjectIdentifier]) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = (
            self._builder(x509.Name([]), key.public_key(), issuer=self._root.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            # RFC 5280, 4.2.1.6: critical, since the subject is empty.
            .add_extension(_alternative_names(names), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        folder = self.folder / short_name(label, length=60)
        issued = Certificate(folder / "chain.pem", folder / "key.pem", self.roots)
        replace_file(
            issued.key,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        replace_file(issued.chain, leaf.public_bytes(serialization.Encoding.PEM), mode=0o644)
        return issued

    def _builder(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, *, issuer: x509.Name
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public_key)
            .serial_number(secrets.randbits(128) + 1)
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(now + self._lifetime)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative_name(name) for name in names])


def _alternative_name(name: str) -> x509.GeneralName:
    if name.startswith("spiffe://"):
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise MeshError(f"{name!r} cannot stand in a certificate: write it in ASCII (punycode)") from None
