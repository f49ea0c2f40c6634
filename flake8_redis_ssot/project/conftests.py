"""The `conftest.py` files that give tests their fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

CONFTEST = "conftest.py"


def conftests_above(path: str) -> Iterator[str]:
    """Where those of a test may be, the nearest first."""
    folder = os.path.dirname(path)
    while folder:
        yield os.path.join(folder, CONFTEST)
        outer = os.path.dirname(folder)
        folder = outer if outer != folder else ""


def tests_below(path: str, files: Iterable[str]) -> list[str]:
    """Those of the `files` that have the fixtures of the one at `path`; none where that is no `conftest.py`."""
    if os.path.basename(path) != CONFTEST:
        return []
    folder = os.path.join(os.path.dirname(path), "")
    return [other for other in files if other.startswith(folder) and other != path]
