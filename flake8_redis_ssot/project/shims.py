"""Which modules of the project are shims: they only forward the names of their boundary's manager."""

from __future__ import annotations

import os

from flake8_redis_ssot.project.index import ProjectIndex


def is_shim(index: ProjectIndex, path: str, *, deprecated: bool = True) -> bool:
    """Whether the file at `path` is a shim; one that warns when it is imported counts only with `deprecated`.

    A package that contains other modules is none: these are public names of it too.
    """
    facts = index.facts.get(path)
    if facts is None or facts.shim is None or (facts.shim.deprecated and not deprecated):
        return False
    if not index.place(path).is_package:
        return True
    folder = os.path.dirname(path) + os.sep
    return not any(other.startswith(folder) for other in index.facts if other != path)
