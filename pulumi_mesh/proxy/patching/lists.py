"""Putting something into a list of filters or routes, as a patch's operation says."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_mesh.proxy.envoy.write.message import Json


def changed(
    there: list[Json], operation: str, made: Callable[[], Json], matches: Callable[[Json], bool] | None
) -> None:
    """Change a list in place. made: a new copy of what is put in. matches: which entries are meant; None: the patch
    names none, then AFTER is at the end and BEFORE at the beginning, and REPLACE and REMOVE do nothing. Of several
    that match only the first counts, but all are removed. An operation of another kind changes nothing.
    """
    if operation == "ADD" or (operation == "INSERT_AFTER" and matches is None):
        there.append(made())
    elif operation == "INSERT_FIRST" or (operation == "INSERT_BEFORE" and matches is None):
        there.insert(0, made())
    elif matches is not None and operation == "REMOVE":
        there[:] = [each for each in there if not matches(each)]
    elif matches is not None and operation in ("INSERT_AFTER", "INSERT_BEFORE", "REPLACE"):
        at = next((index for index, each in enumerate(there) if matches(each)), None)
        if at is not None and operation == "REPLACE":
            there[at] = made()
        elif at is not None:
            there.insert(at + (operation == "INSERT_AFTER"), made())
