"""How paths are brought to one form before anything looks at them: the mesh's choice, for every listener."""

from __future__ import annotations

from dataclasses import replace

from pulumi_mesh.manifests.facts import MeshConfig
from pulumi_mesh.proxy.view.listeners import FilterChain, HttpConnectionManager, Listener, NetworkFilter


def normalized(mesh: MeshConfig, listeners: tuple[Listener, ...]) -> tuple[Listener, ...]:
    """The listeners with ``pathNormalization``. With its default they stay as they are: dots are resolved, no more.

    Mirrors ListenerBuilder.buildHTTPConnectionManager (core/listener_builder.go).
    """
    if mesh.path_normalization in ("DEFAULT", "BASE"):
        return listeners
    return tuple(_listener(each, mesh) for each in listeners)


def _listener(listener: Listener, mesh: MeshConfig) -> Listener:
    default = listener.default_filter_chain
    return replace(
        listener,
        filter_chains=tuple(_chain(each, mesh) for each in listener.filter_chains),
        default_filter_chain=_chain(default, mesh) if default else None,
    )


def _chain(chain: FilterChain, mesh: MeshConfig) -> FilterChain:
    return replace(chain, filters=tuple(_filter(each, mesh) for each in chain.filters))


def _filter(value: NetworkFilter, mesh: MeshConfig) -> NetworkFilter:
    if not isinstance(value, HttpConnectionManager):
        return value
    if mesh.path_normalization == "NONE":
        return replace(value, normalize_path=False)
    if mesh.path_normalization == "MERGE_SLASHES":
        return replace(value, merge_slashes=True)
    return replace(value, merge_slashes=True, path_with_escaped_slashes_action="UNESCAPE_AND_FORWARD")
