"""The provider's side of Pulumi's protocol: requests to what the other files do, and their errors to statuses."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from tests.cluster.provider import chart, lifecycle
from tests.cluster.provider.awaiting import present
from tests.cluster.provider.checkpoint import imported, recalled, remembered, without_servers_own
from tests.cluster.provider.client import ApiError, UnreachableError
from tests.cluster.provider.differ import Change, changes, pruned
from tests.cluster.provider.kubeconfig import KubeconfigError, read_kubeconfig
from tests.cluster.provider.lifecycle import PartialError, RefusedError
from tests.cluster.provider.mapping import NoMatchError
from tests.cluster.provider.naming import (
    AUTONAMED,
    annotation,
    api_version_and_kind,
    field_manager,
    identifier,
    named,
    parsed,
)
from tests.cluster.provider.settings import Settings, configured, refused
from tests.cluster.provider.values import folded, has_unknown, plain, read, with_secrets, write

VERSION = "4.34.2"
_KIND = provider_pb2.PropertyDiff.Kind
_KINDS = {
    ("add", False): _KIND.ADD,
    ("add", True): _KIND.ADD_REPLACE,
    ("delete", False): _KIND.DELETE,
    ("delete", True): _KIND.DELETE_REPLACE,
    ("update", False): _KIND.UPDATE,
    ("update", True): _KIND.UPDATE_REPLACE,
}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One server for any number of engines, and of provider instances in them.

    An engine that attaches to a running provider has one connection for each instance that a program configures, so
    the settings of a call are those of its connection.
    """

    def __init__(self) -> None:
        self._settings: dict[str, Settings] = {}
        self._lock = threading.Lock()

    def Handshake(  # noqa: N802
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=VERSION)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        """What is under way ends by itself: a request has a timeout, and so has waiting."""
        return empty_pb2.Empty()

    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        failures = [
            provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in refused(read(request.news))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Another cluster takes another provider, and with it other objects; anything else is an update."""
        old, new = plain(read(request.olds)), plain(read(request.news))
        changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        replaces = changed if changed and _cluster(old) != _cluster(new) else []
        return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replaces)

    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        try:
            made = configured(plain(read(request.args)))
        except KubeconfigError as error:
            _abort(context, str(error), grpc.StatusCode.INVALID_ARGUMENT)
        with self._lock:
            self._settings[context.peer()] = made
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        settings, given = self._of(context), read(request.news)
        manifest, old = without_servers_own(plain(given)), plain(read(request.olds))
        failures = [
            provider_pb2.CheckFailure(property=name, reason="it has to be a text")
            for name in ("apiVersion", "kind")
            if not isinstance(manifest.get(name), str)
        ]
        kind = str(manifest.get("kind", ""))
        if kind.endswith("List") or _type(request.urn).endswith("Patch"):
            reason = f"{kind}: lists and patches of objects cannot be created by the tests' provider"
            failures.append(provider_pb2.CheckFailure(property="kind", reason=reason))
        if (manifest.get("metadata") or {}).get("generateName"):
            reason = "it is not supported with server-side apply"
            failures.append(provider_pb2.CheckFailure(property="metadata.generateName", reason=reason))
        if failures:
            return provider_pb2.CheckResponse(failures=failures)
        manifest = named(manifest, old, request.urn, request.randomSeed)
        if not manifest["metadata"].get("namespace") and _namespaced(settings, manifest, context):
            manifest["metadata"] = {**manifest["metadata"], "namespace": settings.namespace}
        if kind == "CustomResourceDefinition":
            settings.mapper.declare(manifest)
        return provider_pb2.CheckResponse(inputs=write(with_secrets(manifest, given)))

    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        settings, wanted = self._of(context), without_servers_own(plain(read(request.news)))
        live, declared = recalled(read(request.olds))
        if not _namespaced(settings, wanted, context):
            for each in (live, declared, wanted):
                each["metadata"] = {key: value for key, value in each["metadata"].items() if key != "namespace"}
        found = [
            each
            for each in changes(live, without_servers_own(declared), wanted, settings.mutable)
            if not _ignored(each, request.ignoreChanges)
        ]
        replaces = [each.path for each in found if each.replaces]
        same = all(
            wanted["metadata"].get(key, "default") == live["metadata"].get(key, "default")
            for key in ("name", "namespace")
        )
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=replaces,
            # The old one is in the way of a new one of its name, unless the provider may choose that.
            deleteBeforeReplace=bool(replaces) and same and annotation(wanted, AUTONAMED) != "true",
            diffs=[each.path for each in found],
            detailedDiff={
                each.path: provider_pb2.PropertyDiff(
                    kind=_KINDS[each.kind, each.replaces], inputDiff=each.kind == "delete"
                )
                for each in found
            },
            hasDetailedDiff=True,
        )

    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        settings, inputs = self._of(context), read(request.properties)
        manifest, manager = plain(inputs), field_manager(plain(inputs), {}, request.urn)
        if request.preview and (has_unknown(inputs) or not _known(settings, manifest)):
            return provider_pb2.CreateResponse(properties=request.properties)
        _reachable(settings, context)
        try:
            live = lifecycle.create(settings, manifest, manager, preview=request.preview, timeout=request.timeout)
        except RefusedError as error:
            if request.preview and _tolerated(error):
                return provider_pb2.CreateResponse(properties=request.properties)
            _abort(
                context, f'resource "{request.urn}" was not successfully created by the Kubernetes API server: {error}'
            )
        except PartialError as error:
            message = f'resource "{request.urn}" was created, but failed to become ready: {error}'
            _partial(context, message, identifier(error.live), remembered(error.live, inputs, manager))
        if request.preview:
            live.pop("status", None)
            return provider_pb2.CreateResponse(properties=write(remembered(live, inputs, manager)))
        return provider_pb2.CreateResponse(id=identifier(live), properties=write(remembered(live, inputs, manager)))

    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        settings, inputs, state = self._of(context), read(request.inputs), read(request.properties)
        _reachable(settings, context)
        namespace, name = parsed(request.id)
        manifest = plain(inputs) or {key: plain(state)[key] for key in ("apiVersion", "kind") if key in state}
        if not {"apiVersion", "kind"} <= manifest.keys():
            version, kind = api_version_and_kind(_type(request.urn))
            manifest = {"apiVersion": version, "kind": kind}
        manifest = {**manifest, "metadata": {**manifest.get("metadata", {}), "name": name, "namespace": namespace}}
        try:
            live = lifecycle.read(settings, manifest)
        except RefusedError as error:
            _abort(context, f'resource "{request.urn}" could not be read: {error}')
        if live is None:
            return provider_pb2.ReadResponse()
        manager = field_manager(manifest, plain(state), request.urn)
        seen = pruned(live, folded(plain(inputs))) if inputs else imported(live)
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=write(remembered(live, with_secrets(seen, inputs), manager)),
            inputs=write(with_secrets(seen, inputs)),
        )

    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        settings, inputs, state = self._of(context), read(request.news), plain(read(request.olds))
        manifest, manager = without_servers_own(plain(inputs)), field_manager(plain(inputs), state, request.urn)
        if request.preview and (has_unknown(inputs) or not _known(settings, manifest)):
            return provider_pb2.UpdateResponse(properties=request.news)
        _reachable(settings, context)
        try:
            live = lifecycle.update(
                settings,
                manifest,
                manager,
                list(request.ignoreChanges),
                preview=request.preview,
                timeout=request.timeout,
            )
        except RefusedError as error:
            if request.preview and error.code == lifecycle.FORBIDDEN:
                return provider_pb2.UpdateResponse(properties=request.news)
            self._failed_update(request, context, settings, inputs, manager, error)
        except PartialError as error:
            message = f'"{request.id}" failed to become ready: {error}'
            _partial(context, message, identifier(error.live), remembered(error.live, inputs, manager))
        return provider_pb2.UpdateResponse(properties=write(remembered(live, inputs, manager)))

    def Delete(  # noqa: N802
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        settings, state = self._of(context), read(request.properties)
        _reachable(settings, context)
        live, declared = recalled(state)
        manager = field_manager(declared, plain(state), request.urn)
        try:
            lifecycle.delete(settings, declared, live, manager, request.timeout)
        except RefusedError as error:
            _abort(context, f'resource "{request.urn}" was not deleted: {error}')
        except PartialError as error:
            _partial(context, str(error), request.id, remembered(error.live, with_secrets(declared, state), manager))
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:  # noqa: N802
        _abort(context, f"the tests' provider has no function {request.tok}", grpc.StatusCode.UNIMPLEMENTED)

    def Construct(  # noqa: N802
        self, request: provider_pb2.ConstructRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        if request.type != chart.TYPE:
            _abort(context, f"the tests' provider makes no {request.type}", grpc.StatusCode.UNIMPLEMENTED)
        try:
            return chart.construct(request, self._of(context), VERSION)
        except (chart.ChartError, ApiError, UnreachableError) as error:
            _abort(context, f"{request.name}: {error}")
        except grpc.RpcError as error:  # the engine's answer for a child; it has told the user already
            _abort(context, f"{request.name}: {error.details()}")

    def _of(self, context: grpc.ServicerContext) -> Settings:
        with self._lock:
            found = self._settings.get(context.peer())
        if found is None:
            _abort(context, "the provider was not configured on this connection", grpc.StatusCode.FAILED_PRECONDITION)
        return found

    def _failed_update(
        self,
        request: provider_pb2.UpdateRequest,
        context: grpc.ServicerContext,
        settings: Settings,
        inputs: Mapping[str, Any],
        manager: str,
        error: RefusedError,
    ) -> NoReturn:
        """A failed update leaves the object in state as it is, so that the next one sees what is missing."""
        message = f'update of resource "{request.urn}" failed: {error}'
        if request.preview:
            _abort(context, message)
        try:
            live = present(settings.client, lifecycle.path_of(settings, plain(inputs)))
        except (ApiError, UnreachableError, NoMatchError) as unknown:
            _abort(context, f"{message}; its state could not be read either: {unknown}")
        if live is None:
            _abort(context, message)
        _partial(context, message, request.id, remembered(live, inputs, manager))


def _abort(context: grpc.ServicerContext, message: str, code: grpc.StatusCode = grpc.StatusCode.UNKNOWN) -> NoReturn:
    context.abort(code, message)
    raise AssertionError("unreachable: abort raises")


class _Status(grpc.Status):  # type: ignore[misc]  # grpc has no types
    def __init__(self, message: str, status: status_pb2.Status) -> None:
        self.code = grpc.StatusCode.UNKNOWN
        self.details = message
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


def _partial(context: grpc.ServicerContext, message: str, made: str, state: Mapping[str, Any]) -> NoReturn:
    """Fails in such a way that the engine keeps the object in its state."""
    detail = provider_pb2.ErrorResourceInitFailed(id=made, properties=write(state), reasons=[message])
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    status.details.add().Pack(detail)
    context.abort_with_status(_Status(message, status))
    raise AssertionError("unreachable: abort_with_status raises")


def _reachable(settings: Settings, context: grpc.ServicerContext) -> None:
    if settings.unreachable:
        _abort(context, f"configured Kubernetes cluster is unreachable: {settings.unreachable}")


def _namespaced(settings: Settings, manifest: Mapping[str, Any], context: grpc.ServicerContext) -> bool:
    try:
        return settings.mapper.namespaced(str(manifest["apiVersion"]), str(manifest["kind"]))
    except UnreachableError:
        return True
    except ApiError as error:
        _abort(context, str(error))


def _known(settings: Settings, manifest: Mapping[str, Any]) -> bool:
    """Whether a preview can ask the server about this kind."""
    if settings.unreachable:
        return False
    try:
        lifecycle.resource_of(settings, manifest)
    except (NoMatchError, ApiError, UnreachableError):
        return False
    return True


def _tolerated(error: RefusedError) -> bool:
    """What a preview overlooks: missing rights, a namespace that is not there yet, an object that goes before."""
    return error.code in {lifecycle.FORBIDDEN, lifecycle.MISSING, lifecycle.CONFLICT}


def _ignored(change: Change, ignored: Any) -> bool:
    return any(change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in ignored)


def _type(urn: str) -> str:
    """The type of a resource without those of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def _cluster(inputs: Mapping[str, Any]) -> str:
    """What tells clusters apart: what the user calls it, or the address of its server."""
    if named_by_user := inputs.get("clusterIdentifier"):
        return str(named_by_user)
    try:
        found = read_kubeconfig(
            str(inputs.get("kubeconfig", "")),
            context=str(inputs.get("context", "")),
            cluster=str(inputs.get("cluster", "")),
        )
    except KubeconfigError:
        return ""
    return found.server.geturl()
