"""RED101."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.bindings import ProgramPoint


class ForbiddenManagerImport(Rule):
    """An import of a manager that the settings forbid.

    ## What it does
    Reports each imported name that is a forbidden manager or comes from one. The import may be
    anywhere: in a function, under `TYPE_CHECKING`, relative, or with a star.

    ## Why is this bad?
    A second manager usually has a second pool, which doubles the connection limit. Its settings and
    state can differ too.

    ## Example
    ```python
    from app.db.redis_manager import get_redis_manager
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager
    ```

    ## Options
    - `forbidden-managers`
    - `manager`

    ## References
    - [redis-py: connection pools](https://redis.readthedocs.io/en/stable/connections.html)
    """

    code = "RED101"
    name = "forbidden-manager-import"
    since = "0.1.0"
    fix_kind = "import"

    @on(ast.Import, ast.ImportFrom)
    def check(self, point: ProgramPoint, context: RuleContext) -> Iterator[Diagnostic]:
        for alias, names in context.imported(point):
            for name in names:
                if context.forbids(name):
                    yield self.diagnostic(
                        context,
                        context.source.range_of(alias),
                        f"`{name}` {context.belongs(name)} a forbidden Redis manager; {context.use_instead(name)}",
                        symbols=(name,),
                    )
                    break

    @on(ast.Module)
    def check_attributes(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        objects = context.forbidden_objects
        for point in context.scopes.points((ast.Attribute,)) if objects else ():
            assert isinstance(point.node, ast.Attribute)
            for name in sorted(objects.intersection(context.names.dotted(point.node, point))):
                yield self.diagnostic(
                    context,
                    context.source.range_of(point.node),
                    f"`{name}` {context.belongs(name)} a forbidden Redis manager; {context.use_instead(name)}",
                    symbols=(name,),
                )
