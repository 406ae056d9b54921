"""``python -m tests.cluster.provider PORT`` serves on that port of 127.0.0.1, until it is stopped."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.cluster.provider.service import Provider

_LARGEST = 400 * 1024 * 1024  # bytes of a message, as in Pulumi's own plugins


def main(port: int) -> None:
    """Serve; an operation holds a thread while it waits."""
    options = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
    server = grpc.server(ThreadPoolExecutor(max_workers=64), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(int(sys.argv[1]))
