"""The units of one file put together: what is dropped from and added to each import statement, and all else."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.fix.proposal import MENDS, Proposal
from flake8_redis_ssot.fix.view import View
from flake8_redis_ssot.syntax.imports import Part, rewritten


def clash(proposals: Sequence[Proposal]) -> bool:
    """Whether units import different things under one name."""
    added = {(one.bound, one.module, one.name) for proposal in proposals for one in proposal.adds}
    added = {one for one in added if one[2] is not None or one[0] != one[1].partition(".")[0]}
    return len({bound for bound, _, _ in added}) < len(added)


def parts_of(view: View, proposals: Sequence[Proposal]) -> Iterator[Part]:
    """The changes of one file that `proposals` make together."""
    parts = [part for proposal in proposals for part in proposal.parts]
    yield from parts
    statements = dict.fromkeys(proposal.statement for proposal in proposals if proposal.statement is not None)
    gone: dict[int, int] = {}
    imported = set()
    for statement in statements:
        mine = [proposal for proposal in proposals if proposal.statement is statement]
        dropped = [alias for proposal in mine for alias in proposal.drops]
        if any(MENDS[proposal.diagnostic.code] in ("call", "construction") for proposal in mine):
            rest = [alias for alias in statement.names if alias not in dropped]
            dropped += [alias for alias in rest if _is_used_up(view, statement, alias, parts)]
        added = []
        in_module = view.uses.home(statement).kind == "module" and statement in view.source.tree.body
        for one in dict.fromkeys(one for proposal in mine for one in proposal.adds):
            if not in_module or one not in imported:
                added.append(one)
            if in_module:
                imported.add(one)
        block = view.block_of(statement)
        if not added and len(dropped) == len(statement.names):
            gone[id(block)] = gone.get(id(block), 0) + 1
        yield from rewritten(
            view.source,
            statement,
            dropped,
            added,
            next(iter(view.bases(statement)), ""),
            last_of_block=gone.get(id(block)) == len(block) and statement not in view.source.tree.body,
        )


def _is_used_up(
    view: View, statement: ast.Import | ast.ImportFrom, alias: ast.alias, parts: Sequence[Part]
) -> bool:
    """Whether every use of an imported class goes by the changes, and nothing else asks for it."""
    found = view.uses.binding(statement, alias)
    if (
        found is None
        or found[0] in view.exported
        or found[0] in view.uses.texts
        or view.has_fallback(statement)
    ):
        return False
    if found[0] in view.uses.type_comments or view.is_read_unseen(found[0]) is not None:
        return False
    places = view.uses.of(*found)
    spans = [view.span(node) for node, _ in places]
    return bool(spans) and all(any(s <= start and end <= e for s, e, _ in parts) for start, end in spans)
