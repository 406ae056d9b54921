"""Finding the proxy that a user names."""

from __future__ import annotations

import difflib

from pulumi_mesh.errors import MeshError
from pulumi_mesh.manifests.facts import Proxy
from pulumi_mesh.manifests.snapshot import Snapshot

_SHOWN = 10


def find_proxy(snapshot: Snapshot, name: str) -> Proxy:
    """The gateway or sidecar called NAME, NAME.NAMESPACE or NAMESPACE/NAME; of a service with one workload, that one's.

    Raises MeshError, with the names that are near, where there is none or several.
    """
    proxies = snapshot.proxies
    found = [each for each in proxies if name in _names(each)]
    found = found or [each for each in proxies if name in _services(snapshot, each)]
    if len(found) == 1:
        return found[0]
    if found:
        raise MeshError(f"several proxies are named {name!r}: {', '.join(map(proxy_name, found))}")
    if not proxies:
        raise MeshError(f"no proxy is named {name!r}: no workload and no gateway is known")
    texts = {text: each for each in proxies for text in _names(each)}
    near = dict.fromkeys(texts[text] for text in difflib.get_close_matches(name, texts, n=_SHOWN, cutoff=0.5))
    shown = list(near) or list(proxies[:_SHOWN])
    more = f", and {len(proxies) - len(shown)} more" if not near and len(proxies) > len(shown) else ""
    said = "did you mean" if near else "there are"
    raise MeshError(f"no proxy is named {name!r}; {said}: {', '.join(map(proxy_name, shown))}{more}")


def proxy_name(proxy: Proxy) -> str:
    """``NAME.NAMESPACE``, as istioctl takes it."""
    return f"{proxy.name}.{proxy.namespace}"


def _names(proxy: Proxy) -> tuple[str, ...]:
    return proxy.name, proxy_name(proxy), f"{proxy.namespace}/{proxy.name}"


def _services(snapshot: Snapshot, proxy: Proxy) -> tuple[str, ...]:
    names = [each.name for each in snapshot.services_of(proxy.labels, proxy.namespace)]
    return (*names, *(f"{name}.{proxy.namespace}" for name in names))
