"""The units of one file put together: what is dropped from and added to each import statement, and all else."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.fix.edits.proposal import FIX_KINDS, Proposal
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.syntax.imports import Part, local_name_of, rewritten

_OF_CODE = frozenset(["import", "call", "construction"])
"""The kinds of fixes that change code, not what a string or a comment says."""


def clash(proposals: Sequence[Proposal]) -> bool:
    """Whether units import different things under one name."""
    added = {
        (one.local_name, one.statement if one.name or one.alias else None)  # `import a.b, a.c` gives one `a`
        for proposal in proposals
        for one in proposal.adds
    }
    return len({bound for bound, _ in added}) < len(added)


def parts_of(view: View, proposals: Sequence[Proposal]) -> Iterator[Part]:
    """The changes of one file that `proposals` make together."""
    parts = [part for proposal in proposals for part in proposal.parts]
    code = {part for one in proposals if FIX_KINDS[one.diagnostic.code] in _OF_CODE for part in one.parts}
    yield from (_apart(view.source.text, part) if part in code else part for part in parts)
    statements = dict.fromkeys(proposal.statement for proposal in proposals if proposal.statement is not None)
    used_up = [*_used_up(view, proposals, parts)]
    statements |= dict.fromkeys(statement for statement, _ in used_up)
    statements |= dict.fromkeys(proposal.beside for proposal in proposals if proposal.beside is not None)
    gone: dict[int, int] = {}
    imported = set()
    for statement in statements:
        mine = [proposal for proposal in proposals if proposal.statement is statement]
        dropped = [alias for proposal in mine for alias in proposal.drops]
        dropped += [alias for one, alias in used_up if one is statement and alias not in dropped]
        added = []
        in_module = view.uses.scope_of(statement).kind == "module" and statement in view.source.tree.body
        placed = [proposal for proposal in proposals if proposal.anchor is statement]
        for one in dict.fromkeys(one for proposal in placed for one in proposal.adds):
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
            behind=any(proposal.beside is statement for proposal in placed),
        )


def _apart(text: str, part: Part) -> Part:
    """A change after which no word runs into the next one, as in `get_redis()if x`."""
    start, end, content = part
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if start == end or not (_is_word(before) or _is_word(after)):
        return part
    if not content:
        return start, end, " " if _is_word(before) and _is_word(after) else ""
    left = " " if _is_word(before) and _is_word(content[0]) else ""
    right = " " if _is_word(content[-1]) and _is_word(after) else ""
    return start, end, f"{left}{content}{right}"


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _used_up(
    view: View, proposals: Sequence[Proposal], parts: Sequence[Part]
) -> Iterator[tuple[ast.Import | ast.ImportFrom, ast.alias]]:
    """What the file imports of libraries to build what it builds no more, by whatever statements bind that name."""
    building = {
        proposal.statement
        for proposal in proposals
        if proposal.statement is not None and FIX_KINDS[proposal.diagnostic.code] in ("call", "construction")
    }
    written = {name.rpartition(".")[0] for proposal in proposals for name in proposal.written}
    names = {(local_name_of(s, alias), view.uses.scope_of(s)) for s in building for alias in s.names}
    for statement, alias in view.aliases.values():
        is_same = (local_name_of(statement, alias), view.uses.scope_of(statement)) in names
        modules = view.bases(statement) if isinstance(statement, ast.ImportFrom) else [alias.name]
        if any(view.modules.is_ours(module) and module not in written for module in modules):
            continue  # it may be there for what importing the module does
        if (statement in building or is_same) and _is_used_up(view, statement, alias, parts):
            yield statement, alias


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
