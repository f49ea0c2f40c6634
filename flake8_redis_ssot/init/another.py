"""Whether a second module that builds is a manager beside the first, or competes with it."""

from __future__ import annotations

import posixpath

from flake8_redis_ssot.init.connections import connection_of
from flake8_redis_ssot.init.evidence import Evidence
from flake8_redis_ssot.init.modules import Module
from flake8_redis_ssot.init.ranking import Candidate, listed

_MODES = {"async": "asyncio", "sync": "blocking"}


def why_another(evidence: Evidence, best: Candidate, other: Candidate) -> str | None:
    """Why a candidate is a manager beside the best one; None where it competes with it, or that cannot be determined.

    Its name alone is no reason where it repeats the other's operations, or connects to the same server.
    """
    one, two = best.module, other.module
    if other.is_shared < best.is_shared or (best.is_shared and not two.users) or two.path in one.users:
        return None
    if one.path in two.users or one.name in {edge.module for edge in evidence.index.edges(two.path)}:
        return None
    here, there = connection_of(evidence, one), connection_of(evidence, two)
    if other.is_named_so and _package(one) == _package(two):
        if one.modes and two.modes and one.modes.isdisjoint(two.modes):
            modes = " and ".join(_MODES[mode] for mode in sorted(two.modes))
            return f"{modes} clients, which the other has not"
        if here.libraries and there.libraries and here.libraries.isdisjoint(there.libraries):
            return f"clients of {listed(sorted(there.libraries))}, which the other has not"
    difference = here.difference(there)
    if difference is not None:
        return difference
    is_open = not here.is_shown_equal(there) or (one.operations and two.operations)
    if other.purposes and other.purposes != best.purposes and is_open and not two.repeats(one):
        return f"for another purpose ({', '.join(sorted(other.purposes))}) by its name"
    return None


def _package(module: Module) -> str:
    """The top-level package of a module, or the folder of one that lies in none."""
    top, dot, _ = module.name.partition(".")
    return top if dot else posixpath.dirname(module.path)
