"""Whether a changed file is as good as before: what every fix has to pass before it is granted."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.execution.import_graph import ImportGraph
from flake8_redis_ssot.fix.execution.unready import unready
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.symbols import Symbols
from flake8_redis_ssot.fix.sources.view import View

_ELSEWHERE = "import it in a function, or move what both need to a module of its own"
_BY_HAND = "change it by hand"
_UNDEFINED = frozenset(["UndefinedName", "UndefinedLocal", "UndefinedExport"])


def rejection(view: View, proposals: Sequence[Proposal], after: bytes, graph: ImportGraph) -> Refusal | None:
    """What is wrong with the bytes `after`, the result of `proposals` in one file; None where nothing is."""
    refusal = wrong(
        view.path,
        view.source.data,
        after,
        [n for proposal in proposals for n in proposal.written],
        graph.symbols,
    )
    circles = (_circle(view, proposal, graph) for proposal in proposals if proposal.adds)
    return refusal or next((circle for circle in circles if circle is not None), None)


def wrong(path: str, before: bytes, after: bytes, written: Iterable[str], symbols: Symbols) -> Refusal | None:
    """What is wrong with a file that had the bytes `before` and names what is `written`; None where nothing is."""
    if not compiles(after, path):
        return Refusal("the file would no longer compile", _BY_HAND) if compiles(before, path) else None
    missing = undefined(after, path) - undefined(before, path)
    if missing:
        return Refusal(f"`{min(missing)}` would be undefined in this file", _BY_HAND)
    absent = next((name for name in written if symbols.symbol(name) is None), None)
    if absent is None:
        return None
    return Refusal(f"`{absent}` does not exist", "define it, or name another in `replacements`")


def _circle(view: View, proposal: Proposal, graph: ImportGraph) -> Refusal | None:
    """What speaks against an import that runs when the file is imported.

    A module that hands an object on imports it at its top: with that, the circle is there already.
    """
    found = graph.symbols.modules.lookup(proposal.diagnostic.symbols[0])
    if found is not None and found.qualified_name in proposal.written:
        return None
    if proposal.anchor is None:
        return None
    homes = {name.rpartition(".")[0] for name in proposal.written}
    if view.uses.scope_of(proposal.anchor).kind != "function":
        return circle(view, homes, graph)
    line = proposal.anchor.lineno
    for home in sorted(homes):
        if any((here, line) in graph.meanwhile(home) for here in view.place.modules):
            return Refusal(
                f"line {line} runs while `{home}` is imported, which may lack by then what is imported there",
                f"import `{home}` before that function is called, or change this by hand",
            )
    return None


def circle(view: View, modules: Iterable[str], graph: ImportGraph) -> Refusal | None:
    """What speaks against an import of one of the `modules` at the top of a file."""
    for target in sorted(modules):
        for here in view.place.modules:
            path = graph.path_between(target, here)
            if path is not None:
                way = " -> ".join([here, *path])
                return Refusal(f"it would close a circle of imports: {way}", _ELSEWHERE)
            missing = unready(graph, here, target)
            if missing is not None:
                name, reader = missing
                return Refusal(
                    f"it would close a circle of imports: `{name.rpartition('.')[0]}` imports `{here}` "
                    f"before it has `{name.rpartition('.')[2]}`, which `{reader}` reads of it",
                    _ELSEWHERE,
                )
    return None


def compiles(data: bytes, path: str) -> bool:
    """Whether Python compiles the bytes of a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def undefined(data: bytes, path: str) -> Counter[str]:
    """The names that pyflakes finds undefined, with how often; none where the bytes cannot be parsed."""
    from pyflakes.checker import Checker

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        messages = Checker(tree, filename=path).messages
    except (SyntaxError, ValueError, RecursionError):
        return Counter()
    return Counter(str(m.message_args[0]) for m in messages if type(m).__name__ in _UNDEFINED)
