"""CORS and direct responses of rules; TCP and TLS routes: what they become in a VirtualService."""

from __future__ import annotations

from typing import Any

import pytest

import pulumi_mesh as pm
from pulumi_mesh.manifests.wire import to_wire
from pulumi_mesh.render import render

PAY = pm.Service("pay", namespace="bank", port=9090)


def rule_of(**rule: Any) -> dict[str, Any]:
    mesh = pm.Mesh("m", routes=[pm.HTTPRoute("r", services=[PAY], rules=[pm.Rule(**rule)])])
    (entry,) = render(mesh).entries
    (made,) = to_wire(entry.object)["spec"]["http"]
    return dict(made)


@pytest.mark.parametrize(
    ("rule", "wire"),
    [
        ({"direct_response": pm.DirectResponse(503)}, {"directResponse": {"status": 503}}),
        (
            {"direct_response": pm.DirectResponse(404, body='{"error": "gone"}\n'), "name": "gone"},
            {"name": "gone", "directResponse": {"status": 404, "body": {"string": '{"error": "gone"}\n'}}},
        ),
    ],
)
def test_direct_response(rule: dict[str, Any], wire: dict[str, Any]) -> None:
    assert rule_of(**rule) == wire


@pytest.mark.parametrize(
    ("cors", "wire"),
    [
        (pm.Cors(allow_origins=["*"]), {"allowOrigins": [{"exact": "*"}]}),
        (
            pm.Cors(
                allow_origins=[
                    "https://a.example.com",
                    pm.TextMatch("https://b.", kind="prefix"),
                    pm.TextMatch("https://[a-z]+[.]example[.]com", kind="regex"),
                ],
                allow_methods=["GET", "POST"],
                allow_headers=["X-User"],
                expose_headers=["*"],
                allow_credentials=False,
                max_age="1h",
                unmatched_preflights="IGNORE",
            ),
            {
                "allowOrigins": [
                    {"exact": "https://a.example.com"},
                    {"prefix": "https://b."},
                    {"regex": "https://[a-z]+[.]example[.]com"},
                ],
                "allowMethods": ["GET", "POST"],
                "allowHeaders": ["x-user"],
                "exposeHeaders": ["*"],
                "allowCredentials": False,
                "maxAge": "1h",
                "unmatchedPreflights": "IGNORE",
            },
        ),
    ],
)
def test_cors(cors: pm.Cors, wire: dict[str, Any]) -> None:
    assert rule_of(backends=[PAY], cors=cors)["corsPolicy"] == wire
