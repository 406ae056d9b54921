"""Istio's proxies as they are in a cluster: the real pilot-agent, which runs a real Envoy under istiod."""

from __future__ import annotations

import json
import os
import shlex
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from pulumi_mesh.local.lifeline import tied
from pulumi_mesh.local.stats import parse, rejected
from pulumi_mesh.local.validate import binary as envoy_binary
from pulumi_mesh.manifests.facts import Proxy
from tests.cluster.tools.finding import module_folder
from tests.cluster.tools.istiod import Istiod
from tests.cluster.tools.kubectl import Kubectl
from tests.cluster.tools.process import NotReadyError, Running, free_ports, running

# Envoy as its own project builds it has none of Istio's own filters: these keep istiod from asking for them.
FOR_STOCK_ENVOY: Mapping[str, str] = MappingProxyType(
    {
        "PILOT_ENABLE_METADATA_EXCHANGE": "false",
        "PILOT_DISABLE_MX_ALPN": "true",
        "PILOT_ENABLE_ALPN_FILTER": "false",
    }
)
"""Variables of an istiod whose proxies are stock Envoys."""

MESH_FOR_STOCK_ENVOY: Mapping[str, Any] = MappingProxyType({"defaultProviders": {"metrics": []}})
"""What the mesh config of such an istiod holds."""

_PORTS = 4
_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class AgentProxy:
    """A proxy that runs. admin: the port of Envoy's admin page on 127.0.0.1. root: istiod's root certificate, PEM."""

    proxy: Proxy
    agent: Running
    admin: int
    root: str

    def get(self, path: str) -> Any:
        """What a page of Envoy's admin interface answers, as data."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=15) as answer:
            return json.load(answer)

    def config_dump(self) -> dict[str, Any]:
        """The config that Envoy runs with, endpoints included (``/config_dump?include_eds``)."""
        dump: dict[str, Any] = self.get("/config_dump?include_eds")
        return dump

    def stats(self, pattern: str) -> dict[str, int | str]:
        """Counters and gauges whose names hold the regular expression ``pattern``."""
        return parse(self.get(f"/stats?{urllib.parse.urlencode({'format': 'json', 'filter': pattern})}"))

    def rejected(self) -> dict[str, int]:
        """What Envoy has refused since it started, by the name of the counter; empty when nothing."""
        return rejected(self.stats("update_rejected|listener_create_failure"))

    def is_ready(self) -> bool:
        """Whether Envoy has all that it asked istiod for and serves."""
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/ready", timeout=2) as answer,
        ):
            return bool(answer.status == 200)
        return False


@contextmanager
def proxies(
    folder: Path,
    binary: Callable[[str], Path],
    kubectl: Kubectl,
    istiod: Istiod,
    wanted: Iterable[Proxy],
) -> Iterator[dict[str, AgentProxy]]:
    """Run ``wanted`` until the end of the block, each ready; the result is by ``NAME.NAMESPACE``.

    Their namespaces and service accounts have to be there, and istiod has to run with FOR_STOCK_ENVOY and
    MESH_FOR_STOCK_ENVOY. Each has an identity of istiod's authority, got with a token of its service account.
    folder: gets a folder for each proxy; a file ``NAME.NAMESPACE.log`` holds what the agent and Envoy say.
    Nothing redirects traffic to them: istiod is told so, and binds a sidecar's listeners where a Sidecar object says.
    """
    wanted = list(wanted)
    agent = binary("pilot-agent")
    template = module_folder("istio", "istio.io/istio") / "tools" / "packaging" / "common" / "envoy_bootstrap.json"
    envoy = _envoy(folder)
    with ExitStack() as stack:
        ports = stack.enter_context(free_ports(_PORTS * len(wanted)))
        started: dict[str, AgentProxy] = {}
        for position, proxy in enumerate(wanted):
            own = ports[_PORTS * position : _PORTS * (position + 1)]
            name = f"{proxy.name}.{proxy.namespace}"
            home = folder / name
            root = _credentials(home, kubectl, proxy)
            environment = {
                **os.environ,
                **_environment(proxy, own, istiod, envoy),
            }
            command: list[str | Path] = [
                *(agent, "proxy", proxy.kind, f"--domain={proxy.namespace}.svc.{proxy.domain}"),
                f"--templateFile={template}",
            ]
            # All start at once, and are waited for below.
            process = stack.enter_context(
                running(name, command, folder=home, environment=environment, ready=lambda: True)
            )
            (folder / process.log.name).symlink_to(process.log)
            started[name] = AgentProxy(proxy, process, own[0], root)
        _wait(started.values())
        yield started


def _environment(proxy: Proxy, ports: list[int], istiod: Istiod, envoy: Path) -> dict[str, str]:
    """What Istio's injector and gateway chart put into a pod, as far as it matters to an agent outside one."""
    admin, status, health, prometheus = ports
    app = proxy.labels.get("app", proxy.name)
    canonical = {"canonical-name": app, "canonical-revision": proxy.labels.get("version", "latest")}
    labels = {**proxy.labels, **{f"service.istio.io/{name}": value for name, value in canonical.items()}}
    config = {
        "discoveryAddress": f"localhost:{istiod.secure}",
        "binaryPath": str(envoy),
        "configPath": "./etc/istio/proxy",
        "proxyAdminPort": admin,
        "statusPort": status,
        "concurrency": 1,
        # At its end a proxy has no requests left, so nothing waits for them.
        "terminationDrainDuration": "0.1s",
        "serviceCluster": f"{app}.{proxy.namespace}",
    }
    return {
        "POD_NAME": proxy.name,
        "POD_NAMESPACE": proxy.namespace,
        "INSTANCE_IP": proxy.address,
        "SERVICE_ACCOUNT": proxy.service_account,
        "CA_ADDR": f"localhost:{istiod.secure}",
        "JWT_POLICY": "third-party-jwt",
        "ENVOY_STATUS_PORT": str(health),
        "ENVOY_PROMETHEUS_PORT": str(prometheus),
        "ISTIO_META_CLUSTER_ID": "Kubernetes",
        "ISTIO_META_INTERCEPTION_MODE": "NONE",
        "ISTIO_METAJSON_LABELS": json.dumps(labels),
        "PROXY_CONFIG": yaml.safe_dump(config),
    }


