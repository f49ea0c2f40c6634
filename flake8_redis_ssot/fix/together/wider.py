"""What a patch reaches that follows to a name of the manager, and that it did not reach before."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.analysis.name_lookups import functions_reading
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.execution.call_graph import Function
from flake8_redis_ssot.fix.execution.runs import Runs
from flake8_redis_ssot.fix.together.patch import Patch
from flake8_redis_ssot.fix.together.staying import Staying
from flake8_redis_ssot.syntax.nodes import all_nodes


class Wider:
    """Finds the functions of a module that look a name of it up as they run, and that a test runs while it patches."""

    def __init__(self, rewriter: Rewriter, staying: Staying, runs: Runs) -> None:
        self.rewriter = rewriter
        self.staying = staying
        self.runs = runs
        self._readers: dict[tuple[str, str], set[Function]] = {}

    def reached(self, patch: Patch, key: str, place: str, proposals: Iterable[Proposal]) -> str | None:
        """A function that a patch of `place` reaches, but a patch of `key`, a name of another module, does not.

        A function counts too if the `proposals` put one that looks `place` up in its place: after
        `old.get_cache()` has become `home.get_redis()`, a patch of `home.redis_manager` reaches its callers.
        """
        if patch.text != key:
            return None  # it changes a part of what is the same object by both names
        if (key, place) not in self._readers:
            # a call by the name of a method does not tell whose it is: the patch was meant for the one beside it
            meant = {name for _, name in self._reading(key)}
            self._readers[key, place] = {
                one for one in self._reading(place) if one[1] not in meant or self._is_at_top(*one)
            }
        readers = self._readers[key, place] | {
            found
            for proposal in proposals
            if place in proposal.reach and proposal.reach[place] is None and key not in proposal.reach
            for name in proposal.diagnostic.symbols
            for found in self._function(name)
        }
        run = readers & self.runs.run_with(patch.path, patch.line, patch.text) if readers else ()
        return f"`{min(run)[1]}` in {self.rewriter.short(min(run)[0])}" if run else None

    def _is_at_top(self, path: str, name: str) -> bool:
        """Whether a function is none of a class, so that calls of it are told by its import."""
        view = self.rewriter.view(path, keep=False)
        return view is not None and name in view.context.scopes.module.bindings

    def _function(self, name: str) -> Iterator[Function]:
        """The function, if any, that a dotted name leads to."""
        symbol = self.rewriter.symbols.symbol(name)
        path = self.rewriter.index.modules.find(symbol.module) if symbol is not None else None
        if symbol is not None and path is not None:
            yield path, symbol.qualified_name.rpartition(".")[2]

    def _reading(self, place: str) -> Iterator[Function]:
        """What looks a name of a module up there; of a member, what so looks up the object, or what is made of it."""
        module = self.rewriter.index.modules.around(place)
        home = self.rewriter.index.modules.find(module)
        name, _, member = place[len(module) + 1 :].partition(".")
        names = self.staying.related(f"{module}.{name}") if member else {place}
        for one in sorted(names) if home is not None and name else ():
            yield from (
                (home or "", reader) for reader in self._readers_in(home or "", one.rpartition(".")[2])
            )

    def _readers_in(self, home: str, name: str) -> Iterator[str]:
        """The functions of a file that read a name of it, with the classes that run them by themselves."""
        view = self.rewriter.view(home, keep=False)
        found = {*functions_reading(view.context.inference, name)} if view is not None else set()
        yield from found
        for node in all_nodes(view.source.tree) if view is not None else ():
            if isinstance(node, ast.ClassDef):
                own = {getattr(part, "name", "") for part in node.body} & found
                if any(one.startswith("__") for one in own):
                    yield node.name
