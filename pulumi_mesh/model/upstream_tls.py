"""TLS that proxies begin toward a service."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Literal

from pulumi_mesh.model.fields import OptionalHostText
from pulumi_mesh.typed import Bool, FieldError, Text, Texts, default, typed


@typed
class UpstreamTLS:
    """How clients of a service begin TLS: DestinationRule ``trafficPolicy.tls``. In the mesh Istio does it by itself.

    mode: ``SIMPLE`` checks the server's certificate; ``MUTUAL`` shows one of the client's own as well;
        ``ISTIO_MUTUAL`` the workload's identity; ``DISABLE`` sends plain text, also to workloads that take mutual TLS.
    sni: the server name asked for; default: the host name of the request.
    subject_alt_names: the names that the server's certificate may have; default: the host name of the request.

    Certificates, of SIMPLE and MUTUAL, are in a Secret or in files of the proxy:

    credential: the name of the Secret in the namespace of the clients, with CA certificates (``ca.crt``), and for
        MUTUAL ``tls.crt`` and ``tls.key``.
    ca_certificates: the file of CA certificates; default: those of the system.
    client_certificate, private_key: files of MUTUAL.
    insecure_skip_verify: takes whatever certificate the server has.
    """

    mode: Literal["SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "DISABLE"]
    _: KW_ONLY
    sni: OptionalHostText = default(None)
    subject_alt_names: Texts = default(())
    credential: Text = default("")
    ca_certificates: Text = default("")
    client_certificate: Text = default("")
    private_key: Text = default("")
    insecure_skip_verify: Bool = False

    def __post_init__(self) -> None:
        files = ("ca_certificates", "client_certificate", "private_key")
        verifying = ("credential", "insecure_skip_verify", *files)
        if self.mode in ("ISTIO_MUTUAL", "DISABLE"):
            why = "Istio gives the certificates" if self.mode == "ISTIO_MUTUAL" else "plain text needs no certificates"
            self._refuse(verifying, f"with {self.mode} {why}; leave it away")
        if self.mode == "DISABLE":
            self._refuse(("sni", "subject_alt_names"), "with DISABLE there is no TLS; leave it away")
        if self.mode == "SIMPLE":
            problem = "with SIMPLE the client shows no certificate; set mode='MUTUAL'"
            self._refuse(("client_certificate", "private_key"), problem)
        if self.credential:
            self._refuse(files, "certificates come from one place; give credential or files")
        elif self.mode == "MUTUAL":
            for field in ("client_certificate", "private_key"):
                if not getattr(self, field):
                    raise FieldError(field, "MUTUAL needs the client's certificate and key; give credential, or files")
        if self.insecure_skip_verify:
            self._refuse(("ca_certificates", "subject_alt_names"), "nothing is checked; leave it away")
            if self.mode == "SIMPLE":
                self._refuse(("credential",), "nothing is checked; leave it away")

    def _refuse(self, fields: tuple[str, ...], problem: str) -> None:
        for field in fields:
            if getattr(self, field):
                raise FieldError(field, problem)
