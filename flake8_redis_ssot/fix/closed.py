"""Files that a run leaves as they are: they may not be written, or another git repository has them."""

from __future__ import annotations

import os
from collections.abc import Iterable

from flake8_redis_ssot.files import is_closed
from flake8_redis_ssot.fix.refusal import Refusal


def closed(paths: Iterable[str], root: str) -> dict[str, Refusal]:
    """Those of `paths` that are left by a run in the folder `root`, each with the reason."""
    homes: dict[str, str] = {}
    own = _home(root, homes)
    found = {}
    for path in paths:
        home = _home(os.path.dirname(path), homes)
        if home not in ("", own):
            where = os.path.relpath(home, root).replace(os.sep, "/")
            found[path] = Refusal(f"`{where}` is another git repository", "run redis-ssot in it")
        elif is_closed(path):
            found[path] = Refusal("the file or its folder is read-only", "make it writable, and run again")
    return found


def _home(folder: str, homes: dict[str, str]) -> str:
    """The folder of the repository around `folder`; empty where there is none."""
    if folder not in homes:
        parent = os.path.dirname(folder)
        if os.path.lexists(os.path.join(folder, ".git")):
            homes[folder] = folder
        else:
            homes[folder] = _home(parent, homes) if parent != folder else ""
    return homes[folder]
