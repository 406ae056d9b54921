"""The values of Istio's charts: what is generated, and how shapes are read out of Istio's own descriptions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_mesh.model.charts import BaseValues, GatewayValues, IstiodValues, check_values
from scripts.chartgen import charts
from scripts.chartgen.emit import python_type
from scripts.chartgen.proto import messages

ROOT = Path(__file__).parents[3]

PROTO = """
syntax = 'proto3';
enum Scope { all = 0; cluster = 1; } // what is processed
message Inner { string name = 1; }
/* message Gone { string a = 1; } */
message Outer {
  enum Mode { ON = 0; OFF = 1; }
  repeated Inner inner = 1;
  map<string, string> labels = 2;
  Scope scope = 3 [deprecated = true];
  Mode mode = 4;
  google.protobuf.BoolValue enabled = 5;
  repeated google.protobuf.Struct more = 6;
  ProxyInit proxy_init = 7 [json_name = "proxyInit"];
  IntOrString surge = 8;
}
message ProxyInit { uint32 port = 1; double share = 2; google.protobuf.Value any = 3; }
"""


def test_the_module_is_what_the_script_writes() -> None:
    done = subprocess.run([sys.executable, "-m", "scripts.generate_charts", "--check"], check=False, cwd=ROOT)
    assert done.returncode == 0


def test_messages_of_a_proto_file() -> None:
    assert messages(PROTO) == {
        "Inner": {"name": "text"},
        "Outer": {
            "inner": "list:Inner",
            "labels": "map:text",
            "scope": "enum:all|cluster",
            "mode": "enum:ON|OFF",
            "enabled": "flag",
            "more": "list:map:any",
            "proxyInit": "ProxyInit",
            "surge": "text|whole",
        },
        "ProxyInit": {"port": "whole", "share": "number", "any": "any"},
    }


@pytest.mark.parametrize(
    "text", ["message A { oneof b { string c = 1; } }", "message A { Unknown b = 1; }", "message A { group b {} }"]
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"oneof|not known|cannot read"):
        messages(text)


@pytest.mark.parametrize(
    ("reduced", "written"),
    [
        ("text|whole", "Text | Whole"),
        ("list:map:any", "Items[Entries[Any]]"),
        ("enum:|Always", "Literal['', 'Always'] | None"),
        ("enum:true|auto", "Literal[True, 'auto'] | None"),
        ("map:Inner", "Entries[Inner]"),
    ],
)
def test_types_in_python(reduced: str, written: str) -> None:
    assert python_type(reduced, {"Inner": {}}) == written


def test_every_shape_that_is_pinned_is_used() -> None:
    shapes = charts.load()
    used = {
        word for fields in shapes.values() for each in fields.values() for word in each.replace("|", ":").split(":")
    }
    assert set(shapes) - used == {"BaseValues", "IstiodValues", "GatewayValues"}


GOOD: list[tuple[Any, dict[str, Any]]] = [
    (BaseValues, {"base": {"excludedCRDs": ["a"]}, "global": {"resourceScope": "cluster"}, "profile": "ambient"}),
    (IstiodValues, {"pilot": {"cni": {"enabled": True}}, "extraContainerArgs": ["--a"], "env": {"A": 1}}),
    (IstiodValues, {"rollingMaxSurge": 1, "rollingMaxUnavailable": "25%", "traceSampling": 1, "tag": 1.31}),
    (GatewayValues, {"unprivilegedPort": "auto", "service": {"loadBalancerClass": "a", "ports": [{"port": 80}]}}),
    (GatewayValues, {"networkGatewayPorts": {"tls": {"port": 15443}}, "annotations": {"a": 1}}),
]


@pytest.mark.parametrize(("type_", "values"), GOOD)
def test_values_that_are_accepted(type_: Any, values: dict[str, Any]) -> None:
    assert list(check_values(type_, values, "values")) == []


BAD: list[tuple[Any, dict[str, Any], str, str]] = [
    (
        GatewayValues,
        {"unprivilegedPort": "no"},
        "values.unprivilegedPort",
        "needs one of True, False, 'auto', not text",
    ),
    (GatewayValues, {"unprivilegedPort": 1}, "values.unprivilegedPort", "needs one of True, False, 'auto', not 1"),
    (GatewayValues, {"service": {"ports": [{"port": "80"}]}}, "values.service.ports[0].port", "needs a whole number"),
    (GatewayValues, {"networkGatewayPorts": {"tls": 1}}, "values.networkGatewayPorts['tls']", "needs a mapping, not 1"),
    (GatewayValues, {"inject.istio.io/x": 1}, "values['inject.istio.io/x']", "is no value that the chart takes"),
    (BaseValues, {"global": {"readerServiceAccount": {"nam": "a"}}}, "values.global.readerServiceAccount.nam", "name?"),
]


@pytest.mark.parametrize(("type_", "values", "where", "said"), BAD)
def test_values_that_are_refused(type_: Any, values: dict[str, Any], where: str, said: str) -> None:
    ((place, message),) = check_values(type_, values, "values")
    assert place == where
    assert said in message
