"""A preview tells which requests go elsewhere, against what the last update registered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

import pulumi_mesh as pm
from pulumi_mesh import deploy
from pulumi_mesh.gitops import files
from pulumi_mesh.render import render

from .engine import run, unknown

REVIEWS = pm.Service("reviews", namespace="shop", port=80, versions=["v1", "v2"])
CALLER = pm.Service("caller", namespace="shop", port=80)


def mesh(weight: int = 10, **fields: Any) -> pm.Mesh:
    backends = [pm.Backend(REVIEWS["v1"], weight=100 - weight), pm.Backend(REVIEWS["v2"], weight=weight)]
    route = pm.HTTPRoute("reviews", services=[REVIEWS], rules=[pm.Rule(backends=backends)])
    return pm.Mesh("shop", services=[REVIEWS, CALLER], routes=[route], **fields)


def deployed(what: pm.Mesh) -> Callable[[], object]:
    return lambda: deploy.Mesh("shop", what)


def test_a_change_of_weights_is_told() -> None:
    found = run(deployed(mesh(25)), preview=True, last=run(deployed(mesh(10))))
    (text,) = found.told
    assert "reviews.shop (v1): 90 % → 75 %" in text and "reviews.shop (v2): 10 % → 25 %" in text
    assert "routes[" in text  # where it was decided
    assert found.warnings == []


def test_what_fails_from_now_on_is_a_warning() -> None:
    only = pm.AuthorizationPolicy(
        "only", target=REVIEWS, rules=[pm.AuthorizationRule(principals=[CALLER], methods=["GET"])]
    )
    mtls = [pm.MutualTLS("STRICT")]
    found = run(
        deployed(mesh(mutual_tls=mtls, authorization=[only])), preview=True, last=run(deployed(mesh(mutual_tls=mtls)))
    )
    (text,) = [each for each in found.warnings if each.startswith("requests:")]
    assert "Refused from now on" in text and "refused with 403" in text


@pytest.mark.parametrize("preview", [True, False])
def test_without_a_change_nothing_is_told(preview: bool) -> None:
    found = run(deployed(mesh()), preview=preview, last=run(deployed(mesh())))
    assert (found.told, found.warnings) == ([], [])


def test_an_update_tells_nothing() -> None:
    assert run(deployed(mesh(25)), last=run(deployed(mesh(10)))).told == []


def test_the_first_preview_tells_nothing() -> None:
    assert run(deployed(mesh()), preview=True).told == []


def outputs(value: Callable[[], Any]) -> Callable[[], object]:
    def program() -> None:
        route = pm.HTTPRoute("reviews", services=[REVIEWS], rules=[pm.Rule(backends=[REVIEWS], timeout="2s",
            rewrite=pm.Rewrite(hostname=value()))])  # fmt: skip
        deploy.Mesh("shop", pm.Mesh("shop", services=[REVIEWS, CALLER], routes=[route]))

    return program


def test_a_value_that_is_not_known_waits() -> None:
    before = run(outputs(lambda: "a.example.com"))
    assert run(outputs(unknown), preview=True, last=before).told == []
    (text,) = run(outputs(lambda: pulumi.Output.from_input("b.example.com")), preview=True, last=before).told
    assert "host: a.example.com → b.example.com" in text


def test_a_secret_is_not_told() -> None:
    before = run(outputs(lambda: "a.example.com"))
    assert run(outputs(lambda: pulumi.Output.secret("b.example.com")), preview=True, last=before).told == []


def test_against_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in files(render(mesh(10))).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"mesh:baseline": str(tmp_path)}))
    (text,) = run(deployed(mesh(25)), preview=True).told
    assert "reviews.shop (v2): 10 % → 25 %" in text
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"mesh:baseline": str(tmp_path / "none")}))
    (text,) = run(deployed(mesh(25)), preview=True).told
    assert text.startswith("requests are not compared with those of the last update: ") and "none" in text


def test_what_breaks_is_a_warning_and_the_rest_is_not() -> None:
    only = pm.AuthorizationPolicy("only", target=REVIEWS, rules=[pm.AuthorizationRule(methods=["GET"])])
    found = run(deployed(mesh(25, authorization=[only])), preview=True, last=run(deployed(mesh(10))))
    (warning,) = [each for each in found.warnings if each.startswith("requests:")]
    (text,) = found.told
    assert "Refused from now on" in warning and "90 % → 75 %" not in warning and "authorization[" in warning
    assert "90 % → 75 %" in text and "Refused from now on" not in text


def test_a_policy_that_goes_is_named() -> None:
    only = pm.AuthorizationPolicy("only", target=REVIEWS, rules=[pm.AuthorizationRule(methods=["GET"])])
    found = run(deployed(mesh()), preview=True, last=run(deployed(mesh(authorization=[only]))))
    (text,) = found.told
    assert "Reachable from now on" in text and "before: AuthorizationPolicy shop/only, which goes" in text
