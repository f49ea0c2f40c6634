"""The `conftest.py` files that give tests their fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterator

CONFTEST = "conftest.py"


def conftests_above(path: str) -> Iterator[str]:
    """Where those of a test may be, the nearest first."""
    folder = os.path.dirname(path)
    while folder:
        yield os.path.join(folder, CONFTEST)
        outer = os.path.dirname(folder)
        folder = outer if outer != folder else ""
