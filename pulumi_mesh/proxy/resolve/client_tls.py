"""TLS from a proxy to the endpoints of a cluster: mutual TLS by itself, or as a destination rule says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pulumi_mesh.frozen import FrozenMap, freeze, thaw
from pulumi_mesh.istio import destination_rule
from pulumi_mesh.proxy.view.clusters import HttpOptions, TransportMatch
from pulumi_mesh.proxy.view.matching import EMPTY, StringMatch
from pulumi_mesh.proxy.view.tls import PlainText, ProxyProtocol, SecretRef, Transport, UpstreamTls, Validation, spoken

WORKLOAD_CERTIFICATE = SecretRef("default")
TRUST_ROOT = SecretRef("ROOTCA")
PLAIN = PlainText()
_CONFIG_MAP = "configmap://"
_MATCH_ISTIO = FrozenMap({"tlsMode": "istio"})
_NOTHING_VALIDATED: FrozenMap[str, object] = freeze({"common_tls_context": {"validation_context": {}}})
"""As istiod writes it where certificates are files; where they are credentials it writes nothing."""


@dataclass(frozen=True, slots=True)
class ClientTls:
    """What a cluster gets. http: the cluster's options with what TLS adds to them."""

    transport: Transport = PLAIN
    matches: tuple[TransportMatch, ...] = ()
    http: HttpOptions | None = None


def client_tls(
    tls: destination_rule.Tls | None,
    *,
    http: HttpOptions | None,
    sni: str,
    identities: tuple[str, ...],
    automatic: bool,
    credentials: bool,
    external: bool = False,
    defaults: FrozenMap[str, object] = EMPTY,
) -> ClientTls:
    """The transport toward a cluster.

    sni, identities: for mutual TLS where the rule says none. automatic: without a rule, endpoints that can take
    mutual TLS get it. credentials: whether a credential of the rule may be used: by gateways, and by sidecars that
    the rule selects. external: whether a ServiceEntry has the service; then ``identities`` are what its certificates
    carry, where the rule says none. defaults: the mesh's ``tlsDefaults``.

    Mirrors buildUpstreamTLSSettings, buildUpstreamClusterTLSContext and applyUpstreamTLSSettings
    (core/cluster_tls.go). As with istiod without metadata exchange (which a stock Envoy lacks), ALPN offers
    ``istio``, and ``h2`` where the cluster speaks it.
    """
    if tls is None:
        if not automatic:
            return ClientTls(http=http)
        mutual = _istio_mutual(sni, identities, http)
        matches = (
            TransportMatch("tlsMode-istio", _MATCH_ISTIO, mutual),
            TransportMatch("tlsMode-disabled", FrozenMap(), PLAIN),
        )
        return ClientTls(matches=matches, http=http)
    match tls.mode:
        case "ISTIO_MUTUAL":
            names = identities if tls.subject_alt_names is None else tls.subject_alt_names
            return ClientTls(_istio_mutual(tls.sni or sni, names, http), http=http)
        case "SIMPLE" | "MUTUAL" if credentials or not _is_secret(tls.credential_name or ""):
            names = tls.subject_alt_names or (identities if external else ())
            return ClientTls(_originated(tls, names, http, defaults) or PLAIN, http=_checked_names(tls, http))
        case _:
            return ClientTls(http=http)


def with_proxy_protocol(
    said: destination_rule.ProxyProtocol, transport: Transport, matches: tuple[TransportMatch, ...]
) -> tuple[Transport, tuple[TransportMatch, ...]]:
    """The transports of a cluster whose endpoints are told first who the client is.

    Mirrors applyUpstreamProxyProtocol (core/cluster_traffic_policy.go).
    """
    version = said.version or "V1"
    if not matches:
        return ProxyProtocol(spoken(transport), version), ()
    told = (replace(each, transport=ProxyProtocol(spoken(each.transport), version)) for each in matches)
    return transport, tuple(told)


def _istio_mutual(sni: str, identities: Iterable[str], http: HttpOptions | None) -> UpstreamTls:
    return UpstreamTls(
        certificates=(WORKLOAD_CERTIFICATE,),
        validation=_validation(TRUST_ROOT, tuple(identities)),
        sni=sni,
        alpn=("istio", "h2") if _is_http2(http) else ("istio",),
        minimum_version="TLSv1_2",
        maximum_version="TLSv1_3",
    )


