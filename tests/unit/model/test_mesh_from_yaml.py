"""A mesh in YAML: the same as in Python, and its mistakes with file, line and path."""

import pytest

import pulumi_mesh as pm
from pulumi_mesh import istio
from pulumi_mesh.loading.yaml_file import read_mesh
from pulumi_mesh.model.reading import as_written, mesh_from_data

SHOP = """\
name: shop
istio: {revision: stable}
namespaces:
- {name: shop, injection: true}
services:
- name: front
  namespace: shop
  port: 80
  calls: [bookinfo/reviews, ext/reviews]
- name: reviews
  namespace: bookinfo
  ports: [9080]
  versions: [v1, {name: v2, addresses: [10.0.0.2]}]
- {name: reviews, namespace: ext, port: 80, owner: external}
gateways:
- name: public
  listeners: [{name: http, port: 80, hostnames: ["*.example.com"]}]
routes:
- name: front
  gateways: [public]
  hostnames: [shop.example.com]
  rules:
  - matches: [{path: /reviews, headers: {end-user: jason}}, {path: {value: /x, kind: exact}}, /y]
    backends:
    - {service: bookinfo/reviews, version: v1, weight: 90}
    - {service: bookinfo/reviews, version: v2, weight: 10}
    mirror: {destination: {service: bookinfo/reviews, version: v2}, percent: 5}
    timeout: 2s
  - backends: [front]
mutual_tls:
- mode: STRICT
- {mode: PERMISSIVE, service: {service: bookinfo/reviews, version: v1}}
authorization:
- name: reviews
  target: bookinfo/reviews
  rules:
  - principals: [front, bookinfo/reviews, cluster.local/ns/a/sa/b, {gateway: public}]
- name: edge
  target: {gateway: public}
  action: DENY
  rules: [{paths: [/admin*]}]
canaries:
- service: bookinfo/reviews
  stable: v1
  candidate: v2
  stages: [{weight: 5, duration: 10m}, {weight: 100}]
objects:
- apiVersion: networking.istio.io/v1
  kind: Sidecar
  metadata: {name: front, namespace: shop}
  spec: {egress: [{hosts: [./*]}]}
- replace:
    apiVersion: telemetry.istio.io/v1
    kind: Telemetry
    metadata: {name: all, namespace: shop}
"""


def in_python() -> pm.Mesh:
    elsewhere = pm.Service("reviews", namespace="ext", port=80).external()
    reviews = pm.Service(
        "reviews", namespace="bookinfo", port=9080, versions=["v1", pm.Version("v2", addresses=["10.0.0.2"])]
    )
    front = pm.Service("front", namespace="shop", port=80, calls=[reviews, elsewhere])
    public = pm.Gateway("public", listeners=[pm.Listener("http", port=80, hostnames=["*.example.com"])])
    split = pm.Rule(
        matches=[
            pm.Match(path="/reviews", headers={"end-user": "jason"}),
            pm.Match(path=pm.Path("/x", kind="exact")),
            pm.Path("/y"),
        ],
        backends=[pm.Backend(reviews["v1"], weight=90), pm.Backend(reviews["v2"], weight=10)],
        mirror=pm.Mirror(reviews["v2"], percent=5),
        timeout="2s",
    )
    callers = pm.AuthorizationRule(principals=[front, reviews, "cluster.local/ns/a/sa/b", public])
    return pm.Mesh(
        "shop",
        istio=pm.Istio.existing(revision="stable"),
        namespaces=[pm.Namespace("shop", injection=True)],
        services=[front, reviews, elsewhere],
        gateways=[public],
        routes=[
            pm.HTTPRoute(
                "front", gateways=[public], hostnames=["shop.example.com"], rules=[split, pm.Rule(backends=[front])]
            )
        ],
        mutual_tls=[pm.MutualTLS("STRICT"), pm.MutualTLS("PERMISSIVE", service=reviews["v1"])],
        authorization=[
            pm.AuthorizationPolicy("reviews", target=reviews, rules=[callers]),
            pm.AuthorizationPolicy(
                "edge", target=public, action="DENY", rules=[pm.AuthorizationRule(paths=["/admin*"])]
            ),
        ],
        canaries=[
            pm.Canary(
                reviews,
                stable="v1",
                candidate="v2",
                stages=[pm.Stage(weight=5, duration="10m"), pm.Stage(weight=100)],
            )
        ],
        objects=[
            istio.Sidecar(
                "front",
                namespace="shop",
                spec=istio.Sidecar("x", namespace="y", spec={"egress": [{"hosts": ["./*"]}]}).spec,
            ),
            pm.replace(istio.Telemetry("all", namespace="shop")),
        ],
    )


