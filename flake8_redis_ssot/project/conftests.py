"""The `conftest.py` files that give tests their fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

CONFTEST = "conftest.py"


def is_one(path: str) -> bool:
    return os.path.basename(path) == CONFTEST


def above(path: str) -> Iterator[str]:
    """Where those of a test may be, the nearest first."""
    folder = os.path.dirname(path)
    while folder:
        yield os.path.join(folder, CONFTEST)
        outer = os.path.dirname(folder)
        folder = outer if outer != folder else ""


def tests_of(path: str, paths: Iterable[str]) -> list[str]:
    """Those of `paths` that have the fixtures of the file at `path`; none where that is another file."""
    if not is_one(path):
        return []
    folder = os.path.join(os.path.dirname(path), "")
    return [other for other in sorted(paths) if other.startswith(folder) and other != path]
