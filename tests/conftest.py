"""Options that all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--refresh`` writes golden files anew and removes those that no test reads."""
    parser.addoption("--refresh", action="store_true", help="write golden files anew, and prune those no test reads")
