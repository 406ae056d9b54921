"""External authorizers, as MeshConfig's extension providers describe them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.manifests.facts import ExtensionProvider
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.extension_providers import (
    Upstream,
    length,
    number,
    part,
    providers,
    text,
    texts,
    upstream_of,
)
from pulumi_mesh.proxy.view.ext_authz import HttpExtAuthz, NetworkExtAuthz
from pulumi_mesh.proxy.view.matching import MetadataMatch
from pulumi_mesh.proxy.view.status_codes import STATUS_CODES

_PROTOCOLS: dict[str, Literal["http", "grpc"]] = {"envoyExtAuthzHttp": "http", "envoyExtAuthzGrpc": "grpc"}
_PATIENCE = timedelta(seconds=600)
"""How long an authorizer may take where nothing is said: istiod's."""

_V3: dict[str, object] = {"transport_api_version": "V3"}
_HEADERS = (
    "includeRequestHeadersInCheck",
    "includeHeadersInCheck",
    "headersToDownstreamOnDeny",
    "headersToDownstreamOnAllow",
    "headersToUpstreamOnAllow",
)


@dataclass(frozen=True, slots=True)
class Authorizer:
    """An authorizer that can be asked. config: in MeshConfig's words."""

    protocol: Literal["http", "grpc"]
    found: Upstream
    config: FrozenMap[str, object]
    status: int

    def http(self, only_if: MetadataMatch) -> HttpExtAuthz:
        """The filter on requests. Mirrors generateHTTPConfig and generateGRPCConfig (builder/extauthz.go)."""
        extra = dict(_V3)
        body = part(self.config, "includeRequestBodyInCheck")
        if body:
            extra["with_request_body"] = _body(body)
        if self.protocol == "grpc":
            extra["grpc_service"] = _grpc(self.found, self.config)
        else:
            extra["http_service"] = _http(self.found, self.config)
            names = texts(self.config, _HEADERS[0]) or texts(self.config, _HEADERS[1])
            if names:
                extra["allowed_headers"] = _patterns(names)
        return HttpExtAuthz(
            self.found.cluster,
            self.protocol,
            only_if,
            allow_on_failure=self.config.get("failOpen") is True,
            status_on_error=self.status,
            extra=FrozenMap(extra),
        )

    def network(self, only_if: MetadataMatch) -> NetworkExtAuthz | None:
        """The filter on connections; None for an authorizer that is asked over HTTP."""
        if self.protocol == "http":
            return None
        return NetworkExtAuthz(
            self.found.cluster,
            "tcp.",
            only_if,
            allow_on_failure=self.config.get("failOpen") is True,
            extra=FrozenMap({**_V3, "grpc_service": _grpc(self.found, self.config)}),
        )


def authorizers(snapshot: Snapshot) -> Mapping[str, Authorizer]:
    """The authorizers of the mesh by name, without those that are wrong or that name an unknown service.

    Mirrors processExtensionProvider (pilot/pkg/security/authz/builder/extauthz.go).
    """
    found: dict[str, Authorizer] = {}
    seen: set[str] = set()
    for each in providers(snapshot.mesh):
        if each.kind not in _PROTOCOLS:
            continue
        made = _authorizer(snapshot, each)
        found.pop(each.name, None)  # of two with one name neither counts
        if made is not None and each.name not in seen:
            found[each.name] = made
        seen.add(each.name)
    return found


def _authorizer(snapshot: Snapshot, provider: ExtensionProvider) -> Authorizer | None:
    config = provider.config
    upstream = upstream_of(snapshot, config)
    status = text(config, "statusOnError") or str(number(config, "statusOnError") or "")
    path = text(config, "pathPrefix")
    wrong = (
        upstream is None
        or not 1 <= number(config, "port") <= 65535
        or not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", provider.name)
        or (status != "" and status not in _STATUSES)
        or (path != "" and not path.startswith("/"))
        or any("*" in texts(config, name) for name in _HEADERS)
    )
    if wrong or upstream is None:
        return None
    return Authorizer(_PROTOCOLS[provider.kind], upstream, config, int(status or 0))


_STATUSES = frozenset(map(str, (0, *STATUS_CODES.values())))


def _http(found: Upstream, config: FrozenMap[str, object]) -> FrozenMap[str, object]:
    server = {"uri": f"http://{found.host}", "timeout": length(config, "timeout", _PATIENCE)}
    service: dict[str, object] = {"server_uri": FrozenMap(server)}
    if text(config, "pathPrefix"):
        service["path_prefix"] = text(config, "pathPrefix")
    more = part(config, "includeAdditionalHeadersInCheck")
    if more:
        added = tuple(FrozenMap({"key": key, "value": more[key]}) for key in sorted(more))
        service["authorization_request"] = FrozenMap({"headers_to_add": added})
    answers = {
        "allowed_upstream_headers": texts(config, "headersToUpstreamOnAllow"),
        "allowed_client_headers": texts(config, "headersToDownstreamOnDeny"),
        "allowed_client_headers_on_success": texts(config, "headersToDownstreamOnAllow"),
    }
    if any(answers.values()):
        service["authorization_response"] = FrozenMap({name: _patterns(each) for name, each in answers.items() if each})
    return FrozenMap(service)


def _grpc(found: Upstream, config: FrozenMap[str, object]) -> FrozenMap[str, object]:
    service = {"envoy_grpc": FrozenMap({"authority": found.host}), "timeout": length(config, "timeout", _PATIENCE)}
    return FrozenMap(service)


def _body(config: FrozenMap[str, object]) -> FrozenMap[str, object]:
    fields: dict[str, object] = {"max_request_bytes": number(config, "maxRequestBytes")}
    flags = {"allow_partial_message": "allowPartialMessage", "pack_as_bytes": "packAsBytes"}
    fields.update({name: True for name, key in flags.items() if config.get(key) is True})
    return FrozenMap({name: value for name, value in fields.items() if value})


def _patterns(names: tuple[str, ...]) -> FrozenMap[str, object]:
    """Header names, with ``*`` at an end. Mirrors generateHeaders (builder/extauthz.go)."""
    return FrozenMap({"patterns": tuple(_pattern(each) for each in names)})


def _pattern(name: str) -> FrozenMap[str, object]:
    kind, value = "exact", name
    if name.startswith("*"):
        kind, value = "suffix", name[1:]
    elif name.endswith("*"):
        kind, value = "prefix", name[:-1]
    return FrozenMap({kind: value, "ignore_case": True})