def test_yaml_and_python_say_the_same() -> None:
    assert read_mesh(SHOP, "shop.yaml") == in_python()


def changed(*pairs: tuple[str, str]) -> str:
    text = SHOP
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after, 1)
    return text


def problems(text: str) -> list[str]:
    with pytest.raises(pm.MeshError) as raised:
        read_mesh(text, "shop.yaml")
    return str(raised.value).splitlines()


MISTAKES = [
    (("weight: 90", "weight: -1"), "25: routes[0].rules[0].backends[0].weight: -1 is not a weight"),
    (
        ("version: v2, weight: 10", "version: v9, weight: 10"),
        "26: routes[0].rules[0].backends[1].version: reviews has no version 'v9'",
    ),
    (("timeout: 2s", "timeout: 2"), "28: routes[0].rules[0].timeout: 2 is not a duration"),
    (
        ("kind: exact", "kinds: exact"),
        "23: routes[0].rules[0].matches[1].path.kinds: is not a field here; did you mean kind?",
    ),
    ((", /y]", ", why]"), "23: routes[0].rules[0].matches[2]: 'why' is not a path; it begins with '/'"),
    (
        ("backends: [front]", "backends: [nobody]"),
        "29: routes[0].rules[1].backends[0]: no service 'nobody' is declared; declared: front, reviews",
    ),
    (
        ("service: bookinfo/reviews\n", "service: reviews\n"),
        "43: canaries[0].service: several services are named 'reviews'; write NAMESPACE/reviews",
    ),
    (
        ("gateways: [public]", "gateways: [private]"),
        "20: routes[0].gateways[0]: no gateway 'private' is declared; declared: public",
    ),
    (
        ("hostnames: [shop.example.com]", "hostnames: [shop.example.org]"),
        "21: routes[0].hostnames[0]: no listener of its gateways takes",
    ),
    (
        ("{gateway: public}\n", "{gateway: public, x: 1}\n"),
        "39: authorization[1].target: a gateway is the whole target",
    ),
    (
        ("principals: [front,", "principals: [back,"),
        "37: authorization[0].rules[0].principals[0]: no service 'back' is declared",
    ),
    (("candidate: v2", "candidate: v9"), "45: canaries[0].candidate: reviews has no version 'v9'; it has: v1, v2"),
    (("weight: 100", "weight: 4"), "46: canaries[0].stages[1].weight: weights never fall; 4 comes after 5"),
    (("port: 80\n  calls", "port: 65536\n  calls"), "8: services[0].port: 65536 is not a port"),
    (("port: 80\n  calls", "port: '80'\n  calls"), "8: services[0].port: '80' is not a port; give a whole number"),
    (("ports: [9080]", "ports: [0]"), "12: services[1].ports[0]: 0 is not a port"),
    (
        ("calls: [bookinfo/reviews, ext/reviews]", "calls: [details]"),
        "9: services[0].calls[0]: no service 'details' is declared",
    ),
    (
        ("ports: [9080]", "ports: [9080]\n  calls: [front]"),
        "9: services[0].calls: calls go round in a circle: front → reviews → front",
    ),
    (
        ("name: shop\n", "name: shop\nuses: [platform]\n"),
        "2: uses: a file cannot use other meshes; write the program in Python",
    ),
    (("name: shop\n", "name: shop\nservice: []\n"), "2: service: is not a field here; did you mean services?"),
    (("name: shop\n", ""), "1: name: is required"),
    (("egress: [{hosts: [./*]}]", "egress: [{host: [./*]}]"), "51: objects[0].spec.egress[0].hosts: is required"),
    (("  kind: Sidecar\n", ""), "48: objects[0].kind: is required, as text"),
    (("- replace:", "- replaced:"), "52: objects[1].apiVersion: is required, as text"),
    (
        ("mutual_tls:\n- mode: STRICT", "mutual_tls:\n- STRICT"),
        "31: mutual_tls[0]: needs MutualTLS or a mapping, not text",
    ),
    (("mode: STRICT", "mode: strict"), "31: mutual_tls[0].mode: is 'strict'; one of 'STRICT'"),
    (("name: shop\n", "name: shop\nname: shop\n"), "2: gives name twice; keep one"),
    (("name: shop\n", "name: !!str shop\n"), "1: has the tag !!str"),
    (("name: shop\n", "name: !!python/object:os.system shop\n"), "1: has the tag !!python/object:os.system"),
    (("name: shop\n", "name: [\n"), "3: is not YAML"),
]


