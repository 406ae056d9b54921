"""Mistakes in CORS, direct responses, and TCP and TLS routes, each with its path and what would be right."""

from collections.abc import Callable
from typing import Any

import pytest

import pulumi_mesh as pm

anything: Any = pm  # the same, but type checkers let mistakes pass
reviews = pm.Service("reviews", namespace="bookinfo", port=9080, versions=["v1", pm.Version("v0", retired=True)])
answer = pm.DirectResponse(200)

CASES: list[tuple[Callable[[], Any], str]] = [
    (lambda: pm.DirectResponse(199), "DirectResponse.status: is 199; at least 200"),
    (lambda: pm.DirectResponse(200, body="x" * (2**20 + 1)), "DirectResponse.body: every proxy is sent the body"),
    (
        lambda: pm.Rule(direct_response=answer, backends=[reviews]),
        "Rule.backends: a rule that answers itself sends nothing on; leave it away",
    ),
    (
        lambda: pm.Rule(direct_response=answer, rewrite=pm.Rewrite(path="/")),
        "Rule.rewrite: a rule that answers itself sends nothing on",
    ),
    (
        lambda: pm.Rule(direct_response=answer, redirect=pm.Redirect(path="/")),
        "Rule.direct_response: a rule answers in one way; give redirect or direct_response",
    ),
    (lambda: pm.Cors(allow_origins=[]), "Cors.allow_origins: nobody is allowed; name an origin"),
    (anything.Cors, "Cors.allow_origins: is required"),
    (
        lambda: pm.Cors(allow_origins=[pm.TextMatch(kind="present")]),
        'Cors.allow_origins[0].kind: to allow any origin write "*"',
    ),
    (lambda: pm.Cors(allow_origins=["*"], max_age="1500ms"), "Cors.max_age: browsers are told whole seconds"),
    (lambda: anything.Cors(allow_origins=["*"], allow_methods=["GETS"]), "Cors.allow_methods[0]: is 'GETS'; one of"),
    (lambda: anything.Cors(allow_origins=[5]), "Cors.allow_origins[0]: needs TextMatch or a mapping, not a number"),
]


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[text.partition(";")[0][:70] for _, text in CASES])
def test_problem(make: Callable[[], Any], expected: str) -> None:
    with pytest.raises(pm.InvalidError) as raised:
        make()
    assert str(raised.value).startswith(expected)
    assert "\n" not in str(raised.value)
