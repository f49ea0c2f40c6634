"""RED105."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.importing import loads
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.nodes import unparsed


class DynamicManagerImport(Rule):
    """A forbidden manager is imported by its name in a string.

    ## What it does
    Reports `importlib.import_module`, `__import__`, `pkgutil.resolve_name` and reads of `sys.modules`
    with the name of a forbidden manager. The name may be a literal, a constant of the file, or built
    from these with `%`, `format`, `join` or f-strings. If RED102 is selected, names of client
    libraries are reported too.

    ## Why is this bad?
    This is the import that RED101 reports, in a form that most linters and migrations miss. After the
    module is deleted, it fails only at run time.

    ## Example
    ```python
    import importlib

    manager = importlib.import_module("app.db.redis_manager")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager
    ```

    ## Options
    - `forbidden-managers`
    - `manager`
    - `select`

    ## References
    - [importlib](https://docs.python.org/3/library/importlib.html#importlib.import_module)
    """

    code = "RED105"
    name = "dynamic-manager-import"
    since = "0.1.0"
    fix_kind = "import"

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for node, names in loads(context.inference):
            yield from self._loaded_by(node, names, context)

    def _loaded_by(
        self, node: ast.Call | ast.Subscript, names: Sequence[str], context: RuleContext
    ) -> Iterator[Diagnostic]:
        for name in names:
            if context.forbids(name):
                what = f"`{name}`, which {context.belongs(name)} a forbidden Redis manager"
            elif "RED102" in context.enabled and self._is_raw(name, context):
                what = f"`{name}` outside the Redis manager"
            else:
                continue
            how = unparsed(node.func if isinstance(node, ast.Call) else node.value)
            yield self.diagnostic(
                context,
                context.source.range_of(node),
                f"`{how}` loads {what}; {context.use_instead(name)}",
                symbols=(name, *(other for other in names if other > name and context.forbids(other))),
            )
            return

    @staticmethod
    def _is_raw(name: str, context: RuleContext) -> bool:
        return not context.place.is_manager and context.names.leads_to_builder(name)