def _credentials(home: Path, kubectl: Kubectl, proxy: Proxy) -> str:
    """Put what a pod has mounted where the agent looks for it; returns the root certificate that istiod published."""
    root, token = home / "var/run/secrets/istio/root-cert.pem", home / "var/run/secrets/tokens/istio-token"
    for path in (root, token):
        path.parent.mkdir(mode=0o700, parents=True)
    published = ("configmap/istio-ca-root-cert", f"--namespace={proxy.namespace}")
    kubectl("wait", "--for=create", "--timeout=60s", *published)
    text = str(kubectl.get(*published)["data"]["root-cert.pem"])
    root.write_text(text)
    token.touch(mode=0o600)
    token.write_text(
        kubectl("create", "token", proxy.service_account, f"--namespace={proxy.namespace}", "--audience=istio-ca")
    )
    return text


def _envoy(folder: Path) -> Path:
    """Envoy as the agent starts it: one that dies with the agent, however that ends."""
    python, options, script, _, *command = tied([envoy_binary()])
    path = folder / "envoy"
    path.write_text(f'#!/bin/sh\nexec {shlex.join([python, options, script])} "$PPID" {shlex.join(command)} "$@"\n')
    path.chmod(0o700)
    return path


def _wait(started: Iterable[AgentProxy]) -> None:
    until = time.monotonic() + _WITHIN
    for each in started:
        while not each.is_ready():
            name, process = each.agent.name, each.agent.process
            if process.poll() is not None:
                raise NotReadyError(f"{name} ended with {process.returncode}\n{each.agent.tail()}")
            if time.monotonic() > until:
                raise NotReadyError(f"{name} was not ready after {_WITHIN:.0f} s\n{each.agent.tail()}")
            time.sleep(0.05)
