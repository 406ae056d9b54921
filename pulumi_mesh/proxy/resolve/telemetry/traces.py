"""Which requests a proxy traces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pulumi_mesh.frozen import FrozenMap
from pulumi_mesh.istio import Telemetry, telemetry
from pulumi_mesh.manifests.facts import ExtensionProvider, Proxy
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.proxy.resolve.extension_providers import number, part, provider_of
from pulumi_mesh.proxy.resolve.telemetry.applicable import Mode, matches, names_of
from pulumi_mesh.proxy.resolve.telemetry.tags import custom_tags, mesh_tags, own_tags
from pulumi_mesh.proxy.resolve.telemetry.tracers import Tracer, tracer
from pulumi_mesh.proxy.view.telemetry import Tracing

_ALL = FrozenMap({"value": 100.0})
_SAMPLED = 1.0
"""Percent, where nothing is said: istiod's default of PILOT_TRACE_SAMPLING."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What is traced on one side. tracing: None for nothing. by_request_id: whether the request's id carries the
    decision on."""

    tracing: Tracing | None = None
    by_request_id: bool = True


@dataclass(frozen=True, slots=True)
class _Said:
    """What Telemetry says of tracing on one side."""

    provider: ExtensionProvider | None
    disabled: bool = False
    share: float | None = None
    tags: tuple[tuple[str, telemetry.CustomTag], ...] = ()
    by_request_id: bool = True
    istio_tags: bool = True
    propagate: bool = True


def traces(snapshot: Snapshot, proxy: Proxy, telemetries: Iterable[Telemetry], side: Mode) -> Traces:
    """What a proxy traces on one side.

    Without a provider, and without ``defaultConfig.tracing``, nothing: istiod then samples 1 % of the requests, of
    which nobody is told.

    Mirrors Telemetries.Tracing (pilot/pkg/model/telemetry.go) and configureTracingFromTelemetry (core/tracing.go).
    """
    mesh = snapshot.mesh
    entries = [entry for each in telemetries for entry in each.spec.tracing or ()]
    if not entries and not mesh.tracing_providers:
        if not mesh.enable_tracing or not mesh.tracing:
            return Traces()
        istio_tags = mesh.tracing.get("enableIstioTags") is not False
        return Traces(_tracing(snapshot, proxy, None, _Said(None, istio_tags=istio_tags), _share(snapshot)))
    said = _said(snapshot, entries, side)
    if said.disabled or said.provider is None:
        return Traces()
    found = tracer(snapshot, proxy, said.provider)
    if found is None:
        return Traces()
    share = _share(snapshot) if said.share is None else said.share
    return Traces(_tracing(snapshot, proxy, found, said, share), said.by_request_id)


def _said(snapshot: Snapshot, entries: Iterable[telemetry.Tracing], side: Mode) -> _Said:
    default = snapshot.mesh.tracing_providers
    said = _Said(provider_of(snapshot.mesh, default[0]) if default else None)
    for each in entries:
        if not matches(each.match.mode if each.match else None, side):
            continue
        names = names_of(each.providers)
        if names:
            said = replace(said, provider=provider_of(snapshot.mesh, names[0]))
        if each.disable_span_reporting is not None:
            said = replace(said, disabled=each.disable_span_reporting)
        if each.custom_tags is not None:
            said = replace(said, tags=tuple(sorted(each.custom_tags.items())))
        if each.random_sampling_percentage is not None:
            said = replace(said, share=float(each.random_sampling_percentage))
        if each.use_request_id_for_trace_sampling is not None:
            said = replace(said, by_request_id=each.use_request_id_for_trace_sampling)
        if each.enable_istio_tags is not None:
            said = replace(said, istio_tags=each.enable_istio_tags)
        if each.disable_context_propagation is not None:
            said = replace(said, propagate=not each.disable_context_propagation)
    return said


def _share(snapshot: Snapshot) -> float:
    """Percent. Mirrors proxyConfigSamplingValue (core/tracing.go), which takes more than all for 1."""
    given = snapshot.mesh.tracing.get("sampling")
    share = float(given) if isinstance(given, int | float) else 0.0
    return _SAMPLED if share == 0 or share > 100 else share


def _tracing(snapshot: Snapshot, proxy: Proxy, found: Tracer | None, said: _Said, share: float) -> Tracing:
    """Mirrors buildHCMTracing, configureSampling and configureCustomTags (core/tracing.go)."""
    settings = snapshot.mesh.tracing
    tags = own_tags(proxy) if said.istio_tags else ()
    tags += custom_tags(said.tags) if said.tags else mesh_tags(part(settings, "customTags"))
    extra: dict[str, object] = {"client_sampling": _ALL, "overall_sampling": _ALL}
    if tags:
        extra["custom_tags"] = tuple(sorted(tags, key=lambda tag: str(tag["tag"])))
    longest = (found.longest_tag if found else 0) or number(settings, "maxPathTagLength")
    if longest:
        extra["max_path_tag_length"] = longest
    if found is not None and found.spawns:
        extra["spawn_upstream_span"] = True
    if not said.propagate:
        extra["no_context_propagation"] = True
    if found is None:
        return Tracing(random_sampling=share, extra=FrozenMap(extra))
    return Tracing(found.name, found.config, share, FrozenMap(extra))
