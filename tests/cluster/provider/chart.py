"""``kubernetes:helm.sh/v4:Chart``: what helm renders, registered as children of a component."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import yaml
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from tests.cluster.provider.naming import annotation, type_token
from tests.cluster.provider.settings import Settings
from tests.cluster.provider.values import has_unknown, plain, read, with_secrets, write
from tests.cluster.tools.finding import find

TYPE = "kubernetes:helm.sh/v4:Chart"
_KNOWN = frozenset({"chart", "name", "namespace", "repositoryOpts", "values", "version"})
_LARGEST = 400 * 1024 * 1024
_FIRST = ("Namespace", "CustomResourceDefinition")

Manifest = dict[str, Any]


class ChartError(Exception):
    """Helm refused the chart or its values, or an input is not understood here."""


def construct(
    request: provider_pb2.ConstructRequest, settings: Settings, version: str
) -> provider_pb2.ConstructResponse:
    """Register the component and one child for each object. version: of the provider that children ask for.

    With an unknown input there are no children yet, as in Pulumi's own provider. Raises ChartError, and what the engine
    answers as grpc.RpcError.
    """
    options = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
    with grpc.insecure_channel(request.monitorEndpoint, options=options) as channel:
        monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
        component = monitor.RegisterResource(_component(request)).urn
        inputs = read(request.inputs)
        made: list[str] = []
        if not has_unknown(inputs):
            objects = _in_namespaces(_rendered(plain(inputs), settings), plain(inputs), settings)
            made = _children(objects, request, component, version, lambda each: str(monitor.RegisterResource(each).urn))
        state = _references(made)
        monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=component, outputs=state))
        return provider_pb2.ConstructResponse(urn=component, state=state)


def _component(request: provider_pb2.ConstructRequest) -> resource_pb2.RegisterResourceRequest:
    return resource_pb2.RegisterResourceRequest(
        type=request.type,
        name=request.name,
        parent=request.parent,
        dependencies=request.dependencies,
        providers=request.providers,
        aliases=request.aliases,
        acceptSecrets=True,
        acceptResources=True,
        aliasSpecs=True,
    )


def _children(
    objects: Iterable[Manifest],
    request: provider_pb2.ConstructRequest,
    component: str,
    version: str,
    register: Callable[[resource_pb2.RegisterResourceRequest], str],
) -> list[str]:
    """Namespaces and definitions before everything else, the rest at once; each waits until it is there."""
    waves: dict[bool, list[Manifest]] = {True: [], False: []}
    for each in objects:
        waves[each["kind"] in _FIRST].append(each)
    made: list[str] = []
    for wave in waves.values():
        requests = [_child(each, request, component, version, list(made)) for each in wave]
        with ThreadPoolExecutor(max_workers=max(len(requests), 1)) as pool:
            made += pool.map(register, requests)
    return made


def _child(
    manifest: Manifest, request: provider_pb2.ConstructRequest, component: str, version: str, before: list[str]
) -> resource_pb2.RegisterResourceRequest:
    metadata = manifest["metadata"]
    name = "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)
    provider = dict(request.providers).get("kubernetes", "")
    return resource_pb2.RegisterResourceRequest(
        type=type_token(manifest["apiVersion"], manifest["kind"]),
        name=f"{request.name}:{name}",
        parent=component,
        custom=True,
        object=write(with_secrets(manifest, {})),
        provider=provider,
        version="" if provider else version,
        dependencies=before,
        # Helm's way to say that something outlives its release.
        retainOnDelete=annotation(manifest, "helm.sh/resource-policy") == "keep",
        acceptSecrets=True,
        acceptResources=True,
        supportsPartialValues=True,
    )


def _rendered(inputs: Mapping[str, Any], settings: Settings) -> list[Manifest]:
    if unknown := sorted(set(inputs) - _KNOWN):
        raise ChartError(f"the tests' provider does not know these inputs of a Chart: {', '.join(unknown)}")
    command = [str(find("helm", say=_say)), "template", inputs["name"], inputs["chart"], "--include-crds", "--no-hooks"]
    command += [f"--namespace={inputs.get('namespace', settings.namespace)}"]
    command += [f"--kube-version={settings.client.get('/version')['gitVersion']}"]
    command += [f"--api-versions={each}" for each in _served(settings)]
    if "version" in inputs:
        command += [f"--version={inputs['version']}"]
    if repository := inputs.get("repositoryOpts", {}).get("repo"):
        command += [f"--repo={repository}"]
    with tempfile.TemporaryDirectory() as home:
        values = Path(home, "values.yaml")
        values.touch(mode=0o600)
        values.write_text(json.dumps(inputs.get("values", {})))
        done = subprocess.run(
            [*command, f"--values={values}"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HELM_CACHE_HOME": home, "HELM_CONFIG_HOME": home, "HELM_DATA_HOME": home},
        )
    if done.returncode != 0:
        raise ChartError(done.stderr.strip())
    return [each for each in yaml.load_all(done.stdout, yaml.CSafeLoader) if each]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _served(settings: Settings) -> list[str]:
    groups = settings.client.get("/apis")["groups"]
    return ["v1", *(version["groupVersion"] for group in groups for version in group["versions"])]


def _in_namespaces(objects: list[Manifest], inputs: Mapping[str, Any], settings: Settings) -> list[Manifest]:
    """With the release's namespace where an object of a namespace names none."""
    for each in objects:
        if each["kind"] == "CustomResourceDefinition":
            settings.mapper.declare(each)
    namespace = inputs.get("namespace", settings.namespace)
    made = []
    for each in objects:
        metadata = each["metadata"]
        if not metadata.get("namespace") and settings.mapper.namespaced(each["apiVersion"], each["kind"]):
            metadata = {**metadata, "namespace": namespace}
        made.append({**each, "metadata": metadata})
    return made


def _references(urns: Iterable[str]) -> struct_pb2.Struct:
    """The component's output ``resources``: the mark is that of a reference to a resource in Pulumi's protocol."""
    mark = {"4dabf18193072939515e22adb298388d": "5cf8f73096256a8f31e491e813e4eb8e"}
    return write({"resources": [{**mark, "urn": urn} for urn in urns]})
