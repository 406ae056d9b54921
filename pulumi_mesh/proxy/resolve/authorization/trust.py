"""Trust domains in authorization: the mesh's own and its aliases stand for each other."""

from __future__ import annotations

from collections.abc import Sequence

DEFAULT = "cluster.local"
"""In a principal this trust domain stands for the mesh's own, whatever that is called."""


def principals(values: Sequence[str], domains: Sequence[str]) -> tuple[str, ...]:
    """Principals with their trust domain replaced by each of ``domains``.

    A principal of a foreign trust domain, of any (``*/ns/...``) or of another shape stays.

    Mirrors Bundle.ReplaceTrustDomainAliases (pilot/pkg/security/trustdomain/bundle.go).
    """
    found: list[str] = []
    for value in values:
        domain, *rest = value.split("/")
        if len(rest) != 4 or domain == "*" or not (domain == DEFAULT or _known(domain, domains)):
            found.append(value)
            continue
        kept = (value if _ends(each, domain) else "/".join((each, *rest)) for each in domains)
        found.extend(dict.fromkeys(kept))
    return tuple(found)


def expanded(values: Sequence[str], domains: Sequence[str]) -> tuple[str, ...]:
    """Trust domains, with all of ``domains`` in the place of each of them.

    Mirrors Bundle.ExpandTrustDomainAliases (pilot/pkg/security/trustdomain/bundle.go).
    """
    found: dict[str, None] = {}
    for value in values:
        found.update(dict.fromkeys(domains if value in domains else (value,)))
    return tuple(found)


def _known(domain: str, domains: Sequence[str]) -> bool:
    return any(
        each in {domain, "*"}
        or _starts(domain, each)
        or _starts(each, domain)
        or _ends(domain, each)
        or _ends(each, domain)
        for each in domains
    )


def _starts(text: str, pattern: str) -> bool:
    return pattern.endswith("*") and text.startswith(pattern[:-1])


def _ends(text: str, pattern: str) -> bool:
    return pattern.startswith("*") and text.endswith(pattern[1:])
