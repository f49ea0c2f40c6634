"""RED103."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.importing import loads
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.bindings import ProgramPoint


class CrossBoundaryManagerImport(Rule):
    """An import of the manager of another boundary.

    ## What it does
    Reports each imported name that is the manager of another boundary, or comes from it. The import
    may have the name in a string, as `importlib.import_module` takes it.

    ## Why is this bad?
    A boundary lets its service start and be deployed without the others. An import across it ties the
    two services together, and puts a second pool into this process.

    ## Example
    ```python
    from auth_service.auth_core.redis_manager import auth_redis_manager
    ```

    ## Use instead
    ```python
    # ask the auth service through its API, and keep data of your own here
    from app.redis_manager import redis_manager
    ```

    ## Options
    - `boundary`
    - `manager`

    ## References
    - [redis-py: connection pools](https://redis.readthedocs.io/en/stable/connections.html)
    """

    code = "RED103"
    name = "cross-boundary-manager-import"
    since = "0.1.0"

    @on(ast.Import, ast.ImportFrom)
    def check(self, point: ProgramPoint, context: RuleContext) -> Iterator[Diagnostic]:
        for alias, names in context.imported(point):
            yield from self._crossing(alias, names, context)

    @on(ast.Module)
    def check_dynamic(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for node, names in loads(context.inference) if len(context.settings.boundaries) > 1 else ():
            yield from self._crossing(node, names, context)

    def _crossing(
        self, node: ast.alias | ast.expr, names: Iterable[str], context: RuleContext
    ) -> Iterator[Diagnostic]:
        """What is said of an import of one of the `names`, of which at most one is meant."""
        for name in names:
            owner = context.names.managers.owner(name)
            if owner is not None and owner is not context.boundary:
                yield self.diagnostic(
                    context,
                    context.source.range_of(node),
                    f"`{name}` {context.belongs(name)} the Redis manager of {owner.label}; ask that service "
                    f"for its data, and for data of your own {context.use_instead()}",
                    symbols=(name,),
                )
                return
