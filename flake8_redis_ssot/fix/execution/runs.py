"""Which files a test can run, and which tests can be on when a file runs."""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from flake8_redis_ssot.fix.execution.call_graph import Budget, CallGraph, Function
from flake8_redis_ssot.fix.execution.call_walk import loaded, run_with
from flake8_redis_ssot.fix.execution.import_graph import imported_names, imports_at_top
from flake8_redis_ssot.fix.execution.patched_code import (
    PatchedCode,
    code_after,
    patched_code,
    spans,
)
from flake8_redis_ssot.fix.sources.loaded import end_of_path
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.frameworks import RUNNING_ANEW, RUNNING_SPECIFIED, SPECIFYING
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name


def _is_conftest(path: str) -> bool:
    return os.path.basename(path) == "conftest.py"


def _is_run(path: str) -> bool:
    """Whether a file has a name by which pytest finds it."""
    return os.path.basename(path).startswith("test_") or path.endswith("_test.py")


@dataclass(slots=True)
class Change:
    """The dotted names that a file stops importing (`gone`), and those that it starts to import; `at_top` as it is imported itself."""

    gone: list[str] = field(default_factory=list)
    come: list[str] = field(default_factory=list)
    gone_at_top: list[str] = field(default_factory=list)
    come_at_top: list[str] = field(default_factory=list)


