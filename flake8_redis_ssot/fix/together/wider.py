"""What a patch reaches that follows to a name of another module, and that it did not reach before."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeGuard

from flake8_redis_ssot.analysis.name_lookups import lookups, read_in_functions
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.execution.patched_code import spans
from flake8_redis_ssot.fix.execution.runs import Runs
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.fix.together.patches import Patch
from flake8_redis_ssot.fix.together.staying import Staying, bound_by
from flake8_redis_ssot.libraries.frameworks import FIXTURES
from flake8_redis_ssot.syntax.nodes import Function, decorators_of, unparsed


class Wider:
    """Finds who looks up a name in its module whenever code runs, there and elsewhere."""

    def __init__(self, rewriter: Rewriter, staying: Staying, runs: Runs) -> None:
        self.rewriter = rewriter
        self.index = rewriter.index
        self.staying = staying
        self.runs = runs
        self._users: dict[str, list[tuple[str, int, str]]] = {}

    def reached(self, patch: Patch, key: str, place: str, proposals: list[Proposal]) -> str | None:
        """What a patch of `place` reaches that one of `key`, a name of another module, did not; None where nothing."""
        module = place.rpartition(".")[0]
        home = self.index.modules.find(module)
        if home is None or patch.text != key:
            return None  # it changes the object itself
        for proposal in proposals:
            is_new = key not in proposal.reach and proposal.reach.get(place, place) is None
            if is_new and self.runs.may_meet(patch.path, proposal.path):
                return f"{self._at(proposal.path, proposal.diagnostic.range.start.line)}, which would use that then"
        here = self.rewriter.view(patch.path)
        if place not in self._users:
            self._users[place] = [*self._users_of(place, home)]
        for path, line, used in self._users[place]:
            if (
                not line
                and path != self.index.file_of(key)
                and self.runs.may_load(patch.path, patch.line, path, patch.text)
            ):
                return f"{self.staying.where(path, module, {place})}, which may come to be imported meanwhile"
            there = (
                self.rewriter.view(path, keep=False)
                if line and self.runs.may_meet(patch.path, path)
                else None
            )
            if there is not None and (here is None or _may_run(here, patch.line, there, line)):
                by = "which looks it up there" if used == place else f"which has it by `{used}`"
                return f"{self._at(path, line)}, {by}"
        return None

    def _at(self, path: str, line: int) -> str:
        return f"{self.rewriter.short(path)}:{line}"

    def _users_of(self, place: str, home: str) -> Iterator[tuple[str, int, str]]:
        """The files and lines that look up a name of a module as functions run, or use what does, each with that.

        No line stands for a file that looks it up once, when it is imported.
        """
        module, _, last = place.rpartition(".")
        readers = {*self._readers_of(home, module, last)}
        paths = self.index.importers_of({module}, {place, f"{module}.*", *readers}) - {home}
        modules = {module, *(one for path in paths for one in self.index.place(path).modules)}
        paths |= self.index.importers_of(modules - {module}, ())  # which may hand on what they have
        for path in sorted(paths):
            view = self.rewriter.view(path, keep=False)
            if view is not None:
                found = lookups(view.context.inference, module, last)
                yield from ((path, line, place) for _, line in found.late)
                if found.local_names:
                    yield path, 0, place
                for node, name in self.rewriter.uses_of(view, modules, readers) if readers else ():
                    yield path, node.lineno, name

    def _readers_of(self, home: str, module: str, name: str) -> Iterator[str]:
        """What in a module looks a name of it up as it runs, and what makes use of that there."""
        view = self.rewriter.view(home, keep=False)
        for node in read_in_functions(view.context.inference, name) if view is not None else ():
            around = _statement(view, node.lineno) if view is not None else None
            for bound in bound_by(around) if around is not None else ():
                yield from self.staying.related(f"{module}.{bound}")


def _may_run(here: View, line: int, there: View, other: int) -> bool:
    """Whether code that stands in `there` may run with that of a test: not what other tests have for themselves."""
    patching, one = _statement(here, line), _statement(there, other)
    if not there.is_test or not isinstance(one, Function | ast.ClassDef):
        return True
    if _is_asked_for(one):
        return _is_named(one, {here, there})
    if one.name.lower().startswith("test"):
        if patching is one:
            return True
        if isinstance(patching, ast.ClassDef) or _is_asked_for(patching):
            return _is_named(patching, {there})
        return not isinstance(patching, Function) or not patching.name.startswith("test")
    return True


def _statement(view: View, line: int) -> ast.stmt | None:
    """The statement at the top of a file in which a line stands."""
    return next((one for one in view.source.tree.body if spans(one, line)), None)


def _is_asked_for(node: ast.stmt | None) -> TypeGuard[Function]:
    """Whether a function is a fixture that only those run which name it."""
    return (
        isinstance(node, Function)
        and bool(decorators_of(node) & FIXTURES)
        and not any("autouse" in unparsed(one) for one in node.decorator_list)
    )


def _is_named(node: Function | ast.ClassDef, views: set[View]) -> bool:
    """Whether one of these files names a function or class, beside where it is defined."""
    found = sum(len(re.findall(rf"\b{node.name}\b", view.source.text)) for view in views)
    return found > sum(node in view.source.tree.body for view in views)
