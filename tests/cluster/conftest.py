"""What a cluster test can ask for. A fixture brings what it needs: a binary is found, or built once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pulumi.automation import PulumiCommand
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

import pulumi_mesh as pm
from pulumi_mesh.errors import MeshError
from tests.cluster.compare.cluster import Cluster
from tests.cluster.compare.cluster import running as comparing
from tests.cluster.tools import api_server as servers
from tests.cluster.tools import istiod as control_planes
from tests.cluster.tools import providers
from tests.cluster.tools.controllers import controllers
from tests.cluster.tools.engine import Engine, pulumi_command
from tests.cluster.tools.faulty_server import FaultyServer, faulty_server
from tests.cluster.tools.finding import find, go, module_folder
from tests.cluster.tools.istiod import Istiod
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.pilot_agent import FOR_STOCK_ENVOY, MESH_FOR_STOCK_ENVOY
from tests.cluster.tools.pods import pods
from tests.cluster.tools.traffic import DataPlane, data_plane

BinaryOf = Callable[[str], Path]


def pytest_sessionstart() -> None:
    """Without Go nothing here can run, and one message says so."""
    try:
        go()
    except MeshError as error:
        pytest.exit(str(error), returncode=1)


_FOLDERS = pytest.StashKey[list[Path]]()
_TAIL = 30


@pytest.fixture(scope="session", autouse=True)
def channels_apart() -> Iterator[None]:
    """Each channel to an engine has a state of its own.

    Pulumi never closes its channels to an engine that has ended, and gRPC shares their state with a new channel to the
    same address: an engine that got the port of an earlier one by chance would be taken for dead.
    """
    with pytest.MonkeyPatch.context() as patch:
        apart = [*_GRPC_CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        patch.setattr("pulumi.runtime.settings._GRPC_CHANNEL_OPTIONS", apart)
        yield


@pytest.fixture(scope="session")
def binary(request: pytest.FixtureRequest) -> BinaryOf:
    """``binary("helm")`` is where helm is. Where it cannot be had, the run ends with one message that says why."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    terminal = request.config.pluginmanager.getplugin("terminalreporter")

    def say(line: str) -> None:
        if terminal is not None and capture is not None:
            with capture.global_and_fixture_disabled():
                terminal.write_line(line)

    def place(name: str) -> Path:
        try:
            return find(name, say=say)
        except MeshError as error:
            pytest.exit(str(error), returncode=1)

    return place


@pytest.fixture(scope="session")
def api_server(
    binary: BinaryOf, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Kubectl]:
    """A Kubernetes API server for all tests of this process; kubectl as a user who may do all."""
    folder = _folder("cluster", tmp_path_factory, pytestconfig)
    with servers.api_server(folder, binary) as kubectl:
        yield kubectl


@pytest.fixture(scope="session")
def crds(api_server: Kubectl) -> Kubectl:
    """The API server with Istio's custom resources, from the module that istiod is built with."""
    file = module_folder("istio", "istio.io/api") / "kubernetes" / "customresourcedefinitions.gen.yaml"
    api_server("apply", "--server-side", f"--filename={file}")
    api_server.await_definitions()
    return api_server


@pytest.fixture(scope="session")
def istio_kinds(crds: Kubectl) -> list[str]:
    """Every kind that Istio's custom resources bring, as ``kubectl get`` takes it."""
    return [each["metadata"]["name"] for each in crds.get("crd")["items"]]


@pytest.fixture
def kubectl(crds: Kubectl, istio_kinds: list[str]) -> Kubectl:
    """The API server without any Istio object, and with the namespace of the control plane.

    Namespaces of earlier tests may be there: without a controller they would never be gone.
    """
    crds("delete", "--all", "--all-namespaces", ",".join(istio_kinds))
    crds.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": control_planes.NAMESPACE}})
    return crds


@pytest.fixture(scope="module")
def istiod(
    crds: Kubectl, binary: BinaryOf, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Istiod]:
    """istiod for the tests of one file; the API server asks it about each Istio object before it is stored."""
    folder = _folder("istiod", tmp_path_factory, pytestconfig)
    with control_planes.istiod(folder, binary("pilot-discovery"), crds, {}) as running:
        yield running


