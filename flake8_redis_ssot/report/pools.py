"""The places that make connection pools, each with its limit as far as the code states it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from flake8_redis_ssot.analysis.constructions import Construction
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.migrate.plan import CONSTRUCTIONS
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.report.model import Pool
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import Range
from flake8_redis_ssot.syntax.nodes import unparsed

_LIMITS = ("max_connections", "maxsize")
"""The arguments that limit a pool; the second is that of aioredis 1."""
_IN_URL = re.compile(r"[?&]max_connections=(\d+)")
_PER_CALL = "RED303"


def pools_of(
    diagnostics: Iterable[Diagnostic], index: ProjectIndex, checker: FileChecker, settings: Settings
) -> list[Pool]:
    """The pools of the managers, and those of the constructions that are reported outside of them."""
    outside: dict[str, dict[Range, Diagnostic]] = {}
    anew = set()
    for diagnostic in diagnostics:
        if diagnostic.code in CONSTRUCTIONS:
            outside.setdefault(diagnostic.path, {})[diagnostic.range] = diagnostic
        elif diagnostic.code == _PER_CALL:
            anew.add((diagnostic.path, diagnostic.range))
    inside = {path for path in index.facts if index.place(path).is_manager}
    found = []
    for path in sorted(outside.keys() | inside):
        context = checker.context_of(path)
        made = {one.range: one for one in context.constructions} if context is not None else {}
        reported = outside.get(path, {})
        role = "manager" if path in inside else "test" if settings.is_test(path) else "outside"
        for where in sorted(made.keys() if path in inside else reported.keys()):
            construction = made.get(where)
            if construction is not None and construction.kind == "client" and not construction.brings_pool:
                continue
            limit, given = _limit(construction) if construction is not None else (None, "")
            names = construction.reached if construction is not None else reported[where].symbols[:1]
            found.append(
                Pool(
                    settings.short(path),
                    where.start.line,
                    index.place(path).boundary.name,
                    role,
                    " or ".join(names),
                    limit,
                    given,
                    (path, where) in anew,
                )
            )
        if context is not None:
            context.release()
    return found


def _limit(made: Construction) -> tuple[int | None, str]:
    """The limit of a pool as a number, and what the code says where it is none."""
    stated = next((k.value for k in made.call.keywords if k.arg in _LIMITS), None)
    if isinstance(stated, ast.Constant) and type(stated.value) is int:
        return stated.value, ""
    if stated is not None:
        return None, unparsed(stated)
    texts = [a.value for a in made.call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    in_url = next(filter(None, map(_IN_URL.search, texts)), None)
    if in_url is not None:
        return int(in_url[1]), ""
    return None, "**" if any(k.arg is None for k in made.call.keywords) else ""
