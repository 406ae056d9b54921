"""``istio-validation``: one Istio object; is it taken by the API server and istiod's webhook?"""

from __future__ import annotations

from tests.conformance.cases import Case
from tests.conformance.sets.verdicts import verdict_differs


def disagreement(case: Case) -> str | None:
    """What we say otherwise than the case; None when nothing."""
    return verdict_differs(case, "standard")
