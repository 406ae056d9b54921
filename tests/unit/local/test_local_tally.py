"""Counting results; reading a stub's nested answers; Envoy's statistics."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_mesh.local.stats import parse, rejected, stat_name
from pulumi_mesh.local.tally import Result, Tally, answerers, reason


def answer(service: str, *calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"service": service, "version": "v1", "calls": list(calls), **more}


def call(to: str, inner: dict[str, Any] | None, error: str | None = None) -> dict[str, Any]:
    return {"to": to, "status": 200, "error": error, "answer": inner}


def test_a_tally_counts() -> None:
    tally = Tally()
    for number in range(1, 101):
        tally.add(Result(200, number / 1000, seen=(("reviews", "v2" if number <= 5 else "v1"),)))
    tally.add(Result(503, 0.2, error="503: no healthy upstream"))
    tally.add(Result(None, 0.2, error="ServerDisconnectedError()"))
    assert (tally.requests, tally.failed, dict(tally.statuses)) == (102, 2, {200: 100, 503: 1})
    assert tally.success_rate == pytest.approx(100 * 100 / 102)
    assert tally.versions("reviews") == {"v1": 95, "v2": 5}
    assert tally.versions("ratings") == {}
    assert tally.latency(50) == pytest.approx(0.051, rel=0.011)
    assert tally.latency(99) == pytest.approx(0.2, rel=0.011)


def test_an_empty_tally_has_lost_nothing() -> None:
    assert (Tally().success_rate, Tally().latency(99)) == (100.0, 0.0)


def test_answers_are_found_at_any_depth() -> None:
    nested = answer("productpage", call("reviews", answer("reviews", call("ratings", answer("ratings")))))
    lost = answer("productpage", call("reviews", None, "TimeoutError()"))
    assert [service for service, _ in answerers(nested)] == ["productpage", "reviews", "ratings"]
    assert [service for service, _ in answerers(lost)] == ["productpage"]


@pytest.mark.parametrize(
    ("said", "text", "expected"),
    [
        (None, "no healthy upstream", "503: no healthy upstream"),
        (None, "", "503: no body"),
        (answer("ratings", error="failed as asked"), "{}", "503: ratings: failed as asked"),
        (
            answer("a", call("b", answer("b", call("c", None, "TimeoutError()")), "503")),
            "{}",
            "503: b to c: TimeoutError()",
        ),
        (
            answer("a", call("b", answer("b", error="failed as asked"), "503")),
            "{}",
            "503: b: failed as asked",
        ),
    ],
)
def test_the_innermost_error_is_the_reason(said: dict[str, Any] | None, text: str, expected: str) -> None:
    assert reason(503, said, text) == expected


def test_statistics_are_read_and_what_was_refused_is_found() -> None:
    document = {
        "stats": [
            {"name": "cluster_manager.cds.update_rejected", "value": 0},
            {"name": "http.in.rds.r.update_rejected", "value": 2},
            {"name": "listener_manager.listener_create_failure", "value": 1},
            {"name": "http.in.rds.r.version_text", "value": "abc"},
            {"histograms": {}},
        ]
    }
    stats = parse(document)
    assert stats["http.in.rds.r.version_text"] == "abc"
    assert rejected(stats) == {
        "http.in.rds.r.update_rejected": 2,
        "listener_manager.listener_create_failure": 1,
    }


def test_names_stand_in_statistics_as_envoy_writes_them() -> None:
    assert stat_name("a.b:80") == "a.b_80"
    assert stat_name("spiffe://d:/x") == "spiffe_d_x"
