"""Revision tags: the webhook that injects for a tag, and the Service that stands for its istiod.

Istio's chart can make both (``revisionTags``). Here they are objects of the installation, not of a revision's chart:
when a tag moves, one object changes in place. Between two charts it would be made by one while the other still has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_mesh.errors import OutputError
from pulumi_mesh.kubernetes.service import Service
from pulumi_mesh.manifests.wire import AnyObject, RawObject
from pulumi_mesh.model.control_plane import Istio
from pulumi_mesh.model.installation import merged
from pulumi_mesh.typed import has_token

_INJECT = "sidecar.istio.io/inject"
_REVISION = "istio.io/rev"
_INJECTION = "istio-injection"
_NEVER = ("kube-system", "kube-public", "kube-node-lease", "local-path-storage")

Selector = list[dict[str, Any]]


def revision_tags(istio: Istio) -> tuple[AnyObject, ...]:
    """The objects of all tags of a revision, by tag; what ``istioctl tag set`` would apply, and the tags' Services."""
    values = merged(istio.values, istio.unchecked_values)
    return tuple(
        made for tag in sorted(istio.tags) for made in (_webhook(istio, tag, values), _service(istio, tag, values))
    )


def _webhook(istio: Istio, tag: str, values: Mapping[str, Any]) -> RawObject:
    suffix = "" if istio.namespace == "istio-system" else f"-{istio.namespace}"
    hook = _hook(istio, values)
    selectors = [*_by_tag(tag), *(_by_default(values) if tag == "default" else [])]
    return RawObject(
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        f"istio-revision-tag-{tag}{suffix}",
        labels={"app": "sidecar-injector", **_labels(istio, tag)},
        annotations=_at(values, "sidecarInjectorWebhookAnnotations") or {},
        body={
            "webhooks": [
                {
                    "name": f"{prefix}.sidecar-injector.istio.io",
                    **hook,
                    "namespaceSelector": {"matchExpressions": namespaces},
                    "objectSelector": {"matchExpressions": pods},
                }
                for prefix, namespaces, pods in selectors
            ]
        },
    )


def _hook(istio: Istio, values: Mapping[str, Any]) -> dict[str, Any]:
    """What all webhooks of a tag have. istiod finds them by the label of its revision and fills in its authority."""
    if url := _at(values, "istiodRemote", "injectionURL"):
        client: dict[str, Any] = {"url": url}
    else:
        path = _at(values, "istiodRemote", "injectionPath") or "/inject"
        client = {"service": {"name": istiod_service(istio), "namespace": istio.namespace, "path": path, "port": 443}}
    if authority := _at(values, "istiodRemote", "injectionCABundle"):
        client["caBundle"] = authority
    return {
        "clientConfig": client,
        "sideEffects": "None",
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        "failurePolicy": "Fail",
        "reinvocationPolicy": _at(values, "sidecarInjectorWebhook", "reinvocationPolicy") or "Never",
        "admissionReviewVersions": ["v1"],
    }


def _by_tag(tag: str) -> list[tuple[str, Selector, Selector]]:
    """Who asks for the tag by label: a namespace, or a pod in a namespace that says nothing."""
    return [
        ("rev.namespace", [_in(_REVISION, tag), _absent(_INJECTION)], [_not_in(_INJECT, "false")]),
        (
            "rev.object",
            [_absent(_REVISION), _absent(_INJECTION)],
            [_not_in(_INJECT, "false"), _in(_REVISION, tag)],
        ),
    ]


def _by_default(values: Mapping[str, Any]) -> list[tuple[str, Selector, Selector]]:
    """Who asks for injection without naming a revision, which the tag ``default`` serves as well."""
    unlabelled = [_absent(_INJECTION), _absent(_REVISION)]
    found = [
        ("namespace", [_in(_INJECTION, "enabled")], [_not_in(_INJECT, "false")]),
        ("object", unlabelled, [_in(_INJECT, "true"), _absent(_REVISION)]),
    ]
    everywhere = _at(values, "sidecarInjectorWebhook", "enableNamespacesByDefault")
    if has_token(everywhere):
        raise OutputError(
            "an Output may not stand here: it decides which webhooks the tag 'default' has",
            where="values.sidecarInjectorWebhook.enableNamespacesByDefault",
        )
    if everywhere:
        namespaces = [*unlabelled, _not_in("kubernetes.io/metadata.name", *_NEVER)]
        found.append(("auto", namespaces, [_absent(_INJECT), _absent(_REVISION)]))
    return found


def _service(istio: Istio, tag: str, values: Mapping[str, Any]) -> Service:
    own = {"istio.io/rev": istio.revision} if istio.revision else {"istio": "pilot"}
    return Service(
        f"istiod-revision-tag-{tag}",
        namespace=istio.namespace,
        labels={"app": "istiod", "istio": "pilot", **_labels(istio, tag)},
        annotations=_at(values, "serviceAnnotations") or {},
        spec={
            "ports": [
                {"port": 15010, "name": "grpc-xds", "protocol": "TCP"},
                {"port": 15012, "name": "https-dns", "protocol": "TCP"},
                {"port": 443, "name": "https-webhook", "targetPort": 15017, "protocol": "TCP"},
                {"port": 15014, "name": "http-monitoring", "protocol": "TCP"},
            ],
            "selector": {"app": "istiod", **own},
        },
    )


def istiod_service(istio: Istio) -> str:
    """What the chart calls istiod's Service and Deployment."""
    return f"istiod-{istio.revision}" if istio.revision else "istiod"


def _labels(istio: Istio, tag: str) -> dict[str, str]:
    return {
        "istio.io/tag": tag,
        "istio.io/rev": istio.revision or "default",
        "operator.istio.io/component": "Pilot",
        "app.kubernetes.io/name": "istiod",
        "app.kubernetes.io/part-of": "istio",
    }


def _at(values: Mapping[str, Any], *path: str) -> Any:
    found: Any = values
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _in(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": [value]}


def _not_in(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "NotIn", "values": list(values)}


def _absent(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "DoesNotExist"}
