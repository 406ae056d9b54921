"""A proxy as istiod sees it: a client of its discovery stream that asks for all it is told of, as Envoy does.

Only what the stream itself needs is encoded; the resources are read from istiod's config dump, in JSON.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, struct_pb2

from pulumi_mesh.manifests.facts import Proxy

CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener"
ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"

_STREAM = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
_WITHIN = 60.0
_LARGEST = 256 * 1024 * 1024


def _messages() -> tuple[Any, Any]:
    """DiscoveryRequest and DiscoveryResponse of envoy.service.discovery.v3, with the fields that are used here."""
    field = descriptor_pb2.FieldDescriptorProto
    text, message, many, one = field.TYPE_STRING, field.TYPE_MESSAGE, field.LABEL_REPEATED, field.LABEL_OPTIONAL
    package = "pulumi_mesh.tests.ads"
    fields = {
        "Locality": [("region", 1, text, one, ""), ("zone", 2, text, one, ""), ("sub_zone", 3, text, one, "")],
        "Node": [
            ("id", 1, text, one, ""),
            ("cluster", 2, text, one, ""),
            ("metadata", 3, message, one, ".google.protobuf.Struct"),
            ("locality", 4, message, one, f".{package}.Locality"),
        ],
        "Request": [
            ("version_info", 1, text, one, ""),
            ("node", 2, message, one, f".{package}.Node"),
            ("resource_names", 3, text, many, ""),
            ("type_url", 4, text, one, ""),
            ("response_nonce", 5, text, one, ""),
        ],
        "Response": [
            ("version_info", 1, text, one, ""),
            ("type_url", 4, text, one, ""),
            ("nonce", 5, text, one, ""),
        ],
    }
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto",
        package=package,
        syntax="proto3",
        dependency=["google/protobuf/struct.proto"],
        message_type=[
            descriptor_pb2.DescriptorProto(
                name=name,
                field=[
                    field(name=each, number=number, type=kind, label=label, type_name=of or None)
                    for each, number, kind, label, of in described
                ],
            )
            for name, described in fields.items()
        ],
    )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return (
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Request")),
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Response")),
    )


class Discovery:
    """istiod's discovery. port: of plain ADS. http: of its debug pages."""

    def __init__(self, port: int, http: int) -> None:
        self._http = http
        self._request, self._response = _messages()
        self._channel = grpc.insecure_channel(
            f"127.0.0.1:{port}",
            options=[("grpc.max_receive_message_length", _LARGEST), ("grpc.use_local_subchannel_pool", 1)],
        )
        self._stream = self._channel.stream_stream(
            _STREAM,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self._response.FromString,
        )

    def close(self) -> None:
        """End all streams."""
        self._channel.close()

    def dump(self, proxy: Proxy) -> Any:
        """istiod's config dump for a proxy, in the form of Envoy's own, endpoints included.

        The proxy asks for clusters and listeners, then for the endpoints and routes that these name.
        """
        with self._connected(proxy) as ask:
            ask(CLUSTERS, [])
            ask(LISTENERS, [])
            told = self.told(proxy, endpoints=False)
            ask(ENDPOINTS, sorted(_discovered_clusters(told)))
            ask(ROUTES, sorted(_discovered_routes(told)))
            return self.told(proxy)

    @contextmanager
    def watching(self, proxy: Proxy, clusters: list[str], routes: list[str]) -> Iterator[Counter[str]]:
        """The proxy asks for all it is told of, and for the endpoints and routes of these names, and takes what comes.

        Gives how many answers came of each type; it counts on while the block runs.
        """
        requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        answers = self._stream(iter(requests.get, None))
        asked = {CLUSTERS: [], ENDPOINTS: clusters, LISTENERS: [], ROUTES: routes}
        came: Counter[str] = Counter()

        def ask(kind: str, **more: str) -> None:
            request = self._request(type_url=kind, resource_names=asked[kind], **more)
            request.node.id = proxy.node
            request.node.cluster = proxy.service_cluster
            json_format.ParseDict(_metadata(proxy), request.node.metadata)
            requests.put(request)

        def take() -> None:
            with suppress(grpc.RpcError):  # the end
                for answer in answers:
                    ask(answer.type_url, response_nonce=answer.nonce, version_info=answer.version_info)
                    came[answer.type_url] += 1

        taker = threading.Thread(target=take)
        taker.start()
        for kind, names in asked.items():
            if names or kind in (CLUSTERS, LISTENERS):
                ask(kind)
        try:
            yield came
        finally:
            requests.put(None)
            answers.cancel()
            taker.join()

    def told(self, proxy: Proxy, *, endpoints: bool = True) -> Any:
        """The config dump of a proxy that is connected, such as a real Envoy: all that it has asked for so far."""
        wanted = "include_eds&" if endpoints else ""
        return self.page(f"/debug/config_dump?{wanted}proxyID={quote(self._connection(proxy))}")

    def page(self, path: str) -> Any:
        """What a debug page answers, as data."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._http}{path}", timeout=_WITHIN) as answer:
            return json.load(answer)

    def _connection(self, proxy: Proxy) -> str:
        """istiod's name for the proxy's latest connection, ``NAME.NAMESPACE-NUMBER``.

        istiod takes any connection whose name holds the text that it is asked for: so this waits until no other does,
        such as one that is being closed.
        """
        own = f"{proxy.name}.{proxy.namespace}-"
        until = time.monotonic() + _WITHIN
        while True:
            known = [each["connectionId"] for each in self.page("/debug/connections")["clients"]]
            found = max((each for each in known if each.startswith(own)), key=_number)
            if [each for each in known if found in each] == [found]:
                return str(found)
            if time.monotonic() > until:
                raise TimeoutError(f"istiod holds several connections that {found} could mean")
            time.sleep(0.01)

    @contextmanager
    def _connected(self, proxy: Proxy) -> Iterator[Any]:
        requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        answers = self._stream(iter(requests.get, None), timeout=_WITHIN)
        asked: dict[str, list[str]] = {}

        def ask(kind: str, names: list[str]) -> None:
            if not names and kind not in (CLUSTERS, LISTENERS):
                return  # without names Envoy asks for nothing
            asked[kind] = names
            request = self._request(type_url=kind, resource_names=names)
            request.node.id = proxy.node
            request.node.cluster = proxy.service_cluster
            for field, part in zip(("region", "zone", "sub_zone"), proxy.locality.split("/"), strict=False):
                setattr(request.node.locality, field, part)
            json_format.ParseDict(_metadata(proxy), request.node.metadata)
            requests.put(request)
            for answer in answers:
                requests.put(
                    self._request(
                        type_url=answer.type_url,
                        resource_names=asked[answer.type_url],
                        response_nonce=answer.nonce,
                        version_info=answer.version_info,
                    )
                )
                if answer.type_url == kind:
                    return

        try:
            yield ask
        finally:
            requests.put(None)
            answers.cancel()


def _discovered_clusters(told: Any) -> Iterator[str]:
    """The clusters whose endpoints are asked for."""
    for dump in told["configs"]:
        for each in dump.get("dynamicActiveClusters", []):
            if each["cluster"].get("type") == "EDS":
                yield each["cluster"]["name"]


def _discovered_routes(told: Any) -> set[str]:
    """The route tables that listeners ask for, wherever they stand in them."""
    if isinstance(told, list):
        return set().union(*map(_discovered_routes, told))
    if not isinstance(told, dict):
        return set()
    if "routeConfigName" in told:
        return {told["routeConfigName"]}
    return set().union(*map(_discovered_routes, told.values()))


def _number(connection: str) -> int:
    return int(connection.rpartition("-")[2])


def _metadata(proxy: Proxy) -> dict[str, Any]:
    """What the agent beside a proxy says of it."""
    network = {"NETWORK": proxy.network} if proxy.network else {}
    node = {"NODE_NAME": proxy.host} if proxy.host else {}
    return {
        **network,
        **node,
        "NAMESPACE": proxy.namespace,
        "NAME": proxy.name,
        "LABELS": dict(proxy.labels),
        "SERVICE_ACCOUNT": proxy.service_account,
        "CLUSTER_ID": proxy.cluster,
        "ISTIO_VERSION": "1.31.0",
        "INSTANCE_IPS": proxy.address,
        "INTERCEPTION_MODE": proxy.interception,
    }
