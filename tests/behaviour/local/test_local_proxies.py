"""Real Envoys with hand-written config: weights under load, mutual TLS, deaths and refusals."""

from __future__ import annotations

import asyncio
import copy
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pulumi_mesh.canary.binomial import within
from pulumi_mesh.errors import MeshError
from pulumi_mesh.local.authority import Authority, Certificate
from pulumi_mesh.local.envoy import Envoy, start
from pulumi_mesh.local.load import Load, Target
from pulumi_mesh.local.ports import Ports
from pulumi_mesh.local.publish import Update, publish, write
from pulumi_mesh.local.stats import rejected
from pulumi_mesh.local.stub import Stub
from pulumi_mesh.local.validate import validate

TYPE = "type.googleapis.com/envoy"
TLS = f"{TYPE}.extensions.transport_sockets.tls.v3"
CLIENT = "spiffe://cluster.local/ns/a/sa/client"
SERVER = "spiffe://cluster.local/ns/a/sa/server"

Json = dict[str, Any]


def watched(path: str) -> Json:
    return {"resource_api_version": "V3", "path_config_source": {"path": f"xds/{path}"}}


BOOTSTRAP: Json = {
    "dynamic_resources": {"cds_config": watched("cds.json"), "lds_config": watched("lds.json")},
}


def socket_address(port: int) -> Json:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(port: int, *, tls: Json | None = None) -> Json:
    manager = {
        "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "forward_client_cert_details": "APPEND_FORWARD",
        "set_current_client_cert_details": {"uri": True},
        "rds": {"route_config_name": "all", "config_source": watched("rds/all.json")},
        "http_filters": [
            {"name": "router", "typed_config": {"@type": f"{TYPE}.extensions.filters.http.router.v3.Router"}}
        ],
    }
    chain: Json = {"filters": [{"name": "hcm", "typed_config": manager}]}
    if tls is not None:
        chain["transport_socket"] = {"name": "tls", "typed_config": tls}
    return {
        "@type": f"{TYPE}.config.listener.v3.Listener",
        "name": f"in:{port}",
        "address": socket_address(port),
        "filter_chains": [chain],
    }


def cluster(name: str, *, tls: Json | None = None) -> Json:
    made: Json = {
        "@type": f"{TYPE}.config.cluster.v3.Cluster",
        "name": name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": watched(f"eds/{name}.json")},
    }
    if tls is not None:
        made["transport_socket"] = {"name": "tls", "typed_config": tls}
    return made


