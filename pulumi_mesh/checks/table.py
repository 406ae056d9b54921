"""The table of findings for the documentation, made from the checks themselves."""

from __future__ import annotations

from pulumi_mesh.checks import CHECKS

_HEAD = """# Findings

What `pulumi-mesh check`, and every command before it acts, says of a mesh. An error stops what would be
applied, a warning does not. Codes are stable: none is ever used for another meaning. *Also* names the codes that
Istio's `istioctl analyze` (IST) and Kiali (KIA) give the same thing, or the wider case that it belongs to. A finding
that would rest on an Output waits until its value is known.

This file is made by `python -c "from pulumi_mesh.checks.table import markdown; print(markdown(), end='')"`.

| Code | Severity | What it says | Also |
|---|---|---|---|
"""
# Of one object, by who would say it: docs/verdict.md.
_OF_AN_OBJECT = (
    ("`cel`", "error", "The API server would refuse an object by a CEL rule of its schema", "-"),
    ("`structure`", "error", "The API server would refuse an object: a field, type, bound or name", "-"),
    ("`webhook`", "error or warning", "Istio's validating webhook would refuse an object, or warn of it", "IST0106"),
)


def markdown() -> str:
    """The whole of ``docs/findings.md``, by code."""
    known = [each.ABOUT for each in CHECKS]
    rows = [(f"`{each.code}`", " or ".join(each.severities), each.title, each.also or "-") for each in known]
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in sorted((*rows, *_OF_AN_OBJECT)))
