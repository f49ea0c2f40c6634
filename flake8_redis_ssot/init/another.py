"""Whether a second module that builds is a manager beside the first, or competes with it."""

from __future__ import annotations

import ast
from functools import partial

from flake8_redis_ssot.analysis.pools import pool_target
from flake8_redis_ssot.context import RuleContext
from flake8_redis_ssot.init.evidence import Evidence
from flake8_redis_ssot.init.modules import Module
from flake8_redis_ssot.init.ranking import Candidate
from flake8_redis_ssot.syntax.scopes import ProgramPoint

_COLOURS = {"async": "asyncio", "sync": "blocking"}


def why_another(evidence: Evidence, best: Candidate, other: Candidate) -> str | None:
    """Why a candidate is a manager beside the best one; None where it competes with it, or that cannot be determined."""
    one, two = best.module, other.module
    if other.is_shared < best.is_shared or (best.is_shared and not two.users) or two.path in one.users:
        return None
    if one.path in two.users or one.name in {edge.module for edge in evidence.index.edges(two.path)}:
        return None
    if other.is_named_so and one.colours and two.colours and one.colours.isdisjoint(two.colours):
        words = {"async": "asyncio", "sync": "blocking"}
        return (
            " and ".join(words[colour] for colour in sorted(two.colours))
            + " clients, which the other has not"
        )
    here, there = _targets(evidence, one), _targets(evidence, two)
    if here is not None and there is not None:
        return "another server or database" if here.isdisjoint(there) else None
    if other.purposes and other.purposes != best.purposes:
        return f"for another purpose ({', '.join(sorted(other.purposes))}) by its name"
    return None


def _targets(evidence: Evidence, module: Module) -> set[str] | None:
    """What the clients of a module connect to; None where the file does not tell."""
    context = evidence.checker.context_of(module.path)
    if context is None:
        return None
    found: set[str | None] = set()
    for made in context.constructions:
        meaning = partial(_meaning, context, made.point)
        for builder in made.reached.values():
            target = pool_target(builder, made.call, meaning)
            found.add(None if target is None else target.partition("(")[2])
    context.release()
    return None if None in found or not found else {target for target in found if target is not None}


def _meaning(context: RuleContext, point: ProgramPoint, node: ast.expr) -> str | None:
    """The dotted name that an expression is."""
    dotted = context.names.dotted(node, point)
    return dotted[0] if len(dotted) == 1 else None
