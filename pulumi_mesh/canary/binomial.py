"""How far a count may be from its share by chance: exact bounds of the binomial distribution."""

from __future__ import annotations

import math
from collections.abc import Iterable


def acceptance(n: int, p: float, alpha: float = 1e-6) -> tuple[int, int]:
    """The least and the most that ``n`` draws of probability ``p`` give, but for a chance of ``alpha``.

    Each side leaves out at most alpha/2, so the chance of a count outside is at most ``alpha``. The tails are
    summed term by term, not approximated. Raises ValueError for arguments that are no such experiment.
    """
    if n < 0 or not 0.0 <= p <= 1.0 or not 0.0 < alpha < 1.0:
        raise ValueError(f"no binomial experiment: n={n}, p={p}, alpha={alpha}")
    if p in (0.0, 1.0):
        certain = n if p == 1.0 else 0
        return certain, certain
    low = _left_out(n, p, range(n + 1), alpha / 2)
    high = n - _left_out(n, p, range(n, -1, -1), alpha / 2)
    return low, high


def within(n: int, k: int, p: float, alpha: float = 1e-6) -> bool:
    """Whether ``k`` of ``n`` is a count that probability ``p`` gives but for a chance of ``alpha``."""
    low, high = acceptance(n, p, alpha)
    return low <= k <= high


def least_draws(p: float, alpha: float = 1e-6) -> int:
    """How many draws tell the probability ``p`` from 0: the least ``n`` of which ``acceptance`` does not allow none.

    Raises ValueError for a ``p`` that is 0 or no probability, and for an ``alpha`` that is none.
    """
    if not 0.0 < p <= 1.0 or not 0.0 < alpha < 1.0:
        raise ValueError(f"nothing to tell from 0: p={p}, alpha={alpha}")
    if p == 1.0:
        return 1
    # None of n has the probability (1 - p)^n; the quotient of logarithms may be off in its last digit.
    n = max(1, math.floor(math.log(alpha / 2) / math.log1p(-p)))
    while not _left_out(n, p, range(1), alpha / 2):
        n += 1
    return n


def _left_out(n: int, p: float, counts: Iterable[int], share: float) -> int:
    """How many counts, from the start of ``counts`` on, have at most the probability ``share`` together."""
    total = 0.0
    left_out = 0
    for k in counts:
        total += math.exp(_log_probability(n, k, p))
        if total > share:
            break
        left_out += 1
    return left_out


def _log_probability(n: int, k: int, p: float) -> float:
    """log P(X = k): the factors leave the range of floats long before their product does."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(p) + (n - k) * math.log1p(-p)