@pytest.mark.parametrize(("change", "expected"), MISTAKES, ids=[text[:60] for _, text in MISTAKES])
def test_mistake(change: tuple[str, str], expected: str) -> None:
    found = problems(changed(change))
    assert found[0].startswith(f"shop.yaml:{expected}")


def test_what_follows_from_another_mistake_is_not_told() -> None:
    broken = changed(("ports: [9080]", "ports: [0]"), ("gateways:\n- name: public", "gateways:\n- name: Public"))
    found = problems(broken)
    assert [line.partition(": ")[2].partition(":")[0] for line in found] == [
        "services[1].ports[0]",
        "gateways[0].name",
        "routes[0].gateways[0]",
        "authorization[0].rules[0].principals[3]",
        "authorization[1].target",
    ]


def test_all_problems_come_together_in_the_order_of_the_lines() -> None:
    found = problems(
        changed(("weight: 100", "weight: 4"), ("weight: 90", "weight: -1"), ("port: 80\n  calls", "port: 0\n  calls"))
    )
    assert [line.split(":")[1] for line in found] == ["8", "25", "46"]


@pytest.mark.parametrize(("text", "kind"), [("", "nothing (null)"), ("- a", "a list"), ("a", "text")])
def test_a_file_that_is_no_mesh(text: str, kind: str) -> None:
    assert problems(text) == [f"shop.yaml: a mesh is a mapping, with its name first; this is {kind}"]


def test_an_alias_bomb() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    assert "expands aliases to more than" in problems(f"name: x\na0: &a0 [x]\n{levels}")[0]


def test_without_a_file_only_the_path_is_told() -> None:
    with pytest.raises(pm.InvalidError) as raised:
        mesh_from_data({"name": "m", "services": [{"name": "a", "namespace": "b", "port": 0}]})
    assert raised.value.problems == [("services[0].port", "0 is not a port; give a number from 1 to 65535")]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("services[0].ports[0].number", "services[0].ports[0]"),
        ("services[0].name", "services[0].name"),
        ("services[0].port", "services[0].port"),
        ("services[0].labels['a.b']", "services[0].labels['a.b']"),
        ("routes[0].backends[0].destination.version", "routes[0].backends[0].version"),
        ("nothing[0].at.all", "nothing[0].at.all"),
        ("", ""),
    ],
)
def test_paths_are_those_of_the_file(path: str, written: str) -> None:
    data = {
        "services": [{"name": "a", "ports": [80], "labels": {"a.b": 1}}],
        "routes": [{"backends": [{"service": "a", "version": "v1"}]}],
    }
    assert as_written(path, data) == written
