"""The local authority: what its certificates say, whom they convince, and where keys may be."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from cryptography.x509.verification import PolicyBuilder, Store

from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.authority import Authority

REVIEWS = "spiffe://cluster.local/ns/bookinfo/sa/reviews"


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def names(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert extension.critical
    return [str(name.value) for name in extension.value]


def test_a_workload_has_one_uri_and_serves_and_calls(tmp_path: Path) -> None:
    authority = Authority("cluster.local", tmp_path / "ca")
    leaf = load(authority.issue_workload(REVIEWS).chain)
    assert names(leaf) == [REVIEWS]
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    key_usage = leaf.extensions.get_extension_for_oid(ExtensionOID.KEY_USAGE)
    assert key_usage.critical
    leaf.verify_directly_issued_by(load(authority.roots))
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == 1


def test_a_server_has_its_hosts_and_convinces_a_client(tmp_path: Path) -> None:
    authority = Authority("cluster.local", tmp_path / "ca")
    issued = authority.issue_server(["shop.example.com", "*.example.com", "127.0.0.1"])
    leaf = load(issued.chain)
    assert names(leaf) == ["shop.example.com", "*.example.com", "127.0.0.1"]
    verifier = (
        PolicyBuilder().store(Store([load(authority.roots)])).build_server_verifier(x509.DNSName("other.example.com"))
    )
    assert verifier.verify(leaf, []) == [leaf, load(authority.roots)]
    context = ssl.create_default_context(cafile=str(issued.roots))
    context.load_cert_chain(issued.chain, issued.key)


def test_keys_are_elliptic_private_and_nowhere_else(tmp_path: Path) -> None:
    authority = Authority("cluster.local", tmp_path / "ca")
    issued = authority.issue_workload(REVIEWS)
    key = serialization.load_pem_private_key(issued.key.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
    assert issued.key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and b"PRIVATE" in path.read_bytes()]
    assert holding == [issued.key]
    assert "PRIVATE" not in repr(authority) + repr(issued)


def test_asked_again_it_replaces_the_files(tmp_path: Path) -> None:
    authority = Authority("cluster.local", tmp_path / "ca")
    first = authority.issue_workload(REVIEWS)
    before = load(first.chain).serial_number
    assert authority.issue_workload(REVIEWS) == first
    assert load(first.chain).serial_number != before


def test_a_host_name_for_each_path(tmp_path: Path) -> None:
    authority = Authority("cluster.local", tmp_path / "ca")
    keys = {
        authority.issue_workload(REVIEWS).key,
        authority.issue_workload(REVIEWS + "-2").key,
        authority.issue_server(["*.example.com"]).key,
        authority.issue_server(["-.example.com"]).key,
        authority.issue_server([f"{'a' * 60}.example.com"] * 20).key,
    }
    assert len(keys) == 5


@pytest.mark.parametrize(
    "spiffe_id",
    [
        "",
        "reviews",
        "spiffe://other/ns/a/sa/b",
        "spiffe://cluster.local",
        "spiffe://cluster.local/",
        "spiffe://cluster.local/ns/..",
        "spiffe://cluster.local/ns/a b",
    ],
)
def test_what_is_no_identity_of_the_domain_is_refused(tmp_path: Path, spiffe_id: str) -> None:
    with pytest.raises(MeshError, match="trust domain 'cluster"):
        Authority("cluster.local", tmp_path / "ca").issue_workload(spiffe_id)


def test_what_cannot_stand_in_a_certificate_is_refused(tmp_path: Path) -> None:
    authority = Authority("cluster.local", tmp_path / "ca")
    with pytest.raises(MeshError, match="punycode"):
        authority.issue_server(["bücher.example"])
    with pytest.raises(MeshError, match="at least one"):
        authority.issue_server([])
    with pytest.raises(MeshError, match="trust domain"):
        Authority("Cluster Local", tmp_path / "other")
