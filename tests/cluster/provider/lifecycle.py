"""An object's life on the server: created, read, updated, deleted, as pulumi-kubernetes does it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.cluster.provider.awaiting import NotReadyError, present, wait_gone, wait_ready
from tests.cluster.provider.client import JSON_PATCH, ApiError, UnreachableError
from tests.cluster.provider.mapping import NoMatchError, Resource
from tests.cluster.provider.naming import annotation
from tests.cluster.provider.ownership import entries, is_taken, taken_over, without_ignored
from tests.cluster.provider.settings import Settings, apply, apply_query, dry_run

FORBIDDEN, MISSING, CONFLICT = 403, 404, 409
_TRIES = 5
_FIRST_WAIT = 0.2
_PROPAGATION = {"orphan": "Orphan", "background": "Background"}


class PartialError(Exception):
    """The object is there, and not as it should be. live: as it is."""

    def __init__(self, message: str, live: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.live = live


class RefusedError(Exception):
    """What was asked was not done. code: HTTP's, 0 without an answer of the server."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


def resource_of(settings: Settings, manifest: Mapping[str, Any]) -> Resource:
    """Where the server has objects of its kind. Raises NoMatchError."""
    return settings.mapper.resource(str(manifest["apiVersion"]), str(manifest["kind"]))


def path_of(settings: Settings, manifest: Mapping[str, Any]) -> str:
    """The path of the object itself. Raises NoMatchError."""
    metadata = manifest["metadata"]
    return resource_of(settings, manifest).path(metadata.get("namespace", ""), metadata["name"])


def create(
    settings: Settings, manifest: Mapping[str, Any], manager: str, *, preview: bool, timeout: float
) -> dict[str, Any]:
    """The object as the server made it, ready. A POST, which fails where one is; an apply with ``upsert``.

    While a kind or a namespace is missing it is tried again, since programs make both at once; not in a preview.
    Raises RefusedError, and PartialError when the object is there and does not become ready in time.
    """
    for tried in range(_TRIES + 1):
        try:
            made = _made(settings, manifest, manager, preview=preview)
            break
        except (NoMatchError, ApiError, UnreachableError) as error:
            missing = isinstance(error, NoMatchError) or (isinstance(error, ApiError) and error.code == MISSING)
            if preview or not missing or tried == _TRIES:
                raise _refused(error, manager) from None
            settings.mapper.forget(str(manifest["apiVersion"]), str(manifest["kind"]))
            time.sleep(_FIRST_WAIT * 2**tried)
    return made if preview else _ready(settings, made, timeout)


def read(settings: Settings, manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """The live object; None where there is none, or no such kind any more. Raises RefusedError."""
    try:
        return present(settings.client, path_of(settings, manifest))
    except NoMatchError:
        return None
    except (ApiError, UnreachableError) as error:
        raise _refused(error, "") from None


def update(
    settings: Settings,
    manifest: Mapping[str, Any],
    manager: str,
    ignored: Sequence[str],
    *,
    preview: bool,
    timeout: float,
) -> dict[str, Any]:
    """The object as a server-side apply left it, ready; a CustomResourceDefinition is replaced as a whole.

    What kubectl or the create wrote is taken over first, so that only others' fields conflict. In a preview nothing
    is taken, and conflicts with those are overlooked. Raises as ``create`` does.
    """
    try:
        path = path_of(settings, manifest)
        live = settings.client.get(path)
        if manifest["kind"] == "CustomResourceDefinition":
            version = {"resourceVersion": live["metadata"]["resourceVersion"]}
            replaced = {**manifest, "metadata": {**manifest["metadata"], **version}}
            query = {"fieldManager": manager, **dry_run(preview)}
            updated = settings.client.request("PUT", path, query, replaced)
        else:
            if not preview:
                live = _with_owners(settings, path, live, manager)
            force = _forced(settings, manifest) or (preview and any(map(is_taken, entries(live))))
            wanted = without_ignored(manifest, live, manager, ignored)
            updated = apply(settings.client, path, wanted, apply_query(manager, force=force, preview=preview))
    except (NoMatchError, ApiError, UnreachableError) as error:
        raise _refused(error, manager) from None
    return updated if preview else _ready(settings, updated, timeout)


def delete(
    settings: Settings, declared: Mapping[str, Any], live: Mapping[str, Any], manager: str, timeout: float
) -> None:
    """Delete the object and wait until it is gone; one that is gone, and a kind that is gone, will do.

    Of a namespace that the server protects, such as ``default``, only the resource's own fields go.
    declared: what the program says, whose annotation chooses the propagation; default: the foreground.
    Raises as ``create`` does.
    """
    try:
        path = path_of(settings, live)
        policy = _PROPAGATION.get(annotation(declared, "pulumi.com/deletionPropagationPolicy").lower(), "Foreground")
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy}
        settings.client.request("DELETE", path, None, body)
        wait_gone(settings.client, path, declared, timeout)
    except NoMatchError:
        return
    except ApiError as error:
        if error.code == FORBIDDEN and live["kind"] == "Namespace" and "may not be deleted" in str(error):
            _release(settings, path, live, manager)
        elif error.code != MISSING:
            raise _refused(error, "") from None
    except UnreachableError as error:
        raise _refused(error, "") from None
    except NotReadyError as error:
        raise PartialError(str(error), error.live) from None


