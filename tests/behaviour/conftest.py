"""How many meshes run at once."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TextIO

import pytest

# Each Envoy takes an inotify instance for each file that it watches, of which Linux gives a user 128 by default.
AT_ONCE = 3


@pytest.fixture(autouse=True)
def _few_at_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Waits until few enough tests of all test processes run Envoys."""
    # Above the folder of one test process is that of all of them.
    shared = tmp_path_factory.getbasetemp().parent
    with ExitStack() as stack:
        slots = [stack.enter_context((shared / f"running-{number}.lock").open("w")) for number in range(AT_ONCE)]
        while not any(map(_taken, slots)):
            time.sleep(0.05)
        yield


def _taken(slot: TextIO) -> bool:
    try:
        fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
