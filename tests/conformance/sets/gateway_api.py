"""``gateway-api``: one Gateway API object; is it taken by a cluster with the CRDs of the case's channel?"""

from __future__ import annotations

from tests.conformance.cases import Case
from tests.conformance.sets.verdicts import verdict_differs


def disagreement(case: Case) -> str | None:
    """What we say otherwise than the case; None when nothing."""
    return verdict_differs(case, "experimental" if case.data.get("channel") == "experimental" else "standard")
