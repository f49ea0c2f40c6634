"""RED107."""

from __future__ import annotations

import ast
import builtins
import os
import re
from collections.abc import Iterator
from types import ModuleType

from flake8_redis_ssot.analysis.dotted_strings import references
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import Modules
from flake8_redis_ssot.files import is_ignored_by_git
from flake8_redis_ssot.libraries.frameworks import RAISING_TESTS
from flake8_redis_ssot.libraries.vocabulary import GETTING_WORDS, MANAGER_WORDS, OTHER_WORDS
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import ProjectContext, ProjectRule, RuleContext
from flake8_redis_ssot.source import PYTHON, Range
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.nodes import callee_of, last_name

# `get_redis_client`, `AsyncRedisManager`, `get_redis`; neither `redis_password` nor `RedisConfigManager`
_MANAGER = re.compile(
    rf"(?!\w*(?:{OTHER_WORDS}))(?:\w*redis_?\w*?(?:{MANAGER_WORDS})\w{{0,9}}|(?:(?:{GETTING_WORDS})_?)?redis)",
    re.IGNORECASE,
)

_BUILTINS = frozenset(dir(builtins))
_OWN_NAMES = frozenset(
    [*dir(ModuleType), *dir(ModuleType("")), "__builtins__", "__cached__", "__file__", "__path__"]
)
"""What modules have, though no statement binds it."""


class UnresolvedManagerImport(ProjectRule):
    """An import or string names a Redis manager that does not exist.

    ## What it does
    Reports an import of a module of the project, or of a name in one, that does not exist, if a Redis
    manager is meant. A manager is meant if the name says so (`redis_client`, `RedisManager`), or if
    the name would be in a manager that the settings name. Strings are reported as in RED106. A module
    that creates names at run time counts as having every name. Not reported where a test expects the
    failure (`with pytest.raises(ImportError):`), and a module that git ignores, as a build step may write it.

    ## Why is this bad?
    The import fails when its line runs. Inside a function, or under `except ImportError`, tests may
    never run that line, and the code silently works without Redis. A half-done migration leaves such
    imports behind.

    ## Example
    ```python
    def save(key: str) -> None:
        from app.redis_manager import get_redis_client

        get_redis_client().set(key, "1")
    ```

    ## Use instead
    ```python
    def save(key: str) -> None:
        from app.redis_manager import RedisManager

        RedisManager.shared().set(key, "1")
    ```

    ## Options
    - `manager`
    - `forbidden-managers`
    - `src`

    ## References
    - [Python: the import system](https://docs.python.org/3/reference/import.html)
    """

    code = "RED107"
    name = "unresolved-manager-import"
    since = "0.1.0"

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        index = project.index
        for path, fact in index.facts.items():
            imported = {
                name
                for edge in (
                    index.edges(path) if "edis" in fact.imports or self._near(fact.imports, project) else ()
                )
                for name in [edge.module if edge.name in (None, "*") else f"{edge.module}.{edge.name}"]
                if self._is_missing(name, path, project)
            }
            named = {
                name
                for name in fact.quoted.split("\n")
                if name
                and name.rpartition(".")[2] not in _BUILTINS  # a patch puts these into any module
                and self._is_missing(name, path, project)
            }
            context = project.read(path) if imported or named else None
            if context is None:
                continue
            for node, alias, names in context.every_import():
                if set(names) & imported and not set(names) - imported and not _is_to_fail(context, node):
                    yield self._missing(context, context.source.range_of(alias), names[0], project)
            seen = set()
            for point in context.points if named else ():
                for text in references(point, context.inference, existing=True):
                    if text.value in named and text.node not in seen and not _is_to_fail(context, text.node):
                        seen.add(text.node)
                        yield self._missing(context, context.source.range_of(text.node), text.value, project)

    @staticmethod
    def _near(imports: str, project: ProjectContext) -> bool:
        return any(m.rpartition(".")[2] in imports for b in project.settings.boundaries for m in b.managers)

    def _missing(self, context: RuleContext, where: Range, name: str, project: ProjectContext) -> Diagnostic:
        module, _, last = name.rpartition(".")
        trees = _trees(name, context.source.path, project.index)
        there = any(tree.find(module) is not None for tree in trees)
        what = f"`{module}` has no `{last}`" if there else f"there is no module `{module}`"
        has_none = not (context.boundary.managers or context.boundary.name)
        instead = "correct or remove it" if has_none else context.use_instead(name)
        return self.diagnostic(context, where, f"`{name}` does not exist: {what}; {instead}", symbols=(name,))

    @staticmethod
    def _is_missing(name: str, path: str, project: ProjectContext) -> bool:
        index = project.index
        boundary = index.place(path).boundary
        if name.rpartition(".")[2] in _OWN_NAMES:
            return False
        owner = index.managers.owner(name)
        if owner not in (None, boundary) or any(pattern.covers(name) for pattern in boundary.forbidden):
            return False  # RED103 and RED101 say so
        looks = any(_MANAGER.fullmatch(part) for part in name.split(".")[-2:])
        is_meant = looks or owner is boundary
        is_missing = is_meant and all(tree.lookup(name) is None for tree in _trees(name, path, index))
        return is_missing and not _is_written_later(name, project)


def _is_written_later(name: str, project: ProjectContext) -> bool:
    """Whether git ignores the first module of a dotted name that is not there: then a build step may write it."""
    modules = project.index.modules
    around = modules.around(name.rpartition(".")[0])
    path = modules.find(around)
    if path is None:
        return False
    if os.path.basename(path).startswith("__init__."):
        path = os.path.dirname(path)
    made = os.path.join(path, name.removeprefix(f"{around}.").partition(".")[0])
    return not path.endswith(PYTHON) and any(
        is_ignored_by_git(one, project.settings, modules.filesystem) for one in (made, f"{made}.py")
    )


def _is_to_fail(context: RuleContext, node: ast.AST) -> bool:
    """Whether a test says that the code fails there: it tests that something is gone."""
    return any(
        last_name(callee_of(item.context_expr)) in RAISING_TESTS - {"suppress"}
        for outer in ancestors(context.source.tree, node)
        if isinstance(outer, ast.With | ast.AsyncWith)
        for item in outer.items
    )


def _trees(name: str, path: str, index: ProjectIndex) -> Iterator[Modules]:
    """Where a file may find `name`: in the project, and below folders that may be import roots though no setting says so.

    Those are the folders around the file, as of another distribution with a package of the same name, and the one
    that has the name of the package in it, as of a Django project.
    """
    yield index.modules
    top = name.partition(".")[0]
    folders = [index.modules.find(top) or ""]
    folder = os.path.dirname(path)
    while folder.startswith(index.settings.root + os.sep):
        folders.append(folder)
        folder = os.path.dirname(folder)
    for root in dict.fromkeys([*folders, folder]):
        tree = Modules((root,), index.modules.filesystem)
        if root and tree.is_ours(top):
            yield tree
