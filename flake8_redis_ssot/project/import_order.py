"""What is imported before a test runs, and where it looks a name up that another module defines."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

from flake8_redis_ssot.analysis.name_lookups import (
    Lookups,
    import_statements,
    is_read_in_functions,
    lookups,
)
from flake8_redis_ssot.facts.modules import absolute
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.project.conftests import CONFTEST
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.nodes import all_nodes

_LOADING = re.compile(
    r"\b(?:import_module|__import__|import_string|load_module|exec_module|runpy|pkgutil|autodiscover\w*"
    r"|find_modules|entry_points|get_asgi_application|get_wsgi_application|INSTALLED_APPS|ROOT_URLCONF)\b"
    r"|^\s*(?:from|import) django\b",
    re.MULTILINE,
)
"""What loads modules that no import statement names."""
_COMMENT = re.compile(r"#.*")
_RENEWING = re.compile(
    r"(?:\breload\(|\bdel sys\.modules\[|\bsys\.modules\.(?:pop|clear|update)\(|\bsys\.modules\[(?=[^]]*\] *=[^=])"
    r"|\bdelitem\( *sys\.modules *,|\bpatch\.dict\( *[\"']?sys\.modules[\"']? *,)[\s{]*(?:[\"']([\w.]+)[\"'])?"
)
"""What has a module imported once more, with its name where it is said."""


class File(Protocol):
    """What is asked of a file."""

    @property
    def source(self) -> SourceFile: ...
    @property
    def inference(self) -> Inference: ...


@dataclass(frozen=True, slots=True)
class _Imports:
    """The files that a file imports with itself (`early`), and when its functions run.

    `renewed` are the modules that it has imported once more, empty for one of no known name.
    """

    early: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    is_loading: bool = False
    renewed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Closure:
    """The files that are there `before` a test runs, and those that it may import `later`.

    Where some of them are `loading` modules by names that are not followed, it may import any.
    """

    before: frozenset[str]
    later: frozenset[str]
    loading: frozenset[str]


class ImportOrder:
    """Asks the files of a project in which order they import each other."""

    def __init__(self, index: ProjectIndex, read: Callable[[str], File | None]) -> None:
        self._index = index
        self._read = read
        self._imports = cache(self._imports_of)
        self._closure = cache(self._closure_of)
        self._lookups = cache(self._lookups_in)
        self._is_test = cache(index.settings.is_test)
        self._is_read_at_home = cache(self._is_read_in_functions)

    def places(self, test: str, module: str, name: str, within: tuple[int, int] | None) -> list[str] | None:
        """Where code that a test runs looks a `name` of `module` up, having taken it from there before.

        None where somebody looks it up in the module itself, or takes it from there only later. What other
        tests of the file do, outside the lines `within`, does not count.
        """
        home = self._index.modules.find(module)
        # what follows many imports comes last
        if home is None or self._is_read_at_home(home, name) or (closure := self._closure(test)) is None:
            return None
        if any(self._loads(path, module) for path in closure.loading):
            return None
        found: list[str] = []
        new, seen = [(module, name)], set[tuple[str, str]]()
        while new:
            here = new.pop()
            if here in seen:
                continue
            seen.add(here)
            for path in self._index.importing(here[0]):
                is_before = path in closure.before
                if path == home or not (is_before or self._is_later(path, closure)):
                    continue
                taken = self._lookups(path, *here)
                is_late = any(
                    path != test
                    or within is None
                    or not function.startswith("test")
                    or within[0] <= line <= within[1]
                    for function, line in taken.late
                )
                if here == (module, name) and (is_late or (taken.local_names and not is_before)):
                    return None
                if is_late:
                    found.append(".".join(here))
                new += [(own, bound) for own in self._names(path) for bound in taken.local_names]
                found += [
                    f"{own}.{bound}"
                    for own in self._names(path)
                    for bound in taken.local_names
                    if self._is_read_at_home(path, bound)
                ]
        return sorted(set(found))

    def tests_of(self, path: str) -> list[str]:
        """The tests that run what is in a file: it, those that import it, those that have its fixtures."""
        found, new = {path}, [path]
        while new:
            here = new.pop()
            users = {user for module in self._names(here) for user in self._index.importing(module)}
            users |= {conftest for conftest in self._conftests if here in self._imports(conftest).early}
            if here in self._conftests:
                folder = os.path.join(os.path.dirname(here), "")
                users |= {user for user in self._index.facts if user.startswith(folder)}
            fresh = {user for user in users - found if self._is_test(user)}
            found |= fresh
            new += fresh
        return sorted(found - self._conftests)

    @cached_property
    def _conftests(self) -> frozenset[str]:
        return frozenset(path for path in self._index.facts if os.path.basename(path) == CONFTEST)

    def _is_later(self, path: str, closure: _Closure) -> bool:
        return path in closure.later or (bool(closure.loading) and not self._is_test(path))

    def _names(self, path: str) -> tuple[str, ...]:
        return self._index.place(path).modules

    def _closure_of(self, test: str) -> _Closure | None:
        """None where any module may be imported once more."""
        folder = os.path.dirname(test)
        roots = {test}
        while folder.startswith(self._index.settings.root):
            roots |= {os.path.join(folder, name) for name in (CONFTEST, "__init__.py")}
            folder = os.path.dirname(folder)
        roots &= self._index.facts.keys()
        before = self._reached(roots, late=False)
        everything = self._reached(roots, late=True)
        renewed = {
            name
            for path in everything
            if path in roots or self._is_test(path)
            for name in self._imports(path).renewed
        }
        if "" in renewed:
            return None
        before -= {path for name in renewed if (path := self._index.modules.find(name)) is not None}
        loading = frozenset(path for path in everything if self._imports(path).is_loading)
        return _Closure(before, everything - before, loading)

    def _reached(self, roots: Iterable[str], *, late: bool) -> frozenset[str]:
        found, new = set(roots), [*roots]
        while new:
            imports = self._imports(new.pop())
            fresh = (imports.early | imports.late if late else imports.early) - found
            found |= fresh
            new += fresh
        return frozenset(found)

    def _imports_of(self, path: str) -> _Imports:
        file = self._read(path)
        if file is None:
            return _Imports()
        text = _COMMENT.sub("", file.source.text)
        found: dict[bool, set[str]] = {True: set(), False: set()}
        for node, is_early in import_statements(file.source.tree):
            for name in self._imported(path, node):
                found[is_early].update(self._files(name))
        for name in _plugins(file.source.tree):
            found[True].update(self._files(name))
        is_loading = _LOADING.search(text) is not None
        renewed = frozenset(_RENEWING.findall(text))
        return _Imports(frozenset(found[True]), frozenset(found[False]), is_loading, renewed)

    def _imported(self, path: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """The dotted names that a statement imports."""
        place = self._index.place(path)
        for module in place.modules or ("",):
            base = "" if isinstance(node, ast.Import) else absolute(node, module, place.is_package)
            yield from (".".join(filter(None, [base, alias.name])) for alias in node.names)

    def _files(self, name: str) -> Iterator[str]:
        """The files that are imported for a dotted name: of its module, and of the packages around."""
        parts = name.split(".")
        for n in range(1, len(parts) + 1):
            path = self._index.modules.find(".".join(parts[:n]))
            if path is None:
                return
            if path in self._index.facts:
                yield path

    def _loads(self, path: str, module: str) -> bool:
        """Whether a file that loads modules by their names names this one."""
        file = self._read(path)
        return file is None or re.search(rf"[\"']{re.escape(module)}[\"']", file.source.text) is not None

    def _lookups_in(self, path: str, module: str, name: str) -> Lookups:
        file = self._read(path)
        if file is None:
            return Lookups(frozenset(), frozenset([("", 0)]))
        return lookups(file.inference, module, name)

    def _is_read_in_functions(self, path: str, name: str) -> bool:
        file = self._read(path)
        return file is None or is_read_in_functions(file.inference, name)


def _plugins(tree: ast.Module) -> Iterator[str]:
    """The modules that pytest imports with a `conftest.py`."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="pytest_plugins")], value=value):
                for part in all_nodes(value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value
