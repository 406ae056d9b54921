"""Whether an object is taken or refused: what the sets of single objects have in common."""

from __future__ import annotations

from pulumi_mesh.manifests.reading import Document, Unread, scan
from pulumi_mesh.validation.judge import judge
from pulumi_mesh.validation.schemas import Channel
from tests.conformance.cases import Case


def verdict_differs(case: Case, channel: Channel) -> str | None:
    """How our verdict differs from the case's ``expectation``; None when it does not.

    The cases were judged as they stand, by the schema, its CEL rules and the webhook's code: nobody looked at names
    in the metadata, and an object without a namespace has none, where a cluster would have given it one.
    """
    found = list(scan(case.text(), case.id))
    refusals = [refusal for each in found if (refusal := _refusal(each, channel))]
    ours = "reject" if refusals else "accept"
    expected = case.data["expectation"]
    if ours == expected:
        return None
    oracle = case.data.get("oracle") or {}
    theirs = "; ".join(map(str, oracle.get("error") or ())) or "no error"
    return f"{ours}, not {expected}: {'; '.join(refusals) or 'no finding'} | theirs: {theirs}"


def _refusal(each: Document | Unread, channel: Channel) -> str:
    if isinstance(each, Unread):
        return f"reading: {each.error}"
    errors = [
        found for found in judge(each.data, channel, metadata=False, namespace="").findings if found.severity == "error"
    ]
    return "; ".join(f"{found.code}: {found.refs[0].path} {found.message}" for found in errors)