@pytest.fixture(scope="module")
def istiod_of_proxies(
    crds: Kubectl,
    istio_kinds: list[str],
    binary: BinaryOf,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Istiod]:
    """istiod for a file whose tests run proxies, without Istio objects at first. No request is sent twice."""
    crds("delete", "--all", "--all-namespaces", ",".join(istio_kinds))
    config = {**MESH_FOR_STOCK_ENVOY, "defaultHttpRetryPolicy": {"attempts": 0}}
    folder = _folder("istiod", tmp_path_factory, pytestconfig)
    with control_planes.istiod(folder, binary("pilot-discovery"), crds, config, variables=FOR_STOCK_ENVOY) as running:
        yield running


@pytest.fixture(scope="module")
def data_plane_of(
    istiod_of_proxies: Istiod,
    crds: Kubectl,
    binary: BinaryOf,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Callable[[pm.Mesh], DataPlane]]:
    """``data_plane_of(mesh)`` runs the workloads and all proxies of a mesh, whose namespaces are there."""
    with ExitStack() as stack:
        yield lambda mesh: stack.enter_context(
            data_plane(_folder("proxies", tmp_path_factory, pytestconfig), binary, crds, istiod_of_proxies, mesh)
        )


@pytest.fixture(scope="session")
def deleting(
    crds: Kubectl, binary: BinaryOf, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[None]:
    """The controllers by which a deletion comes to its end: garbage collection, and namespaces."""
    folder = _folder("controllers", tmp_path_factory, pytestconfig)
    with controllers(folder, binary("kube-controller-manager"), crds):
        yield


@pytest.fixture(scope="module")
def ready_cluster(
    binary: BinaryOf, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Kubectl]:
    """A cluster of the file's own, as a new one is: no custom resources; Deployments become ready (no pod runs)."""
    folder = _folder("ready", tmp_path_factory, pytestconfig)
    with servers.api_server(folder, binary) as kubectl, pods(folder, binary, kubectl):
        yield kubectl


@pytest.fixture(scope="module")
def comparison(
    binary: BinaryOf, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Cluster]:
    """A cluster with istiod of the file's own, for mesh after mesh: what others leave would be in each view."""
    with comparing(_folder("compare", tmp_path_factory, pytestconfig), binary) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def provider_port(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[int | None]:
    """Where the tests' own ``kubernetes`` provider listens; None when Pulumi's is on PATH, which is used then."""
    if shutil.which(providers.PLUGIN) is not None:
        yield None
        return
    with providers.provider(_folder("provider", tmp_path_factory, pytestconfig)) as port:
        yield port


@pytest.fixture(scope="session")
def pulumi(binary: BinaryOf, tmp_path_factory: pytest.TempPathFactory) -> PulumiCommand:
    """The ``pulumi`` command for the Automation API."""
    return pulumi_command(binary("pulumi"), tmp_path_factory.mktemp("pulumi"))


@pytest.fixture
def engine(
    crds: Kubectl,
    deleting: None,
    provider_port: int | None,
    pulumi: PulumiCommand,
    binary: BinaryOf,
    tmp_path: Path,
) -> Engine:
    """The Pulumi engine, with a home, a backend and stacks of its own."""
    return Engine(binary("pulumi"), pulumi, tmp_path / "pulumi", provider_port, crds)


@pytest.fixture(scope="module")
def faulty(
    crds: Kubectl, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[FaultyServer]:
    """A proxy in front of the API server that does what a test plans; without a plan, nothing."""
    with faulty_server(_folder("faulty", tmp_path_factory, pytestconfig), crds.kubeconfig) as running:
        yield running


def _folder(name: str, factory: pytest.TempPathFactory, config: pytest.Config) -> Path:
    made = factory.mktemp(name)
    config.stash.setdefault(_FOLDERS, []).append(made)
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the end of each process's log to the report of a test that failed."""
    report = yield
    if report.failed:
        for log in [log for folder in item.config.stash.get(_FOLDERS, []) for log in sorted(folder.glob("*.log"))]:
            lines = log.read_text(errors="replace").splitlines()
            report.sections.append((f"end of {log}", "\n".join(lines[-_TAIL:])))
    return report