class Runs:
    """Follows imports, and modules named in strings, from file to file; as they are after `changes`."""

    def __init__(
        self,
        index: ProjectIndex,
        reads: ProjectReads,
        changes: Mapping[str, Change] | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.index = index
        self.reads = reads
        self._changes = changes or {}
        self.budget = budget or Budget()
        self._met: dict[str, set[str] | None] = {}
        self._before: dict[tuple[str, int | None], set[str]] = {}
        self._stated_by: dict[str, set[str]] = {}
        self._loaded: dict[tuple[str, int, str, str], set[str] | None] = {}
        self._run_with: dict[tuple[str, int, str], set[Function]] = {}

    def may_meet(self, path: str, other: str) -> bool:
        """Whether what the file at `path` patches can be on when the code of another one runs."""
        if path not in self._met:
            self._met[path] = self._met_by(path)
        met = self._met[path]
        return met is None or other in met

    def reached(self, path: str) -> set[str] | None:
        """The files that run while a patch of the file at `path` may be on; None for all."""
        self.may_meet(path, path)
        return self._met[path]

    def is_imported(self, path: str) -> bool:
        """Whether another file imports one, or names it in a string."""
        return not self._users.get(path, set()) <= {path}

    def imported(self, path: str) -> set[str]:
        """The files that run with one, itself included, or may be imported by it, directly or not."""
        return self._closure({path}, self._imported_by)

    def of_code(self, text: str) -> set[str] | None:
        """The files that run with code in a string, which is run by itself; None where it is no whole code."""
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            return None
        imports = (part for part in all_nodes(tree) if isinstance(part, ast.Import | ast.ImportFrom))
        names = (name for part in imports for name in imported_names(part, ()))
        return self._closure({file for name in names for file in self._files(name)}, self._imported_by)

    def may_load(self, path: str, line: int, other: str, patched: str) -> bool:
        """Whether another file may be imported for the first time, or anew, while a line of a test has `patched` something."""
        tree = self.reads.tree(path)
        if tree is None or not self.index.settings.is_test(path) or not self.may_meet(path, other):
            return False
        around = next((one for one in tree.body if spans(one, line)), None)
        if around is not None and _runs_anew(around, other):
            return True
        is_inside = isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not is_inside:
            return other not in self._run_before(path, line)
        tests = {one for one in self._tests_with(path) if _is_run(one)} or {path}
        late = [one for one in sorted(tests) if other not in self._run_before(one)]
        found = self._loaded_by(path, line, late, patched)
        # pytest imports a test before it runs one, and what may load any file seldom means a test
        is_any = not _is_run(other) or self.is_imported(other)
        return any(is_any if files is None else other in files for files in found)

    def _loaded_by(
        self, path: str, line: int, tests: Iterable[str], patched: str
    ) -> Iterator[set[str] | None]:
        """The files that may be imported first in each of these tests while a line of a file has patched something."""
        tree = self.reads.tree(path)
        code = patched_code(tree, line) if tree is not None else None
        for test in tests:
            key = path, line, test, patched
            if key not in self._loaded:
                before = self._run_before(test)
                self._loaded[key] = loaded(self._calls, path, code, before, patched) if code else None
            yield self._loaded[key]

    def run_with(self, path: str, line: int, patched: str) -> set[Function]:
        """The functions that code is found to run while a line of a test has `patched` something; none where that is unknown."""
        key = path, line, patched
        if key not in self._run_with:
            self._run_with[key] = found = set()
            tests = {one for one in self._tests_with(path) if _is_run(one)} or {path}
            for test in sorted(tests) if self.index.settings.is_test(path) else ():
                for where, code in self._code_with(path, line, test):
                    before = self._run_before(test)
                    found |= run_with(self._calls_apart, where, code, before, patched)
        return self._run_with[key]

    def _code_with(self, path: str, line: int, test: str) -> Iterator[tuple[str, PatchedCode]]:
        """The code of which it is plain that it runs in a test while a line of a file patches, with its file."""
        tree = self.reads.tree(path)
        asking = tree if test == path else self.reads.tree(test)
        code = patched_code(tree, line) if tree is not None else None
        if code is not None:
            yield path, code
        elif tree is not None and asking is not None:
            yield from ((test, one) for one in code_after(tree, line, asking))

    @cached_property
    def _calls(self) -> CallGraph:
        return self._graph(self.budget)

    @cached_property
    def _calls_apart(self) -> CallGraph:
        """The same with a budget of its own: what one question goes through must not change the answer to another."""
        return self._graph(Budget())

    def _graph(self, budget: Budget) -> CallGraph:
        return CallGraph(
            self.index,
            self.reads,
            lambda paths: self._closure(paths, self._stated),
            lambda paths: self._closure(paths, self._imported_by),
            self._files,
            self._changed,
            budget,
        )

    def _changed(self, path: str, names: list[str]) -> list[str]:
        """What takes the place of dotted names that statements of a file import; those stay that some import afterwards."""
        change = self._changes.get(path)
        if change is None:
            return names
        left = Counter(edge.full_name for edge in self.index.edges(path)) - Counter(change.gone)
        kept = [name for name in names if name in left or name not in change.gone]
        return kept if len(kept) == len(names) else kept + change.come

    def _run_before(self, test: str, line: int | None = None) -> set[str]:
        """The files that surely run before the functions of a test, or before a line of it."""
        if (test, line) not in self._before:
            start = {test} if line is None else self._stated_before(test, line)
            self._before[test, line] = self._closure(start | self._conftests({test}), self._stated)
        return self._before[test, line]

    def _stated(self, path: str) -> set[str]:
        """The files that a file imports by statements that run with it."""
        if path not in self._stated_by:
            self._stated_by[path] = self._stated_before(path)
        return self._stated_by[path]

    def _stated_before(self, path: str, line: int | None = None) -> set[str]:
        """The same, for the statements before a line."""
        place = self.index.place(path)
        names = [
            name
            for part in self.reads.summary(path, imports_at_top) or ()
            if line is None or part.lineno < line
            for name in imported_names(part, place.modules, is_package=place.is_package)
        ]
        change = self._changes.get(path, Change())
        return self._files_of(names, change.gone_at_top, change.come_at_top)

    def _files_of(self, names: Iterable[str], gone: Iterable[str], come: Iterable[str]) -> set[str]:
        left = Counter(names) - Counter(gone)
        return {file for name in {*left, *come} for file in self._files(name)}

    def _tests_with(self, path: str) -> set[str]:
        """The files of tests that run with one, itself included."""
        settings = self.index.settings
        tests = {
            one
            for one in self._closure({path}, lambda one: self._users.get(one, set()))
            if settings.is_test(one)
        }
        if not any(_is_run(one) for one in tests) and not any(map(_is_conftest, tests)):
            tests = {one for one in self.index.facts if settings.is_test(one)}  # a plugin, found otherwise
        for conftest in [one for one in tests if _is_conftest(one)]:
            folder = os.path.join(os.path.dirname(conftest), "")
            tests |= {one for one in self.index.facts if one.startswith(folder) and settings.is_test(one)}
        return tests

    def _conftests(self, tests: set[str]) -> set[str]:
        """The `conftest.py` of the folders around tests."""
        folders = {folder for one in tests for folder in self._folders(one)}
        return {os.path.join(folder, "conftest.py") for folder in folders} & self.index.facts.keys()

    def _met_by(self, path: str) -> set[str] | None:
        if not self.index.settings.is_test(path):
            return None
        tests = self._tests_with(path)
        found = self._closure(tests | self._conftests(tests), self._imported_by)
        named = {path for paths in self.reads.quoted.values() for path in paths}
        loading = (found & set(self.reads.loading)) - named
        return None if loading or not found.isdisjoint(self.reads.by_path) else found

    def _folders(self, path: str) -> list[str]:
        folders = [os.path.dirname(path)]
        while folders[-1].startswith(self.index.settings.root + os.sep):
            folders.append(os.path.dirname(folders[-1]))
        return folders

    @staticmethod
    def _closure(start: set[str], step: Callable[[str], set[str]]) -> set[str]:
        found, new = set(start), [*start]
        while new:
            fresh = step(new.pop()) - found
            found |= fresh
            new += fresh
        return found

    def _imported_by(self, path: str) -> set[str]:
        return self._imports.get(path, set())

    @cached_property
    def _imports(self) -> dict[str, set[str]]:
        """Each file with those that it imports, or names in a string."""
        found: dict[str, set[str]] = {}
        for path in self.index.facts:
            change = self._changes.get(path, Change())
            names = [edge.full_name for edge in self.index.edges(path)]
            found[path] = self._files_of(names, change.gone, change.come)
        for name, paths in (*self.reads.quoted.items(), *self.reads.coded.items()):
            files = self._files(name.replace(":", "."))
            for path in paths if files else ():
                found.setdefault(path, set()).update(files)
        return found

    def _files(self, name: str) -> set[str]:
        """The files that are imported for a dotted name."""
        parts = name.split(".")
        paths = (self.index.modules.find(".".join(parts[:n])) for n in range(1, len(parts) + 1))
        found = {path for path in paths if path is not None and path in self.index.facts}
        for n in range(2, len(parts) + 1) if not found else ():
            end = os.sep + os.sep.join(parts[:n])
            found |= {path for stem, path in self._stems.get(parts[n - 1], ()) if stem.endswith(end)}
        return found

    @cached_property
    def _stems(self) -> dict[str, list[tuple[str, str]]]:
        """The files by their last name, each with its path as modules are named: an import root need not be in `src`."""
        found: dict[str, list[tuple[str, str]]] = {}
        for path in self.index.facts:
            stem = os.path.splitext(path)[0].removesuffix(f"{os.sep}__init__")
            found.setdefault(os.path.basename(stem), []).append((stem, path))
        return found

    @cached_property
    def _users(self) -> dict[str, set[str]]:
        """Each file with those that import it."""
        found: dict[str, set[str]] = {}
        for path, imported in self._imports.items():
            for one in imported:
                found.setdefault(one, set()).add(path)
        return found


def _runs_anew(code: ast.AST, path: str) -> bool:
    """Whether code may run a file that has been imported: by its name, or as one whose path is written there."""
    kept = {id(node) for node in all_nodes(code) for node in _kept_modules(node)}
    running = {
        last_name(part)
        for part in all_nodes(code)
        if isinstance(part, ast.Name | ast.Attribute) and id(part) not in kept
    } & RUNNING_ANEW
    if not running <= RUNNING_SPECIFIED:
        return True
    ends = [
        end_of_path(part)
        for part in all_nodes(code)
        if isinstance(part, ast.Call) and last_name(part.func) == SPECIFYING
    ]
    return bool(running) and (not ends or any(not end or path.endswith(end) for end in ends))


def _kept_modules(node: ast.AST) -> Iterable[ast.AST]:
    """The expressions in a node, `sys.modules` mostly, of which it takes nothing out."""
    match node:
        case ast.Subscript(value=value, ctx=ast.Load() | ast.Store()):
            return (value,)
        case ast.Attribute(value=value, attr="get" | "setdefault" | "items" | "keys" | "values" | "copy"):
            return (value,)
        case ast.Compare(comparators=others):
            return others
        case ast.Call(func=func, args=[first, *_]) if last_name(func) in ("setitem", "dict"):
            return (first,)
    return ()
