"""The order of imports: what is imported before a test runs, and which modules look up a name of another one."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator
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
from flake8_redis_ssot.lazy_dataclass import dataclass
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
"""Code that may import modules which no import statement names."""
_COMMENT = re.compile(r"#.*")
_REIMPORTING = re.compile(
    r"(?:\breload\(|\bdel sys\.modules\[|\bsys\.modules\.(?:pop|clear|update)\(|\bsys\.modules\[(?=[^]]*\] *=[^=])"
    r"|\bdelitem\( *sys\.modules *,|\bpatch\.dict\( *[\"']?sys\.modules[\"']? *,)[\s{]*(?:[\"']([\w.]+)[\"'])?"
)
"""Code after which a module is imported anew, with its name where that is written there."""


class File(Protocol):
    """What `ImportOrder` needs of a file."""

    @property
    def source(self) -> SourceFile: ...
    @property
    def inference(self) -> Inference: ...


@dataclass(frozen=True, slots=True)
class _Imports:
    """The files that a file imports when it is imported (`early`), and when its functions run (`late`).

    With `loads_by_name` it may import others that no import statement names. `reimported` are the modules that are
    imported anew because of it, `""` for one whose name is not known.
    """

    early: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    loads_by_name: bool = False
    reimported: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Closure:
    """The files that are imported `before` a test runs, and those that it may import `later`.

    If some of them are `loading` modules by names that are not followed, it may import any file.
    """

    before: frozenset[str]
    later: frozenset[str]
    loading: frozenset[str]


class ImportOrder:
    """Answers in which order the files of a project import each other; `read` gives a file, None where it cannot be read."""

    def __init__(self, index: ProjectIndex, read: Callable[[str], File | None]) -> None:
        self._index = index
        self._read = read
        self._imports = cache(self._imports_of)
        self._closure = cache(self._closure_of)
        self._lookups = cache(self._lookups_in)
        self._is_test = cache(index.settings.is_test)
        self._is_read_at_home = cache(self._is_read_in_functions)

    def places(self, test: str, module: str, name: str, within: tuple[int, int] | None) -> list[str] | None:
        """The dotted names by which code that a test runs looks up a `name` that it imported from `module` before the test.

        None where some code looks it up in the module itself, or imports it only later: a patch there reaches that. Of
        the test's file, tests outside the lines `within` (first and last) do not count.
        """
        home = self._index.modules.find(module)
        # the closure is asked last: it takes long
        if home is None or self._is_read_at_home(home, name) or (closure := self._closure(test)) is None:
            return None
        if any(self._names_module(path, module) for path in closure.loading):
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
                if path == home or not (is_before or self._may_be_imported_later(path, closure)):
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
                new += [(own, bound) for own in self._modules_of(path) for bound in taken.local_names]
                found += [
                    f"{own}.{bound}"
                    for own in self._modules_of(path)
                    for bound in taken.local_names
                    if self._is_read_at_home(path, bound)
                ]
        return sorted(set(found))

    def tests_of(self, path: str) -> list[str]:
        """The test files that run code of the file at `path`: itself, those that import it, and those that get its fixtures."""
        found, new = {path}, [path]
        while new:
            here = new.pop()
            users = {user for module in self._modules_of(here) for user in self._index.importing(module)}
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
        """The paths of all `conftest.py`."""
        return frozenset(path for path in self._index.facts if os.path.basename(path) == CONFTEST)

    def _may_be_imported_later(self, path: str, closure: _Closure) -> bool:
        """Whether a test may import a file while it runs."""
        return path in closure.later or (bool(closure.loading) and not self._is_test(path))

    def _modules_of(self, path: str) -> tuple[str, ...]:
        """The dotted names of a file."""
        return self._index.place(path).modules

    def _closure_of(self, test: str) -> _Closure | None:
        """What a test and its `conftest.py` files import; None where any module may be imported anew."""
        folder = os.path.dirname(test)
        roots = {test}
        while folder.startswith(self._index.settings.root):
            roots |= {os.path.join(folder, name) for name in (CONFTEST, "__init__.py")}
            folder = os.path.dirname(folder)
        roots &= self._index.facts.keys()
        before = self._reachable(roots, late=False)
        everything = self._reachable(roots, late=True)
        reimported = {
            name
            for path in everything
            if path in roots or self._is_test(path)
            for name in self._imports(path).reimported
        }
        if "" in reimported:
            return None
        before -= {path for name in reimported if (path := self._index.modules.find(name)) is not None}
        loading = frozenset(path for path in everything if self._imports(path).loads_by_name)
        return _Closure(before, everything - before, loading)

    def _reachable(self, roots: Iterable[str], *, late: bool) -> frozenset[str]:
        """The files that are imported with `roots`, directly or not; with `late` also by functions."""
        found, new = set(roots), [*roots]
        while new:
            imports = self._imports(new.pop())
            fresh = (imports.early | imports.late if late else imports.early) - found
            found |= fresh
            new += fresh
        return frozenset(found)

    def _imports_of(self, path: str) -> _Imports:
        """What a file imports; nothing if it cannot be read."""
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
        loads_by_name = _LOADING.search(text) is not None
        reimported = frozenset(_REIMPORTING.findall(text))
        return _Imports(frozenset(found[True]), frozenset(found[False]), loads_by_name, reimported)

    def _imported(self, path: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """The dotted names that a statement imports."""
        place = self._index.place(path)
        for module in place.modules or ("",):
            base = "" if isinstance(node, ast.Import) else absolute(node, module, place.is_package)
            yield from (".".join(filter(None, [base, alias.name])) for alias in node.names)

    def _files(self, name: str) -> Iterator[str]:
        """The files that an import of a dotted name runs: its module, and the packages around it."""
        parts = name.split(".")
        for n in range(1, len(parts) + 1):
            path = self._index.modules.find(".".join(parts[:n]))
            if path is None:
                return
            if path in self._index.facts:
                yield path

    def _names_module(self, path: str, module: str) -> bool:
        """Whether a file has the name of `module` as a string, so that it may load it by that."""
        file = self._read(path)
        return file is None or re.search(rf"[\"']{re.escape(module)}[\"']", file.source.text) is not None

    def _lookups_in(self, path: str, module: str, name: str) -> Lookups:
        """How a file gets `name` from `module`; at unknown times if the file cannot be read."""
        file = self._read(path)
        if file is None:
            return Lookups(frozenset(), frozenset([("", 0)]))
        return lookups(file.inference, module, name)

    def _is_read_in_functions(self, path: str, name: str) -> bool:
        """Whether functions of a file look up its top-level `name`; so assumed if the file cannot be read."""
        file = self._read(path)
        return file is None or is_read_in_functions(file.inference, name)


def _plugins(tree: ast.Module) -> Iterator[str]:
    """The modules that pytest imports because a file lists them in `pytest_plugins`."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="pytest_plugins")], value=value):
                for part in all_nodes(value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value
