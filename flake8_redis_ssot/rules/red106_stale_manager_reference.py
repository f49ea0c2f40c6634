"""RED106."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.dotted_strings import DOTTED, references
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.frameworks import PATCHERS
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.nodes import last_name


class StaleManagerReference(Rule):
    """A string names a forbidden manager.

    ## What it does
    Reports a string with the dotted name of a forbidden manager, or of something in one, where code
    expects such a name:

    - `mock.patch` and similar, `monkeypatch.setattr`
    - `import_string`, `sys.modules`
    - settings of Django and Celery that hold dotted names
    - arguments of uvicorn, logging and job queues

    The rule follows constants, and strings built from constants.

    ## Why is this bad?
    A migration of imports leaves such strings behind. A patch of the old place may then replace
    nothing that runs, so the test passes or fails for the wrong reason.

    ## Example
    ```python
    from unittest.mock import patch

    with patch("app.db.redis_manager.get_redis_manager"):
        pass
    ```

    ## Use instead
    ```python
    from unittest.mock import patch

    # where the code under test looks the manager up
    with patch("app.rooms.redis_manager"):
        pass
    ```

    ## Options
    - `forbidden-managers`
    - `manager`

    ## References
    - [unittest.mock: where to patch](https://docs.python.org/3/library/unittest.mock.html#where-to-patch)
    """

    code = "RED106"
    name = "stale-manager-reference"
    since = "0.1.0"
    fix_kind = "string"

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        seen = set()
        homes = (
            " in " + " or ".join(f"`{m}`" for m in context.boundary.managers)
            if context.boundary.managers
            else ""
        )
        for point in context.points if context.boundary.forbidden else ():
            for text in references(point, context.inference):
                name = text.value.removesuffix(".*").replace(":", ".")
                if text.node in seen or not DOTTED.fullmatch(name) or not context.forbids(name):
                    continue
                seen.add(text.node)
                what, advice = "This string names", f"name what replaces it{homes}"
                if isinstance(point.node, ast.Call) and last_name(point.node.func) in PATCHERS:
                    what = "This patches"
                    advice = f"patch the name in the module that uses it, or what replaces it{homes}"
                yield self.diagnostic(
                    context,
                    context.source.range_of(text.node),
                    f"{what} `{name}`, which {context.belongs(name)} a forbidden Redis manager; {advice}",
                    symbols=(name,),
                )
