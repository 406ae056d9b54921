"""The generated Istio types: structure, names, laziness."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_mesh import istio
from pulumi_mesh.errors import InvalidError
from pulumi_mesh.istio import virtual_service
from pulumi_mesh.refs import Identity

ROOT = Path(__file__).parents[3]
KINDS = [name for name in istio.__all__ if name[0].isupper()]

VIRTUAL_SERVICE = istio.VirtualService(
    "reviews",
    namespace="bookinfo",
    spec={
        "hosts": ["reviews"],
        "http": [
            {
                "match": [{"uri": {"prefix": "/reviews"}, "headers": {"end-user": {"exact": "jason"}}}],
                "route": [{"destination": {"host": "reviews", "subset": "v2"}, "weight": 100}],
                "retries": {"attempts": 2, "perTryTimeout": "2s"},
            }
        ],
    },
)


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()


def test_nested_mappings_and_classes_make_the_same_object() -> None:
    parts = virtual_service
    same = istio.VirtualService(
        "reviews",
        namespace="bookinfo",
        spec=parts.VirtualServiceSpec(
            hosts=["reviews"],
            http=[
                parts.Http(
                    match=[
                        parts.HttpMatch(
                            uri=parts.StringMatch(prefix="/reviews"),
                            headers={"end-user": parts.StringMatch(exact="jason")},
                        )
                    ],
                    route=[parts.HttpRoute(destination=parts.Destination(host="reviews", subset="v2"), weight=100)],
                    retries=parts.Retries(attempts=2, per_try_timeout="2s"),
                )
            ],
        ),
    )
    assert same == VIRTUAL_SERVICE
    assert hash(same) == hash(VIRTUAL_SERVICE)
    assert same.identity == Identity("VirtualService", "bookinfo", "reviews")


def test_repr_is_short() -> None:
    made = istio.Gateway("public", spec={"selector": {"istio": "ingress"}})
    assert repr(made) == "Gateway('public', spec=GatewaySpec(selector={'istio': 'ingress'}))"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_says_what_it_is(kind: str) -> None:
    cls = getattr(istio, kind)
    group, _, version = cls.api_version.partition("/")
    assert cls.kind == kind
    assert group.endswith(".istio.io")
    assert cls.served_versions[0] == version
    assert cls.namespaced


def test_protobuf_spelling_is_read_as_the_camel_case_field() -> None:
    spec = {"http": [{"mirror_percent": 3}]}
    assert istio.VirtualService("x", spec=spec) == istio.VirtualService("x", spec={"http": [{"mirrorPercent": 3}]})


def vs(http: dict[str, Any]) -> Callable[[], Any]:
    return lambda: istio.VirtualService("x", spec={"http": [http]})


def dr(policy: dict[str, Any]) -> Callable[[], Any]:
    return lambda: istio.DestinationRule("x", spec={"host": "h", "trafficPolicy": policy})


HTTP = 'VirtualService("x").spec.http[0]'
POLICY = 'DestinationRule("x").spec.trafficPolicy'

WRONG: dict[str, tuple[Callable[[], Any], str, str]] = {
    "unknown field": (vs({"rout": []}), f"{HTTP}.rout", "is not a field here; did you mean route?"),
    "one of three": (
        vs({"match": [{"uri": {"exact": "a", "prefix": "b"}}]}),
        f"{HTTP}.match[0].uri",
        "sets exact and prefix; only one of exact, prefix, regex may be set",
    ),
    "one of, wire names": (
        vs({"fault": {"abort": {"httpStatus": 500, "grpcStatus": "ABORTED"}}}),
        f"{HTTP}.fault.abort",
        "sets httpStatus and grpcStatus; only one of httpStatus, grpcStatus, http2Error may be set",
    ),
    "two one-ofs": (
        dr({"loadBalancer": {"simple": "RANDOM", "consistentHash": {"useSourceIp": True}}}),
        f"{POLICY}.loadBalancer",
        "sets simple and consistentHash; only one of simple, consistentHash may be set",
    ),
    "second of all-of": (
        dr({"loadBalancer": {"consistentHash": {"ringHash": {}, "maglev": {}}}}),
        f"{POLICY}.loadBalancer.consistentHash",
        "sets ringHash and maglev; only one of ringHash, maglev may be set",
    ),
    "enum": (
        dr({"tls": {"mode": "STRICT"}}),
        f"{POLICY}.tls.mode",
        "is 'STRICT'; one of 'DISABLE', 'SIMPLE', 'MUTUAL' or 'ISTIO_MUTUAL'",
    ),
    "type": (
        vs({"route": [{"destination": {"host": "h"}, "weight": "9"}]}),
        f"{HTTP}.route[0].weight",
        "needs a number, not text",
    ),
    "bound": (
        vs({"redirect": {"port": -1}}),
        f"{HTTP}.redirect.port",
        "is -1; at least 0",
    ),
    "required": (vs({"route": [{"weight": 1}]}), f"{HTTP}.route[0].destination", "is required"),
    "required spec": (
        lambda: istio.DestinationRule("x"),  # type: ignore[call-arg]  # what the test is about
        'DestinationRule("x").spec',
        "is required",
    ),
    "text": (vs({"timeout": 3}), f"{HTTP}.timeout", "needs text, not a number; quote it"),
    "item length": (
        lambda: istio.RequestAuthentication("x", spec={"jwtRules": [{"issuer": ""}]}),
        'RequestAuthentication("x").spec.jwtRules[0].issuer',
        "is empty",
    ),
    "map size": (
        lambda: istio.PeerAuthentication("x", spec={"portLevelMtls": {}}),
        'PeerAuthentication("x").spec.portLevelMtls',
        "has 0 entries; at least 1",
    ),
    "name": (
        lambda: istio.Sidecar("../x"),
        'Sidecar("../x").name',
        "is '../x'; a name is lower-case letters, digits, '-' and '.', and starts and ends with a letter or digit",
    ),
    "doubled metadata": (
        lambda: istio.Sidecar("x", metadata={"labels": {}}),
        'Sidecar("x").metadata',
        "holds labels, which is a field of its own: labels=...",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_structure(case: str) -> None:
    make, where, message = WRONG[case]
    with pytest.raises(InvalidError) as caught:
        make()
    assert caught.value.problems == [(where, message)]


@pytest.mark.parametrize(
    ("package", "made", "other"),
    [
        ("pulumi_mesh.istio", "VirtualService('x')", "destination_rule"),
        ("pulumi_mesh.gateway_api", "GatewayClass('x', spec={'controllerName': 'a.io/b'})", "http_route"),
        ("pulumi_mesh.gateway_api.experimental", "XMesh('x', spec={'controllerName': 'a.io/b'})", "http_route"),
    ],
)
def test_one_kind_loads_neither_the_others_nor_pulumi(package: str, made: str, other: str) -> None:
    code = (
        f"import sys; import {package} as package; package.{made};"
        f"print([m for m in sys.modules if m == 'pulumi' or m.endswith('.{other}')])"
    )
    assert run(code) == "[]"


def test_unknown_kind_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'VirtualServer'"):
        istio.VirtualServer  # type: ignore[attr-defined]  # noqa: B018 - what the test is about


def test_generated_tree_is_what_the_script_writes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.generate", "--check"], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