def _originated(
    tls: destination_rule.Tls, names: Iterable[str], http: HttpOptions | None, defaults: FrozenMap[str, object]
) -> UpstreamTls | None:
    """TLS to a server outside the mesh; none where a certificate is asked for and not named. names: what the server's
    certificate carries.

    Mirrors constructUpstreamTLS and applyTLSDefaults (core/cluster_tls.go).
    """
    mutual = tls.mode == "MUTUAL"
    certificates: tuple[SecretRef, ...] = ()
    extra: FrozenMap[str, object] = EMPTY
    if tls.credential_name:
        root = _credential(f"{tls.credential_name}-cacert")
        certificates = (_credential(tls.credential_name),) if mutual else ()
    else:
        root = SecretRef(f"file-root:{tls.ca_certificates or 'system'}")
        if mutual and not (tls.client_certificate and tls.private_key):
            return None
        if mutual:
            certificates = (SecretRef(f"file-cert:{tls.client_certificate or ''}~{tls.private_key or ''}"),)
        if tls.insecure_skip_verify:
            extra = _NOTHING_VALIDATED
    return UpstreamTls(
        certificates=certificates,
        validation=None if tls.insecure_skip_verify else _validation(root, tuple(names), _revocations(tls)),
        sni=tls.sni or "",
        alpn=("h2",) if _is_http2(http) else (),
        minimum_version="TLSv1_2",
        maximum_version="TLSv1_3",
        cipher_suites=tuple(map(str, freeze(defaults.get("cipherSuites")) or ())),
        extra=with_curves(extra, defaults),
    )


def _is_secret(name: str) -> bool:
    """Whether a credential is for some only: what a ConfigMap holds is for all."""
    return bool(name) and not name.startswith(_CONFIG_MAP)


def _credential(name: str) -> SecretRef:
    """Mirrors ConstructSdsSecretConfigForCredential (pilot/pkg/security/model)."""
    match name.removeprefix("sds://"):
        case "builtin://":
            return WORKLOAD_CERTIFICATE
        case "builtin://-cacert":
            return TRUST_ROOT
        case plain:
            return SecretRef(plain if "://" in plain else f"kubernetes://{plain}")


def _validation(root: SecretRef, names: tuple[str, ...], revocations: FrozenMap[str, object] = EMPTY) -> Validation:
    """Identities are URIs; any other name may be of any type."""
    if all(each.startswith("spiffe://") for each in names):
        return Validation(root, _exactly(names), revocations)
    return Validation(root, extra=FrozenMap({**names_of_any_type(names), **revocations}))


def _revocations(tls: destination_rule.Tls) -> FrozenMap[str, object]:
    if not tls.ca_crl or tls.credential_name:
        return EMPTY
    return FrozenMap({"crl": FrozenMap({"filename": tls.ca_crl})})


def with_curves(extra: FrozenMap[str, object], defaults: FrozenMap[str, object]) -> FrozenMap[str, object]:
    """With the curves of the mesh's ``tlsDefaults``, of either side of TLS."""
    curves = defaults.get("ecdhCurves")
    if not curves:
        return extra
    common = thaw(extra.get("common_tls_context", {}))
    made = {**common, "tls_params": {"ecdh_curves": thaw(curves)}}
    return FrozenMap({**extra, "common_tls_context": freeze(made)})


def _checked_names(tls: destination_rule.Tls, http: HttpOptions | None) -> HttpOptions | None:
    """The Host header is the SNI, and the certificate must carry it, where the rule says neither.

    Mirrors setAutoSniAndAutoSanValidation (core/cluster_tls.go).
    """
    if tls.sni:
        return http
    options = {"auto_sni": True}
    if not tls.subject_alt_names and not tls.insecure_skip_verify:
        options["auto_san_validation"] = True
    http = http or HttpOptions()
    return replace(http, extra=FrozenMap({**http.extra, "upstream_http_protocol_options": FrozenMap(options)}))


def names_of_any_type(names: Iterable[str]) -> dict[str, object]:
    """What a certificate must carry, be it as DNS name, URI or address: the field of Envoy that istiod uses."""
    tests = tuple(FrozenMap({"exact": each}) for each in names)
    return {"match_subject_alt_names": tests} if tests else {}


def _is_http2(http: HttpOptions | None) -> bool:
    return http is not None and http.protocol == "http2"


def _exactly(names: Iterable[str]) -> tuple[StringMatch, ...]:
    return tuple(StringMatch("exact", each) for each in names)
