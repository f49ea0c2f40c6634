"""RED104."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import exported_names
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.shims import is_shim
from flake8_redis_ssot.rule import ProjectContext, ProjectRule, RuleContext

_AS_ITSELF = re.compile(r"\b(\w+) as \1\b")


class ManagerReexport(ProjectRule):
    """A module re-exports a manager.

    ## What it does
    Reports an import of the boundary's manager, or of an object from it, that the module passes on to
    other modules. That is so if the name is in `__all__`, is imported as `import x as x` or with `*`,
    or if another file imports it from here.

    Not reported: a module, or a package's `__init__.py`, that only uses the name itself. A module
    that does nothing but re-export is RED402.

    ## Why is this bad?
    Each re-export is one more name for the manager. A search for the manager's users misses them, a
    patch in a test replaces one name of several, and a migration has to visit each.

    ## Example
    ```python
    from app.redis_manager import redis_manager

    __all__ = ["redis_manager", "rooms"]


    def rooms():
        return redis_manager.smembers("rooms")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    __all__ = ["rooms"]


    def rooms():
        return redis_manager.smembers("rooms")
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [Python: the import statement and `__all__`](https://docs.python.org/3/reference/simple_stmts.html#the-import-statement)
    """

    code = "RED104"
    name = "manager-reexport"
    since = "0.1.0"
    judges_classes = True

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        index = project.index
        for boundary in project.settings.boundaries:
            for path in index.manager_users(boundary):
                place = index.place(path)
                if place.boundary is not boundary or place.is_manager or is_shim(index, path):
                    continue
                if place.is_forbidden:
                    continue  # it goes as a whole
                taken = index.taken_names(path)
                if _may_hand_on(index, path, taken):
                    context = project.read(path)
                    if context is not None:
                        yield from self._in_file(context, taken)

    def _in_file(self, context: RuleContext, taken: set[str | None]) -> Iterator[Diagnostic]:
        exported = exported_names(context.source.tree)
        for point in context.points:
            if point.scope is not context.scopes.module or point.for_typing:
                continue
            for alias, names in context.imported(point):
                name = next(filter(context.is_own, names), None)
                if name in {f"{module}.{alias.asname or alias.name}" for module in context.place.modules}:
                    continue  # a submodule has this name in any case
                if name is not None and _hands_on(alias, exported, taken):
                    yield self.diagnostic(
                        context,
                        context.source.range_of(alias),
                        f"This module hands on `{name}` under its own name; let others import it from its home",
                        symbols=(name,),
                    )


def _may_hand_on(index: ProjectIndex, path: str, taken: set[str | None]) -> bool:
    imports = index.facts[path].imports
    if index.facts[path].has_all or "*" in imports or _AS_ITSELF.search(imports) is not None:
        return True
    return any(edge.local_name in taken for edge in index.edges(path))


def _hands_on(alias: ast.alias, exported: frozenset[str] | None, taken: set[str | None]) -> bool:
    """Whether the imported name is one that others are meant to import from here, or do."""
    if alias.name in ("*", alias.asname):
        return True
    return not {alias.asname or alias.name}.isdisjoint((*taken, *(exported or ())))
