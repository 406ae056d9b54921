"""Requests that an external authorizer decides: it allows, refuses, fails, or is not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh import istio
from pulumi_mesh.frozen import freeze
from pulumi_mesh.local import mesh as local_mesh
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from pulumi_mesh.local.stub import Behaviour
from pulumi_mesh.manifests.facts import ExtensionProvider, KnownService, ServicePort
from pulumi_mesh.manifests.snapshot import Snapshot
from pulumi_mesh.render import snapshot
from tests.behaviour.support import ask, live

AUTHORIZER = pm.Service("authorizer", namespace="shop", port=9000, service_account="authorizer")
SERVER = pm.Service("server", namespace="shop", port=8080, service_account="server")
CLIENT = pm.Service("client", namespace="shop", port=80, calls=[SERVER], service_account="client")
POLICY = istio.AuthorizationPolicy(
    "asked",
    namespace="shop",
    spec={
        "action": "CUSTOM",
        "selector": {"matchLabels": {"app": "server"}},
        "provider": {"name": "asked"},
        "rules": [{"to": [{"operation": {"paths": ["/guarded*"]}}]}],
    },
)
THERE = "authorizer.shop.svc.cluster.local"
NOWHERE = KnownService(
    "nowhere.shop.svc.cluster.local", "nowhere", "shop", (ServicePort("http", 9000, 9000, "HTTP"),), "240.241.0.1"
)
FAILING = {"authorizer": Behaviour(fail_every=1, status=401)}


@pytest.mark.parametrize(
    ("config", "behaviours", "guarded"),
    [
        ({"service": THERE}, {}, 200),
        ({"service": THERE}, FAILING, 401),
        ({"service": NOWHERE.hostname}, {}, 403),
        ({"service": NOWHERE.hostname, "statusOnError": "503"}, {}, 503),
        ({"service": NOWHERE.hostname, "failOpen": True}, {}, 200),
        ({"service": "unknown.shop.svc.cluster.local"}, {}, 403),
        (None, {}, 403),
    ],
    ids=["allows", "refuses", "is down", "is down, with a status", "is down, and open", "is unknown", "no provider"],
)
def test_who_decides(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any] | None, behaviours: dict[str, Behaviour], guarded: int
) -> None:
    def asking(mesh: pm.Mesh) -> Snapshot:
        """The mesh where MeshConfig has the provider: a description says nothing of MeshConfig."""
        taken = snapshot(mesh)
        providers: tuple[ExtensionProvider, ...] = ()
        if config is not None:
            providers = (
                ExtensionProvider("asked", "envoyExtAuthzHttp", freeze({"port": 9000, "timeout": "5s", **config})),
            )
        return replace(
            taken,
            services=(*taken.services, NOWHERE),
            mesh=replace(taken.mesh, extension_providers=providers),
        )

    async def scenario(running: LocalMesh) -> None:
        target = Target(running.outbound_url("client", 8080), running.host_of("server"))
        found = [(await ask(target, path)).status for path in ("/", "/guarded", "/guarded/more", "/open")]
        assert found == [200, guarded, guarded, 200]

    monkeypatch.setattr(local_mesh, "snapshot", asking)
    live(pm.Mesh("shop", services=[AUTHORIZER, SERVER, CLIENT], objects=[POLICY]), scenario, behaviours=behaviours)