def endpoints(name: str, address: Json) -> Json:
    return {
        "@type": f"{TYPE}.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }


def routes(**weights: int) -> Json:
    split = [{"name": name, "weight": weight} for name, weight in weights.items()]
    return {
        "@type": f"{TYPE}.config.route.v3.RouteConfiguration",
        "name": "all",
        "virtual_hosts": [
            {
                "name": "all",
                "domains": ["*"],
                "routes": [{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": split}}}],
            }
        ],
    }


def response(*resources: Json) -> Json:
    return {"resources": list(resources)}


def config(
    port: int,
    addresses: Mapping[str, Json],
    *,
    downstream: Json | None = None,
    upstream: Json | None = None,
    **weights: int,
) -> dict[str, Json]:
    return {
        "cds.json": response(*(cluster(name, tls=upstream) for name in addresses)),
        "lds.json": response(listener(port, tls=downstream)),
        "rds/all.json": response(routes(**weights)),
        **{f"eds/{name}.json": response(endpoints(name, address)) for name, address in addresses.items()},
    }


def common_tls(certificate: Certificate, *peers: str) -> Json:
    names = [{"san_type": "URI", "matcher": {"exact": peer}} for peer in peers]
    return {
        "tls_certificates": [
            {
                "certificate_chain": {"filename": str(certificate.chain)},
                "private_key": {"filename": str(certificate.key)},
            }
        ],
        "validation_context": {
            "trusted_ca": {"filename": str(certificate.roots)},
            "match_typed_subject_alt_names": names,
        },
    }


class Bench:
    """What one test starts; all of it is stopped with the block."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self.ports = stack.enter_context(Ports())
        self.stubs: dict[str, Stub] = {}
        self._stack = stack

    async def stub(self, version: str) -> Json:
        stub = Stub("reviews", version, f"reviews-{version}", self.folder / f"{version}.sock")
        await stub.start()
        self._stack.push_async_callback(stub.stop)
        self.stubs[version] = stub
        return {"pipe": {"path": str(stub.socket)}}

    async def envoy(self, name: str, files: Mapping[str, Json]) -> Envoy:
        folder = self.folder / name
        write(folder / "xds", files)
        envoy = await start(name, BOOTSTRAP, folder, drain_seconds=1)
        self._stack.push_async_callback(envoy.stop)
        await publish([Update(envoy, folder / "xds", files)])
        return envoy


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="mesh-") as folder:
        async with AsyncExitStack() as stack:
            yield Bench(Path(folder), stack)


def test_weight_steps_under_load_lose_nothing() -> None:
    async def run() -> None:
        async with bench() as on:
            port = on.ports.reserve()
            addresses = {version: await on.stub(version) for version in ("v1", "v2", "v3")}
            first = {"v1": addresses["v1"]}
            envoy = await on.envoy("gateway", config(port, first, v1=100))
            folder = envoy.folder / "xds"
            async with Load(Target(f"http://127.0.0.1:{port}/", "reviews"), connections=4) as load:
                before = await load.measure(200)
                assert before.versions("reviews") == {"v1": 200}
                both = {version: addresses[version] for version in ("v1", "v2")}
                for weight in (5, 50, 100):
                    files = config(port, both, v1=100 - weight, v2=weight)
                    await publish([Update(envoy, folder, files)])
                    seen = (await load.measure(600)).versions("reviews").get("v2", 0)
                    assert within(600, seen, weight / 100), (weight, seen)
                # The whole destination is replaced, endpoints and cluster, and the old one goes.
                last = config(port, {"v3": addresses["v3"]}, v3=1)
                await publish([Update(envoy, folder, last)])
                assert (await load.measure(200)).versions("reviews") == {"v3": 200}
            assert load.total.failures == {}
            assert sorted(path.name for path in (folder / "eds").iterdir()) == ["v3.json"]
            stats = await envoy.stats()
            assert rejected(stats) == {}
            assert stats["cluster_manager.active_clusters"] == 1
            assert stats["listener_manager.lds.update_success"] == 1
            dump = await envoy.config_dump()
            assert "dynamic_route_configs" in str(dump)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("caller", "status", "peers"),
    [
        pytest.param(CLIENT, 200, {CLIENT}, id="known"),
        pytest.param(CLIENT + "2", 503, set(), id="unknown"),
    ],
)
def test_mutual_tls_between_two_envoys(caller: str, status: int, peers: set[str]) -> None:
    async def run() -> None:
        async with bench() as on:
            authority = Authority("cluster.local", on.folder / "ca")
            inside, outside = on.ports.reserve(), on.ports.reserve()
            downstream = {
                "@type": f"{TLS}.DownstreamTlsContext",
                "require_client_certificate": True,
                "common_tls_context": common_tls(authority.issue_workload(SERVER), CLIENT),
            }
            upstream = {
                "@type": f"{TLS}.UpstreamTlsContext",
                "common_tls_context": common_tls(authority.issue_workload(caller), SERVER),
            }
            app = {"app": await on.stub("v1")}
            await on.envoy("server", config(inside, app, downstream=downstream, app=1))
            peer = {"peer": socket_address(inside)}
            await on.envoy("client", config(outside, peer, upstream=upstream, peer=1))
            forged = {"x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/a/sa/forged"}
            target = Target(f"http://127.0.0.1:{outside}/", "reviews", headers=forged)
            async with Load(target, connections=1) as load:
                tally = await load.measure(5)
            assert dict(tally.statuses) == {status: 5}
            assert {received.peer for received in on.stubs["v1"].received} == peers

    asyncio.run(run())


def test_a_refused_config_is_told_in_envoys_words_and_traffic_goes_on() -> None:
    async def run() -> None:
        async with bench() as on:
            port = on.ports.reserve()
            files = config(port, {"v1": await on.stub("v1")}, v1=1)
            envoy = await on.envoy("gateway", files)
            wrong = copy.deepcopy(files)
            route = wrong["rds/all.json"]["resources"][0]["virtual_hosts"][0]["routes"][0]
            route["match"] = {"safe_regex": {"regex": "/(reviews"}}
            with pytest.raises(MeshError, match=r"'gateway' refuses its config[^$]*missing \)"):
                await publish([Update(envoy, envoy.folder / "xds", wrong)])
            assert list(rejected(await envoy.stats())) == ["http.in.rds.all.update_rejected"]
            async with Load(Target(f"http://127.0.0.1:{port}/", "reviews"), connections=1) as load:
                assert (await load.measure(5)).failures == {}

    asyncio.run(run())


def test_listeners_come_and_go_beside_one_that_carries_load() -> None:
    async def run() -> None:
        async with bench() as on:
            first, second = on.ports.reserve(), on.ports.reserve()
            files = config(first, {"v1": await on.stub("v1")}, v1=1)
            envoy = await on.envoy("gateway", files)
            folder = envoy.folder / "xds"
            async with Load(Target(f"http://127.0.0.1:{first}/", "reviews"), connections=2) as load:
                more = {**files, "lds.json": response(listener(first), listener(second))}
                await publish([Update(envoy, folder, more)])
                async with Load(Target(f"http://127.0.0.1:{second}/", "reviews"), connections=1) as other:
                    assert (await other.measure(20)).failures == {}
                await publish([Update(envoy, folder, files)])
                async with Load(Target(f"http://127.0.0.1:{second}/", "reviews"), connections=1) as other:
                    assert (await other.measure(1)).failed == 1
            assert load.total.failures == {}

    asyncio.run(run())


def test_a_listener_on_a_taken_port_is_told() -> None:
    async def run() -> None:
        async with bench() as on:
            envoy = await on.envoy("gateway", {"cds.json": response(), "lds.json": response()})
            with socket.create_server(("127.0.0.1", 0)) as server:
                port = server.getsockname()[1]
                files = config(port, {"v1": await on.stub("v1")}, v1=1)
                with pytest.raises(MeshError, match=f"cannot bind '127.0.0.1:{port}'"):
                    await publish([Update(envoy, envoy.folder / "xds", files)])

    asyncio.run(run())


def test_no_envoy_goes_on_before_all_have_taken_a_step() -> None:
    async def run() -> None:
        async with bench() as on:
            ports = [on.ports.reserve(), on.ports.reserve()]
            v1, v2 = await on.stub("v1"), await on.stub("v2")
            envoys = [await on.envoy(f"proxy-{port}", config(port, {"v1": v1}, v1=1)) for port in ports]
            updates = [
                Update(envoy, envoy.folder / "xds", config(port, {"v2": v2}, v2=1))
                for envoy, port in zip(envoys, ports, strict=True)
            ]
            # The second refuses its destinations, so the first must not send its requests there.
            broken = copy.deepcopy(dict(updates[1].files))
            broken["cds.json"]["resources"][0]["connect_timeout"] = "-1s"
            with pytest.raises(MeshError, match=f"'proxy-{ports[1]}' refuses"):
                await publish([updates[0], Update(envoys[1], updates[1].folder, broken)])
            async with Load(Target(f"http://127.0.0.1:{ports[0]}/", "reviews"), connections=1) as load:
                assert (await load.measure(5)).versions("reviews") == {"v1": 5}
                await publish(updates)
                assert (await load.measure(5)).versions("reviews") == {"v2": 5}
            assert load.total.failures == {}

    asyncio.run(run())


def test_a_death_is_noticed_with_its_last_words() -> None:
    async def run() -> None:
        async with bench() as on:
            port = on.ports.reserve()
            files = config(port, {"v1": await on.stub("v1")}, v1=1)
            envoy = await on.envoy("gateway", files)
            watch = asyncio.create_task(envoy.watch())
            await asyncio.sleep(0)
            os.kill(envoy.pid, signal.SIGABRT)
            async with asyncio.timeout(20):
                with pytest.raises(MeshError, match=r"'gateway' ended by itself \(signal 6\)"):
                    await watch
            with pytest.raises(MeshError, match="ended by itself"):
                await publish([Update(envoy, envoy.folder / "xds", files)])

    asyncio.run(run())


def test_a_stop_is_no_death_and_may_be_repeated() -> None:
    async def run() -> None:
        async with bench() as on:
            envoy = await on.envoy("idle", {"cds.json": response(), "lds.json": response()})
            watch = asyncio.create_task(envoy.watch())
            await asyncio.sleep(0)
            await envoy.stop()
            await watch
            await envoy.stop()
            with pytest.raises(ProcessLookupError):
                os.kill(envoy.pid, 0)

    asyncio.run(run())


def test_an_envoy_that_cannot_start_says_why_and_is_gone(tmp_path: Path) -> None:
    async def run() -> None:
        await start("broken", {"static_resources": {"clusters": [{"name": "x", "nonsense": 1}]}}, tmp_path)

    with pytest.raises(MeshError, match=r"'broken' ended by itself \(exit code 1\)[^$]*nonsense"):
        asyncio.run(run())


@pytest.mark.parametrize("as_file", [True, False])
def test_envoy_is_asked_about_a_config(tmp_path: Path, as_file: bool) -> None:
    path = tmp_path / "envoy.json"
    path.write_text('{"static_resources": {"listeners": [{"name": "x"}]}}')
    wrong = path if as_file else {"static_resources": {"listeners": [{"name": "x"}]}}
    asyncio.run(validate({"static_resources": {}}))
    with pytest.raises(MeshError, match="Envoy refuses the config: error adding listener named 'x': address"):
        asyncio.run(validate(wrong))
