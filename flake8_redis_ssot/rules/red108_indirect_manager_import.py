"""RED108."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import ProjectContext, ProjectRule


class IndirectManagerImport(ProjectRule):
    """The manager is imported from a module that only imports it.

    ## What it does
    Reports an import of the boundary's manager, or of an object from it, from a module that itself
    imports it. Examples are a package's `__init__.py`, a service that uses the manager, or a chain of
    such modules.

    ## Why is this bad?
    The import works by accident: it breaks as soon as the module in between no longer needs the name.
    Also, a count of the manager's users misses this one.

    ## Example
    ```python
    from app.cache import redis_manager
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [unittest.mock: where to patch](https://docs.python.org/3/library/unittest.mock.html#where-to-patch)
    """

    code = "RED108"
    name = "indirect-manager-import"
    since = "0.1.0"
    fix_kind = "import"

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        index = project.index
        for path, names in sorted(index.indirect_imports().items()):
            context = project.read(path)
            if context is None:
                continue
            for _, alias, meant in context.every_import():
                name = next((name for name in meant if name in names), None)
                if name is not None and not context.forbids(name):
                    home = names[name]
                    yield self.diagnostic(
                        context,
                        context.source.range_of(alias),
                        f"`{name}` is `{home}` at second hand; import it from `{home.rpartition('.')[0] or home}`",
                        symbols=(name, home),
                    )
