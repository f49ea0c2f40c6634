"""Where a file ends the old object beside the shared one: that is ended once then."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence

from flake8_redis_ssot.fix.compatibility.replacements import Replacements
from flake8_redis_ssot.fix.edits.endings import Endings
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.libraries.vocabulary import ENDING
from flake8_redis_ssot.syntax.imports import Part
from flake8_redis_ssot.syntax.nodes import Function, all_nodes


def take_out_ended(
    view: View,
    proposal: Proposal,
    symbol: Symbol | None,
    places: Sequence[ast.expr],
    replacements: Replacements,
) -> Collection[ast.expr]:
    """Of the places of an object those where it is ended beside the shared one, which the proposal takes out."""
    if symbol is None or symbol.kind != "instance" or symbol.of is None:
        return ()
    try:
        replacement = replacements.find(proposal.diagnostic.symbols[0], view.place.boundary)
    except Refusal:
        return ()
    if replacement.is_same or replacement.new.kind != "instance":
        return ()

    def is_shared(node: ast.expr) -> bool:
        found = view.uses.bindings_of(node) if isinstance(node, ast.Name) else []
        led = [replacements.symbols.modules.lookup(one.target) if one.target else None for one in found]
        return (
            len(led) == 1 and led[0] is not None and led[0].qualified_name == replacement.new.qualified_name
        )

    ended = _ended_beside(view, places, is_shared)
    if ended:
        proposal.parts += [part for parts in ended.values() for part in parts]
        proposal.ties.needs.add(f"identity {symbol.of.qualified_name}")  # nobody ends it then
        proposal.roots.add(symbol.of.qualified_name)
    return ended


def _ended_beside(
    view: View, places: Sequence[ast.expr], is_shared: Callable[[ast.expr], bool]
) -> dict[ast.expr, list[Part]]:
    """The places of an object at which nothing is done but to end it, as the shared one beside it, with the changes."""
    found: dict[ast.expr, list[Part]] = {}
    for place in places:
        above = view.uses.parents.get(place)
        if isinstance(above, ast.Tuple | ast.List) and _is_loop_of_endings(view, above):
            others = [one for one in above.elts if one is not place]
            parts = _without(view, above, place) if any(map(is_shared, others)) else None
            if parts is not None:
                found[place] = parts
        statement = _ending(view, above)
        if statement is not None and isinstance(above, ast.Attribute):
            calls = [
                part.value
                for one in view.block_of(statement)
                for part in all_nodes(one)
                if isinstance(part, ast.Attribute)
                and part.attr == above.attr
                and _ending(view, part) is one is not statement
            ]
            if any(map(is_shared, calls)):
                found[place] = Endings(view, {statement}, {}).parts(())
    return found


def _ending(view: View, attribute: ast.AST | None) -> ast.stmt | None:
    """The statement that does nothing but call a method which ends its object."""
    parents = view.uses.parents
    if not isinstance(attribute, ast.Attribute) or attribute.attr not in ENDING:
        return None
    call = parents.get(attribute)
    if not (isinstance(call, ast.Call) and call.func is attribute and not call.args and not call.keywords):
        return None
    above = parents.get(call)
    if isinstance(above, ast.Await):
        above = parents.get(above)
    return above if isinstance(above, ast.Expr) else None


def _is_loop_of_endings(view: View, iterated: ast.expr) -> bool:
    """Whether a loop over these objects only ends each of them."""
    loop = view.uses.parents.get(iterated)
    match loop:
        case (
            ast.For(target=ast.Name(id=name), iter=given) | ast.AsyncFor(target=ast.Name(id=name), iter=given)
        ):
            reads = list(_reads_around(view, loop, name))
            return (
                given is iterated
                and bool(reads)
                and all(_ending(view, view.uses.parents.get(read)) in loop.body for read in reads)
            )
    return False


def _reads_around(view: View, loop: ast.AST, name: str) -> Iterator[ast.Name]:
    """Where the function around a loop reads a name."""
    around: ast.AST = loop
    while not isinstance(around, Function | ast.Module):
        around = view.uses.parents[around]
    for part in all_nodes(around):
        if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load):
            yield part


def _without(view: View, container: ast.Tuple | ast.List, gone: ast.expr) -> list[Part] | None:
    """The changes by which a written container loses an element; None where more than commas stand between."""
    text, at = view.source.text, container.elts.index(gone)
    spans = [view.span(one) for one in container.elts]
    first = at == 0
    start, end = (spans[0][0], spans[1][0]) if first else (spans[at - 1][1], spans[at][1])
    between = text[spans[0][1] : spans[1][0]] if first else text[spans[at - 1][1] : spans[at][0]]
    if between.strip() != ",":
        return None
    parts = [(start, end, "")]
    last = spans[-1][1]
    if isinstance(container, ast.Tuple) and len(spans) == 2 and not text[last:].lstrip().startswith(","):
        parts = [(start, end, ""), (last, last, ",")] if first else [(start, end, ",")]
    return parts