def _release(settings: Settings, path: str, live: Mapping[str, Any], manager: str) -> None:
    bare = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": {"name": live["metadata"]["name"]}}
    try:
        apply(settings.client, path, bare, apply_query(manager, force=False, preview=False))
    except (ApiError, UnreachableError) as error:
        raise _refused(error, manager) from None


def _made(settings: Settings, manifest: Mapping[str, Any], manager: str, *, preview: bool) -> dict[str, Any]:
    resource = resource_of(settings, manifest)
    if not resource.namespaced:  # it was taken for a namespaced one while its kind was not known
        manifest = {**manifest, "metadata": {k: v for k, v in manifest["metadata"].items() if k != "namespace"}}
    metadata = manifest["metadata"]
    if settings.upsert:
        force = preview or _forced(settings, manifest)
        path = resource.path(metadata.get("namespace", ""), metadata["name"])
        return apply(settings.client, path, manifest, apply_query(manager, force=force, preview=preview))
    query = {"fieldManager": manager, **dry_run(preview)}
    made: dict[str, Any] = settings.client.request(
        "POST", resource.path(metadata.get("namespace", "")), query, dict(manifest)
    )
    return made


def _ready(settings: Settings, live: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """The object once it is ready. The answer to a GET after it is what is remembered: controllers may have acted."""
    try:
        path = path_of(settings, live)
        seen = wait_ready(settings.client, path, live, timeout)
        return present(settings.client, path) or seen
    except (ApiError, UnreachableError):
        return dict(live)  # it was stored: to fail now would lose it
    except (NotReadyError, ValueError) as error:
        raise PartialError(str(error), getattr(error, "live", live)) from None


def _with_owners(settings: Settings, path: str, live: Mapping[str, Any], manager: str) -> dict[str, Any]:
    owners = taken_over(entries(live), manager)
    if owners == entries(live):
        return dict(live)
    patch = [
        {"op": "replace", "path": "/metadata/managedFields", "value": owners},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]
    changed: dict[str, Any] = settings.client.request("PATCH", path, {"fieldManager": manager}, patch, JSON_PATCH)
    return changed


def _forced(settings: Settings, manifest: Mapping[str, Any]) -> bool:
    return settings.force or annotation(manifest, "pulumi.com/patchForce") == "true"


def _refused(error: NoMatchError | ApiError | UnreachableError, manager: str) -> RefusedError:
    if isinstance(error, NoMatchError):
        return RefusedError(
            "the Kubernetes API server reported that the apiVersion for this resource does not exist. "
            f"Verify that any required CRDs have been created: {error}"
        )
    if not isinstance(error, ApiError):
        return RefusedError(str(error))
    if error.code == CONFLICT and error.reason == "Conflict":
        return RefusedError(
            "Server-Side Apply field conflict detected. "
            f"The resource managed by field manager {manager!r} had an apply conflict: {error}",
            error.code,
        )
    return RefusedError(str(error), error.code)
