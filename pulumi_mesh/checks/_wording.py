"""Words that several checks use: lists, close matches, and text that is not known yet."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from pulumi_mesh.typed import TOKEN_END, TOKEN_START, has_token, is_known

_SHOWN = 6
_TOKEN = re.compile(f"{TOKEN_START}[^{TOKEN_END}]*{TOKEN_END}?")


def meant(wrong: str, known: Iterable[str]) -> str:
    """``; did you mean v2?`` for the closest of ``known``, or nothing when none is close."""
    candidates = sorted(each for each in set(known) if is_known(each))
    close = difflib.get_close_matches(wrong, candidates, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def listed(words: Iterable[str]) -> str:
    """Words in order, few enough to read; ``none`` for no words."""
    known = sorted({each for each in words if is_known(each)})
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(known[:_SHOWN]) + more if known else "none"


def labels_text(labels: Mapping[str, str]) -> str:
    """Labels as ``kubectl`` takes them: ``app=reviews,version=v1``."""
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels))


def may_become(candidate: str, text: str) -> bool:
    """Whether a candidate that holds tokens can turn out to be ``text`` once their values are known."""
    if not has_token(candidate):
        return False
    pattern = ".*".join(re.escape(part) for part in _TOKEN.split(candidate))
    return re.fullmatch(pattern, text) is not None
