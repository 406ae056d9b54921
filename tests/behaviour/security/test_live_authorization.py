"""Who may do what: by identity, namespace, method, path and port."""

from __future__ import annotations

import pulumi_mesh as pm
from pulumi_mesh.local.load import Target
from pulumi_mesh.local.mesh import LocalMesh
from tests.behaviour.support import ask, live

SERVER = pm.Service("server", namespace="shop", ports=[8080, 9090], service_account="server")
FRIEND = pm.Service("friend", namespace="shop", port=80, calls=[SERVER], service_account="friend")
STRANGER = pm.Service("stranger", namespace="other", port=80, calls=[SERVER], service_account="friend")

ALLOW = pm.AuthorizationPolicy(
    "allow",
    target=SERVER,
    rules=[
        pm.AuthorizationRule(principals=[FRIEND], paths=["/identity"]),
        pm.AuthorizationRule(principals=["cluster.local/ns/other/*"], paths=["/prefix"]),
        pm.AuthorizationRule(namespaces=["other"], paths=["/namespace"]),
        pm.AuthorizationRule(methods=["GET", "PUT"], paths=["/method"]),
        pm.AuthorizationRule(ports=[9090], paths=["/port"]),
        pm.AuthorizationRule(paths=["/open*", "*/end"]),
    ],
)
DENY = pm.AuthorizationPolicy(
    "deny",
    target=SERVER,
    action="DENY",
    rules=[
        pm.AuthorizationRule(paths=["/open/secret"], methods=["DELETE"]),
        pm.AuthorizationRule(paths=["/open/mine"], namespaces=["other"]),
    ],
)

REQUESTS = [
    ("friend", 8080, "GET", "/identity", 200),
    ("stranger", 8080, "GET", "/identity", 403),
    ("nobody", 8080, "GET", "/identity", 403),
    ("friend", 8080, "GET", "/identity/x", 403),
    ("friend", 8080, "GET", "/identity?a=1", 200),
    ("friend", 8080, "GET", "/prefix", 403),
    ("stranger", 8080, "GET", "/prefix", 200),
    ("friend", 8080, "GET", "/namespace", 403),
    ("stranger", 8080, "GET", "/namespace", 200),
    ("nobody", 8080, "GET", "/namespace", 403),
    ("stranger", 8080, "PUT", "/method", 200),
    ("friend", 8080, "POST", "/method", 403),
    ("friend", 9090, "GET", "/port", 200),
    ("friend", 8080, "GET", "/port", 403),
    ("nobody", 9090, "GET", "/port", 200),
    ("nobody", 8080, "POST", "/opened", 200),
    ("nobody", 8080, "GET", "/a/end", 200),
    ("friend", 8080, "GET", "/elsewhere", 403),
    ("friend", 8080, "GET", "/open/secret", 200),
    ("friend", 8080, "DELETE", "/open/secret", 403),
    ("friend", 8080, "DELETE", "/open/other", 200),
    ("friend", 8080, "GET", "/open/mine", 200),
    ("stranger", 8080, "GET", "/open/mine", 403),
]


def mesh(*policies: pm.AuthorizationPolicy) -> pm.Mesh:
    return pm.Mesh("shop", services=[SERVER, FRIEND, STRANGER], authorization=policies)


def caller(running: LocalMesh, who: str, port: int) -> Target:
    host = f"{running.host_of('server')}:{port}"
    if who == "nobody":
        return Target(f"http://127.0.0.1:{running.inbound_port('server', port)}", host)
    return Target(running.outbound_url(who, port), host)


def test_who_may_do_what() -> None:
    async def scenario(running: LocalMesh) -> None:
        found = [
            (who, port, method, path, (await ask(caller(running, who, port), path, method=method)).status)
            for who, port, method, path, _ in REQUESTS
        ]
        assert found == REQUESTS
        refused = await ask(caller(running, "stranger", 8080), "/identity")
        assert refused.body == "RBAC: access denied"
        allowed = [each for each in REQUESTS if each[4] == 200]
        assert running.stubs["server"].count == len(allowed), "what is refused does not reach the workload"

    live(mesh(ALLOW, DENY), scenario)


def test_policies_of_a_namespace_and_without_rules_while_running() -> None:
    nothing = pm.AuthorizationPolicy("nothing", namespace="shop")
    elsewhere = pm.AuthorizationPolicy("elsewhere", namespace="other")
    everything = pm.AuthorizationPolicy("everything", target=SERVER, action="DENY", rules=[pm.AuthorizationRule()])

    async def scenario(running: LocalMesh) -> None:
        async def statuses() -> list[int]:
            return [(await ask(caller(running, who, 8080), "/identity")).status for who in ("friend", "stranger")]

        assert await statuses() == [200, 200]
        for policies, expected in (
            ([elsewhere], [200, 200]),
            ([nothing], [403, 403]),
            ([nothing, ALLOW], [200, 403]),
            ([ALLOW, everything], [403, 403]),
            ([], [200, 200]),
        ):
            await running.change(mesh(*policies))
            assert await statuses() == expected, [each.name for each in policies]

    live(mesh(), scenario)
